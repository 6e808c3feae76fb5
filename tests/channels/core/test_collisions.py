"""What a store sells twice, found the same way whether little or much of it is there."""

from __future__ import annotations

import pytest
from django.utils import timezone

from channels import collisions
from inventory.models import Sku
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


@pytest.mark.parametrize("few", [0, 2000])
def test_skus_look_alike_by_key_and_by_barcode_unless_one_is_archived(
    monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(collisions, "FEW", few)
    for code, barcode in (("TEE-1", "40"), ("tee 1", ""), ("MUG", "40"), ("CAP", "41"), ("SOLO", ""), ("LONE", "")):
        factories.make_sku(code, barcode=barcode)
    for code, barcode in (("cap", "40"), ("Solo", ""), ("so-lo", ""), ("PIN", "41")):
        Sku.objects.filter(pk=factories.make_sku(code, barcode=barcode).pk).update(archived_at=timezone.now())

    found = collisions.alike_skus()

    assert found.total == 2
    assert [
        (group.common, group.is_barcode, [sku.code for sku in group.skus])
        for group in found.groups
        if isinstance(group, collisions.Alike)
    ] == [("tee1", False, sorted(["TEE-1", "tee 1"])), ("40", True, ["MUG", "TEE-1"])]


def test_a_code_is_shared_within_a_store_while_a_listing_of_it_waits() -> None:
    north, south = factories.make_channel("North"), factories.make_channel("South")
    sku = factories.make_sku("SKU")
    factories.make_listing(north, sku, ref="a", external_sku="CODE")
    factories.make_listing(north, None, ref="b", external_sku="CODE")
    factories.make_listing(south, None, ref="c", external_sku="CODE")
    factories.make_listing(south, None, ref="d", external_sku="OTHER")
    factories.make_listing(south, None, ref="e", external_sku="OTHER")

    found = collisions.shared_codes()

    assert [
        (group.channel.name, group.code, sorted(listing.ref for listing in group.listings))
        for group in found.groups
        if isinstance(group, collisions.SharedCode)
    ] == [("North", "CODE", ["a", "b"]), ("South", "OTHER", ["d", "e"])]
