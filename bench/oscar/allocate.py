"""Client of the reservation benchmark: django-oscar's ``StockRecord.allocate``, in its own environment.

The records are loaded beforehand with everything that ``allocate`` looks at, and there is no transaction around it:
both to oscar's advantage. It checks no availability and keeps no history; it is what the peer offers for this.
"""

import random
import sys

import django

from bench.clients import measure, read_load, report

SKUS = 10_000


def fill():
    """Lay oscar's tables and give it the same number of products as we have."""
    from django.core.management import call_command
    from oscar.core.loading import get_model

    call_command("migrate", verbosity=0, skip_checks=True)
    ProductClass, Product = get_model("catalogue", "ProductClass"), get_model("catalogue", "Product")
    Partner, StockRecord = get_model("partner", "Partner"), get_model("partner", "StockRecord")
    kind = ProductClass.objects.create(name="Shirt", track_stock=True)
    partner = Partner.objects.create(name="Main")
    products = Product.objects.bulk_create(
        Product(title=f"Shirt {n}", upc=f"BENCH-{n}", slug=f"shirt-{n}", product_class=kind) for n in range(SKUS)
    )
    StockRecord.objects.bulk_create(
        StockRecord(product=p, partner=partner, partner_sku=p.upc, num_in_stock=1_000_000_000, num_allocated=0)
        for p in products
    )


def main(load):
    from django.db import connection
    from oscar.core.loading import get_model

    records = list(get_model("partner", "StockRecord").objects.select_related("product__product_class").order_by("pk"))
    chosen = records[:1] if load.shape == "hot" else records
    connection.close()

    def prepare(number):
        pick = random.Random(number).choice
        return lambda: pick(chosen).allocate(1)

    report(measure(prepare, load))


if __name__ == "__main__":
    django.setup()
    if sys.argv[1:] == ["fill"]:
        fill()
    else:
        main(read_load())
