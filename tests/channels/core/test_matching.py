"""What links by itself, what is only suggested, and what is never guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels import likeness
from channels.likeness import TitleIndex
from channels.matching import Decision, Kind, OurSku, StoreItem, decide
from tests.channels.core.store_of_10000 import make_store

EAN, OTHER_EAN, SHOP_EAN = "4006381333931", "5901234123457", "2000000000015"
TEE = OurSku(1, "TEE-BLK-M", "Tee, black, M", EAN)


def decision(item: StoreItem, *skus: OurSku, others: tuple[StoreItem, ...] = ()) -> Decision:
    titles = TitleIndex({sku.id: sku.name for sku in skus})
    return decide([item], skus, sold_already={}, others=others, titles=titles)[item.id]


def test_of_ten_thousand_listings_almost_all_link_by_themselves_and_none_wrongly() -> None:
    store = make_store(listings=10_000, seed=7)

    decisions = decide(store.items, store.skus, sold_already={}, titles=TitleIndex({s.id: s.name for s in store.skus}))

    linked = {number: d.link.sku_id for number, d in decisions.items() if d.link is not None}
    wrong = {number: sku for number, sku in linked.items() if store.label[number] != sku}
    assert wrong == {}
    assert len(linked) >= 0.95 * len(store.items)
    # Of those that wait and have a SKU, the suggestions hold it nearly always.
    waiting = [number for number, sku in store.label.items() if sku and number not in linked]
    offered = [n for n in waiting if store.label[n] in {match.sku_id for match in decisions[n].suggestions}]
    assert len(offered) >= 0.75 * len(waiting)


@pytest.mark.parametrize(
    ("item", "sku", "kind"),
    [
        (StoreItem(1, "TEE-BLK-M"), TEE, Kind.CODE),
        (StoreItem(1, "TEE-BLK-M", OTHER_EAN, "Black tee, M"), TEE, Kind.CODE),
        (StoreItem(1, "OLD-1"), replace(TEE, former=("OLD-1",)), Kind.FORMER_CODE),
        (StoreItem(1, "tee blk m"), TEE, Kind.NEAR_CODE),
        (StoreItem(1, "tee_blk.m", title="Tee Black M - free shipping"), replace(TEE, name=""), Kind.NEAR_CODE),
        (StoreItem(1, "000TEE-BLK-M", title="Black tee M"), TEE, Kind.NEAR_CODE),
        (StoreItem(1, "", EAN), TEE, Kind.BARCODE),
        (StoreItem(1, "web-77", "4 006381 333931", "Tee black M"), TEE, Kind.BARCODE),
        (StoreItem(1, "", "0" + EAN), TEE, Kind.BARCODE),
        (StoreItem(1, "1234", title="Tee M, black"), replace(TEE, code="1234"), Kind.CODE),
    ],
)
def test_it_links_by_itself(item: StoreItem, sku: OurSku, kind: Kind) -> None:
    found = decision(item, sku, OurSku(2, "MUG", "Mug", "5012345678900"))

    assert found.link is not None
    assert (found.link.sku_id, found.link.kind) == (sku.id, kind)
    assert found.link.confidence >= 95


@pytest.mark.parametrize(
    ("item", "sku", "words"),
    [
        (StoreItem(1, "1234", title="Floor lamp"), replace(TEE, code="1234"), "short number"),
        (StoreItem(1, "TEE-BLK-M", OTHER_EAN, "Floor lamp with dimmer"), TEE, "neither the titles nor the barcodes"),
        (StoreItem(1, "tee blk m", OTHER_EAN), TEE, "barcodes differ"),
        (StoreItem(1, "tee blk m", title="Floor lamp with dimmer"), TEE, "titles don't agree"),
        (StoreItem(1, "AB-1-23"), OurSku(1, "AB-12-3"), "too short"),
        (StoreItem(1, "00451"), OurSku(1, "451"), "too short"),
        (StoreItem(1, "", EAN, "Tee, black, M - pack of 3"), TEE, "packs differ: 3 and 1"),
        (StoreItem(1, "", EAN, "Tee, black, M (B-Ware)"), TEE, "conditions differ"),
        (StoreItem(1, "", EAN, "Tee, black, XL"), TEE, "sizes differ"),
        (StoreItem(1, "", EAN, "Case for phone 13"), replace(TEE, name="Case for phone 12"), "numbers differ"),
        (StoreItem(1, "", SHOP_EAN, "Tee, black, M"), replace(TEE, barcode=SHOP_EAN), "each shop gives for itself"),
        (StoreItem(1, "", title="Tee black M free shipping"), TEE, "titles are alike"),
        (StoreItem(1, "x", title="Tee (TEE-BLK-M2)"), replace(TEE, code="TEE-BLK-M2"), "title names the code"),
    ],
)
def test_it_is_only_suggested_and_says_why(item: StoreItem, sku: OurSku, words: str) -> None:
    found = decision(item, sku)

    assert found.link is None
    assert found.suggestions[0].sku_id == sku.id
    assert words in found.suggestions[0].reason
    assert found.suggestions[0].confidence <= 80


@pytest.mark.parametrize(
    ("item", "twin"),
    [
        (StoreItem(1, "TEE-BLK-M"), StoreItem(2, "TEE-BLK-M")),
        (StoreItem(1, "tee blk m"), StoreItem(2, "Tee-Blk m")),
        (StoreItem(1, "", EAN), StoreItem(2, "B", EAN)),
    ],
)
def test_what_two_listings_share_is_not_guessed(item: StoreItem, twin: StoreItem) -> None:
    assert decision(item, TEE, others=(twin,)).link is None


@pytest.mark.parametrize(
    "twin", [OurSku(2, "tee blk-m", "Tee"), OurSku(2, "B", "Tee", EAN), OurSku(2, "C", former=("TEE BLK M",))]
)
def test_what_two_skus_share_is_not_guessed(twin: OurSku) -> None:
    item = StoreItem(1, "TEE BLK M" if not twin.barcode else "", EAN if twin.barcode else "")

    found = decision(item, TEE, twin)

    assert found.link is None
    assert {match.sku_id for match in found.suggestions} == {1, 2}


def test_a_code_and_a_barcode_that_disagree_wait() -> None:
    mug = OurSku(2, "MUG", "Mug", OTHER_EAN)

    found = decision(StoreItem(1, "TEE-BLK-M", OTHER_EAN), TEE, mug)

    assert found.link is None
    assert [match.sku_id for match in found.suggestions] == [1, 2]
    assert "something else of it means MUG" in found.suggestions[0].reason


def test_two_that_mean_one_sku_wait_unless_one_has_its_very_code() -> None:
    near, by_barcode, exact = StoreItem(1, "tee blk m"), StoreItem(2, "", EAN), StoreItem(3, "TEE-BLK-M")

    both = decide([near, by_barcode], [TEE], sold_already={})
    three = decide([near, by_barcode, exact], [TEE], sold_already={})
    sold = decide([by_barcode], [TEE], sold_already={1: "Tee of summer"})

    assert [d.link for d in both.values()] == [None, None]
    assert [number for number, d in three.items() if d.link] == [3]
    assert "“Tee of summer” of this store sells it already" in sold[2].suggestions[0].reason


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("4006381333931", "04006381333931"),
        ("4006381333932", ""),
        ("036000291452", "00036000291452"),
        ("3-16-148410-X", "09783161484100"),
        ("96385074", "00000096385074"),
        ("0000000000000", ""),
        ("n/a", ""),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", ""),
    ],
)
def test_a_barcode_counts_only_with_its_check_digit(written: str, number: str) -> None:
    assert likeness.gtin(written) == number
