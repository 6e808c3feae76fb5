"""Products and variations as stock pools, from payloads as a store sends them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from channels.platforms.woocommerce.mapping import EXTERNAL, GROUPED, UnreadableProduct, pools_of, stock_of

Json = dict[str, Any]


def product(**fields: Any) -> Json:
    return {
        "id": 14,
        "name": "Blue Mug",
        "type": "simple",
        "status": "publish",
        "sku": "MUG-BLUE",
        "global_unique_id": "4006381333931",
        "price": "12.50",
        "permalink": "https://shop.example.com/product/blue-mug/",
        "manage_stock": True,
        "stock_quantity": 40,
        "backorders_allowed": False,
        "parent_id": 0,
        "variations": [],
        **fields,
    }


def variation(number: int, size: str, **fields: Any) -> Json:
    return {
        "id": number,
        "type": "variation",
        "status": "publish",
        "sku": f"HAT-{size}",
        "global_unique_id": "",
        "price": "15",
        "permalink": "https://shop.example.com/product/hat/",
        "manage_stock": True,
        "stock_quantity": 3,
        "backorders_allowed": False,
        "parent_id": 26,
        "attributes": [{"id": 0, "name": "Size", "slug": "size", "option": size}],
        **fields,
    }


def hat(**fields: Any) -> Json:
    return product(id=26, name="Hat", type="variable", sku="HAT", variations=[33, 34], **fields)


def test_a_simple_product_is_one_pool() -> None:
    [pool] = pools_of(product(), [])

    assert (pool.ref, pool.product_ref, pool.title, pool.sku) == ("p14", "14", "Blue Mug", "MUG-BLUE")
    assert (pool.tracked, pool.quantity, pool.unwritable_reason) == (True, 40, "")
    assert (pool.barcode, pool.price, pool.enabled) == ("4006381333931", Decimal("12.5000"), True)
    assert [variant.ref for variant in pool.variants] == ["p14"]


def test_variations_that_count_for_themselves_are_pools_of_their_own() -> None:
    tee = hat(manage_stock=False, stock_quantity=None)

    pools = pools_of(tee, [variation(33, "S"), variation(34, "L", stock_quantity=-2, status="private")])

    assert [(pool.ref, pool.sku, pool.quantity, pool.enabled) for pool in pools] == [
        ("p26-v33", "HAT-S", 3, True),
        ("p26-v34", "HAT-L", -2, False),
    ]
    assert pools[0].title == "Hat — Size: S"


def test_variations_of_a_parents_stock_share_one_pool_and_the_number_counts_once() -> None:
    shared = {"manage_stock": "parent", "stock_quantity": 20}
    own = variation(35, "XL", stock_quantity=4)

    pools = pools_of(hat(stock_quantity=20), [variation(33, "S", **shared), variation(34, "L", **shared), own])

    assert [(pool.ref, pool.quantity) for pool in pools] == [("p26", 20), ("p26-v35", 4)]
    # The product itself is nothing that can be bought.
    assert [variant.ref for variant in pools[0].variants] == ["p26-v33", "p26-v34"]
    assert [variant.options for variant in pools[0].variants] == ["Size: S", "Size: L"]


def test_an_inherited_sku_is_none() -> None:
    [pool] = pools_of(hat(manage_stock=False), [variation(33, "S", sku="HAT")])

    assert (pool.sku, pool.variants[0].sku) == ("", "")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"manage_stock": True, "stock_quantity": 0}, (True, 0, "")),
        ({"manage_stock": True, "stock_quantity": -4}, (True, -4, "")),
        ({"manage_stock": True, "stock_quantity": 3.0}, (True, 3, "")),
        ({"manage_stock": True, "stock_quantity": None}, (True, 0, "")),
        ({"manage_stock": False, "stock_quantity": None}, (False, None, "")),
        # The store-wide switch leaves the old number beside it.
        ({"manage_stock": False, "stock_quantity": 9}, (False, None, "")),
        ({}, (None, None, "")),
    ],
)
def test_tracked_untracked_and_not_told_are_three_things(fields: Json, expected: tuple[object, ...]) -> None:
    assert stock_of(fields) == expected


def test_fractions_are_refused_with_the_number_that_shows_them() -> None:
    [pool] = pools_of(product(stock_quantity=2.5), [])

    assert (pool.tracked, pool.quantity) == (None, None)
    assert "in fractions (2.5)" in pool.unwritable_reason


@pytest.mark.parametrize(("kind", "reason"), [("external", EXTERNAL), ("grouped", GROUPED)])
def test_products_without_stock_of_their_own_are_never_written(kind: str, reason: str) -> None:
    [pool] = pools_of(product(type=kind, manage_stock=False, stock_quantity=None), [])

    assert pool.unwritable_reason == reason


def test_drafts_are_not_on_sale_and_backorders_sell_below_zero() -> None:
    [pool] = pools_of(product(status="draft", backorders_allowed=True), [])

    assert (pool.enabled, pool.sells_below_zero) == (False, True)


@pytest.mark.parametrize(
    ("broken", "variations"),
    [
        ("text", []),
        (product(id=None), []),
        (product(stock_quantity="many"), []),
        (product(stock_quantity=10**12), []),
        (product(stock_quantity=True), []),
        (hat(), ["text"]),
        (hat(), [{"manage_stock": True}]),
    ],
)
def test_what_can_not_be_read_is_not_guessed(broken: object, variations: list[object]) -> None:
    with pytest.raises(UnreadableProduct):
        pools_of(broken, variations)


@pytest.mark.parametrize("price", ["", "free", "1e99", None, "NaN"])
def test_a_price_that_is_none_is_left_out(price: object) -> None:
    [pool] = pools_of(product(price=price), [])

    assert pool.price is None
