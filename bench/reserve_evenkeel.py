"""Client of the reservation benchmark: the product's own ``reserve``."""

from __future__ import annotations

import random
import uuid

import django

from bench.clients import Act, Load, measure, read_load, report


def main(load: Load) -> None:
    django.setup()
    from django.db import connection
    from django.utils import timezone

    from inventory.models import Sku, Warehouse
    from inventory.reservations import Request, reserve

    warehouse = Warehouse.objects.get()
    skus = list(Sku.objects.order_by("pk"))
    chosen = skus[:1] if load.shape == "hot" else skus
    connection.close()

    def prepare(number: int) -> Act:
        pick = random.Random(number).choice

        def act() -> None:
            request = Request(sku=pick(chosen), units=1, warehouse=warehouse)
            reserve([request], key=str(uuid.uuid4()), actor="bench", now=timezone.now(), reference="Bench")

        return act

    report(measure(prepare, load))


if __name__ == "__main__":
    main(read_load())
