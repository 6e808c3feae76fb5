"""Products folded into stock pools."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import BadPayload, ReportedVariant
from channels.platforms.ecwid import mapping
from channels.platforms.ecwid.mapping import UnreadableProduct, page_of, pools_of

Sample = Callable[[str], Any]


def test_an_unlimited_product_is_untracked_and_has_no_quantity(payload: Sample) -> None:
    [pool] = pools_of(payload("product-unlimited"))

    assert (pool.ref, pool.product_ref, pool.sku) == ("p692730761", "692730761", "123123")
    assert (pool.tracked, pool.quantity, pool.unwritable_reason) == (False, None, "")
    assert pool.price == Decimal("10")
    assert pool.url == "https://store1003.company.site/products/toys-692730761"
    assert pool.variants == (ReportedVariant(ref="p692730761", sku="123123"),)


def test_each_variation_with_a_sku_of_its_own_is_a_pool(payload: Sample) -> None:
    base, large, red, small = pools_of(payload("product-own-sku-variations"))

    assert (base.ref, base.quantity, base.barcode) == ("p8383892837", 67, "0123456789012")
    assert [variant.ref for variant in base.variants] == ["p8383892837"]
    assert (large.ref, large.sku, large.quantity) == ("p8383892837-c7084071", "000076", 1)
    assert large.title == "Tee — Size: Large, Colour: White"
    assert large.price == Decimal("1.45")
    assert large.variants == (
        ReportedVariant(ref="p8383892837-c7084071", number=6, sku="000076", options="Size: Large, Colour: White"),
    )
    assert (red.tracked, red.quantity, red.price) == (True, 0, Decimal("2.5"))
    assert (small.tracked, small.quantity) == (False, None)  # the number beside unlimited means nothing


def test_variations_without_a_sku_or_with_the_products_sell_from_the_product(payload: Sample) -> None:
    base, black = pools_of(payload("product-shared-stock"))

    assert [(v.ref, v.number, v.options) for v in base.variants] == [
        ("p500", None, ""),
        ("p500-c1", 1, "Colour: Blue"),
        ("p500-c2", 2, "Colour: Green"),
    ]
    assert (base.quantity, base.enabled) == (8, False)
    assert (black.ref, black.quantity) == ("p500-c3", -2)


@pytest.mark.parametrize(
    ("stock", "expected"),
    [
        ({"unlimited": True, "quantity": 4}, (False, None)),
        ({"quantity": 0}, (True, 0)),
        ({"unlimited": False, "quantity": -3}, (True, -3)),
        ({"unlimited": False}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_unlimited_absent_and_zero_are_told_apart(stock: dict[str, Any], expected: tuple[Any, Any]) -> None:
    [pool] = pools_of({"id": 1, "name": "A", **stock})

    assert (pool.tracked, pool.quantity) == expected


@pytest.mark.parametrize("quantity", [1.5, 5.0, "7", True, 10**9 + 1, -(10**9) - 1, [1], {"n": 1}])
def test_a_quantity_that_is_no_sane_whole_number_is_a_problem_and_spares_the_page(quantity: object) -> None:
    good = {"id": 1, "name": "Good", "quantity": 3}
    bad = {"id": 2, "name": "Bad", "quantity": quantity}

    page = page_of({"total": 2, "items": [bad, good]}, next_cursor="")

    assert [pool.ref for pool in page.listings] == ["p1"]
    assert page.products == 2
    assert page.next_cursor == ""
    [problem] = page.problems
    assert problem.startswith("Product 2 (Bad), p2: its quantity is ")


@pytest.mark.parametrize(
    "product",
    [None, 7, "x", {}, {"id": 0}, {"id": True}, {"id": "5"}, {"id": 1, "combinations": {}},
     {"id": 1, "unlimited": "no"}, {"id": 1, "combinations": [{"id": None}]}, {"id": 1, "combinations": [3]}],
)  # fmt: skip
def test_an_unreadable_product_is_named_and_never_guessed(product: object) -> None:
    with pytest.raises(UnreadableProduct):
        pools_of(product)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"compositeComponents": [{"productId": 2, "quantity": 1}]}, mapping.BUNDLE),
        ({"isGiftCard": True}, mapping.GIFT_CARD),
        ({"isSampleProduct": True}, mapping.SAMPLE),
        ({"externalReferenceId": "pos-1"}, mapping.OWNED_BY_POS),
        ({"locationInventory": {"loc": 4}}, mapping.OWNED_BY_POS),
        ({"locationInventory": {}, "compositeComponents": [], "externalReferenceId": ""}, ""),
    ],
)
def test_stock_that_is_not_ours_to_write_says_why(fields: dict[str, Any], reason: str) -> None:
    product = {"id": 1, "sku": "A", "quantity": 1, "combinations": [{"id": 9, "sku": "B", "quantity": 2}], **fields}

    assert [pool.unwritable_reason for pool in pools_of(product)] == [reason, reason]


def test_a_variation_owned_by_the_point_of_sale_marks_only_its_own_pool() -> None:
    own = {"id": 8, "sku": "B", "quantity": 2, "externalReferenceId": "pos"}

    assert [p.unwritable_reason for p in pools_of({"id": 1, "quantity": 1, "combinations": [own]})] == [
        "",
        mapping.OWNED_BY_POS,
    ]


@pytest.mark.parametrize("sku", ["a/b", "“quoted”", 'say "hi"', "🧦-1", " tee ", "TEE", "tee"])
def test_skus_are_kept_as_typed(sku: str) -> None:
    base, variation = pools_of({"id": 1, "sku": "other", "combinations": [{"id": 2, "sku": sku, "quantity": 1}]})

    assert (base.sku, variation.sku) == ("other", sku)


def test_a_list_without_items_is_no_page() -> None:
    with pytest.raises(BadPayload):
        page_of({"total": 0}, next_cursor="")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["id", "sku", "name", "quantity", "unlimited", "combinations", "options", "value", "price", "attributes", "url"]
    ), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_whatever_comes_is_pools_or_a_sentence(product: Any) -> None:
    try:
        pools = pools_of(product)
    except UnreadableProduct:
        return
    for pool in pools:
        assert (pool.quantity is not None) == (pool.tracked is True)
