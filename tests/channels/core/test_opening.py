"""Which listings can open the stock of their SKU, found the same way whether there are few of them or many."""

from __future__ import annotations

import pytest
from django.utils import timezone

from channels import opening
from inventory import operations, searches
from inventory.models import Warehouse
from tests import factories

pytestmark = pytest.mark.django_db


# All are many; listings are, of few SKUs without units; all are few.
@pytest.mark.parametrize("few", [0, 4, 2000])
@pytest.mark.parametrize("mode", ["live", "observe"])
def test_a_sku_that_never_had_units_takes_what_one_listing_shows(
    monkeypatch: pytest.MonkeyPatch, few: int, mode: str
) -> None:
    monkeypatch.setattr(searches, "FEW", few)
    north, south = factories.make_channel("North", mode=mode), factories.make_channel("South", mode=mode)
    bare, twice, gone, zero = (factories.make_sku(code) for code in ("BARE", "TWICE", "GONE", "ZERO"))
    for number in range(5):
        factories.make_listing(north, factories.make_sku(f"KEPT-{number}", on_hand=3), quantity=3)
    main, now = Warehouse.objects.get(), timezone.now()
    operations.receive(sku=gone, warehouse=main, units=2, key="in", actor="user:ana", now=now)
    operations.adjust(sku=gone, warehouse=main, units=-2, key="out", reason="Lost", actor="user:ana", now=now)
    first = factories.make_listing(north, bare, quantity=7)
    factories.make_listing(north, twice, quantity=7)
    factories.make_listing(north, twice, quantity=7)
    factories.make_listing(north, gone, quantity=7)
    factories.make_listing(north, zero, quantity=0)
    second = factories.make_listing(south, bare, quantity=9)

    assert [(row.pk, row.units) for row in opening.rows([north.pk])] == [(first.pk, 7)]
    assert {row.pk: row.units for row in opening.rows([north.pk, south.pk])} == {first.pk: 7, second.pk: 9}
