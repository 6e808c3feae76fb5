"""What a store sells twice, found the same way whether little or much of it is there."""

from __future__ import annotations

import pytest

from channels import collisions
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("few", [0, 2000])
def test_a_sku_of_several_items_is_sold_twice_and_of_one_items_pools_or_several_stores_is_not(
    monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(collisions, "FEW", few)
    north, south = factories.make_channel("North"), factories.make_channel("South")
    twice, placed, apart, mixed = (factories.make_sku(code) for code in ("TWICE", "PLACED", "APART", "MIXED"))
    factories.make_listing(north, twice, ref="a")
    factories.make_listing(north, twice, ref="b")
    factories.make_listing(north, placed, ref="c1", item_ref="c", location_ref="1")
    factories.make_listing(north, placed, ref="c2", item_ref="c", location_ref="2")
    factories.make_listing(north, apart, ref="d")
    factories.make_listing(south, apart, ref="d")
    factories.make_listing(south, mixed, ref="e1", item_ref="e", location_ref="1")
    factories.make_listing(south, mixed, ref="f1", item_ref="f", location_ref="1")

    found = collisions.sold_twice()

    assert found.total == 2
    assert [
        (group.channel.name, group.sku.code, sorted(listing.ref for listing in group.listings))
        for group in found.groups
        if isinstance(group, collisions.SoldTwice)
    ] == [("North", "TWICE", ["a", "b"]), ("South", "MIXED", ["e1", "f1"])]
