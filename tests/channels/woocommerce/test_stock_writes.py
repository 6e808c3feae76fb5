"""Guarded sets against a running store: what is written, what is not, and what became of it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from channels.contract import (
    BadCredentials,
    NotListed,
    Outcome,
    OutcomeKind,
    QuantityChange,
    Rejected,
    Unreachable,
)
from channels.platforms.woocommerce import writes
from channels.platforms.woocommerce.platform import WooCommercePlatform
from sandbox.woocommerce import WooCommerceSimulator


def change(ref: str, accounted: int, target: int) -> QuantityChange:
    return QuantityChange(ref=ref, accounted=accounted, target=target, key=str(uuid.uuid4()))


def batches(shop: WooCommerceSimulator) -> list[tuple[str, list[Any]]]:
    """Return the address and the items of each batch that the store was sent."""
    return [(call.path, json.loads(call.body)["update"]) for call in shop.requests if call.path.endswith("/batch")]


def kinds(outcomes: Any) -> list[str]:
    return [str(outcome.kind) for outcome in outcomes]


def test_products_go_together_and_variations_by_their_product(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    mug, lamp = (shop.add_product(name=name, sku=name, quantity=5) for name in ("MUG", "LAMP"))
    sizes = [{"sku": f"TEE-{size}", "options": {"Size": size}, "quantity": 5} for size in "SM"]
    tee = shop.add_product(name="Tee", variations=sizes)
    small, medium = tee.variations
    candle = shop.add_product(name="Candle", sku="CANDLE", quantity=5, variations=[{"options": {"Scent": "Oak"}}])

    outcomes = platform.change_quantities(
        [
            change(f"p{mug.id}", 5, 4),
            change(f"p{tee.id}-v{small.id}", 5, 3),
            change(f"p{lamp.id}", 5, 9),
            change(f"p{candle.id}", 5, 2),
            change(f"p{tee.id}-v{medium.id}", 5, 5),
        ]
    )

    assert kinds(outcomes) == ["applied"] * 5
    assert batches(shop) == [
        (
            "/products/batch",
            [
                {"id": mug.id, "stock_quantity": 4},
                {"id": lamp.id, "stock_quantity": 9},
                {"id": candle.id, "stock_quantity": 2},
            ],
        ),
        (f"/products/{tee.id}/variations/batch", [{"id": small.id, "stock_quantity": 3}]),
    ]
    assert [shop.quantity_of(sku) for sku in ("MUG", "TEE-S", "LAMP", "CANDLE", "TEE-M")] == [4, 3, 9, 2, 5]


def test_a_large_wave_goes_in_small_ones(shop: WooCommerceSimulator, platform: WooCommercePlatform) -> None:
    products = [shop.add_product(name=f"P{number}", quantity=5) for number in range(60)]

    outcomes = platform.change_quantities([change(f"p{product.id}", 5, 4) for product in products])

    assert kinds(outcomes) == ["applied"] * 60
    assert [len(items) for _, items in batches(shop)] == [writes.WAVE, writes.WAVE, 10]
    assert {shop.quantity(product.id) for product in products} == {4}


def test_what_is_written_follows_from_what_is_there(shop: WooCommerceSimulator, platform: WooCommercePlatform) -> None:
    """A unit sold unheard of stays sold, 0 is the floor, and nothing is written where nothing would change."""
    sold, floor, empty, oversold = (
        shop.add_product(name=name, quantity=quantity) for name, quantity in (("A", 4), ("B", 2), ("C", 0), ("D", -3))
    )

    outcomes = platform.change_quantities(
        [
            change(f"p{sold.id}", 5, 7),
            change(f"p{floor.id}", 5, 1),
            change(f"p{empty.id}", 5, 3),
            change(f"p{oversold.id}", -3, 6),
        ]
    )

    assert [(outcome.kind, outcome.applied) for outcome in outcomes] == [
        (OutcomeKind.APPLIED, None),
        (OutcomeKind.APPLIED, -2),
        (OutcomeKind.APPLIED, 0),
        (OutcomeKind.APPLIED, None),
    ]
    assert [shop.quantity(product.id) for product in (sold, floor, empty, oversold)] == [6, 0, 0, 6]
    assert [item["id"] for _, items in batches(shop) for item in items] == [sold.id, floor.id, oversold.id]


def test_the_window_between_reading_and_writing_is_measured(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    products = [shop.add_product(name=f"P{number}", quantity=5) for number in range(4)]
    shop.options.item_seconds = 0.03

    outcomes = platform.change_quantities([change(f"p{product.id}", 5, 4) for product in products])

    windows = {outcome.window_seconds for outcome in outcomes}
    assert len(windows) == 1
    [window] = windows
    assert window is not None
    assert 0.12 <= window < 5


def test_a_sale_inside_the_window_is_lost_and_the_window_says_how_long_it_was(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    """What no way of writing to WooCommerce can prevent; the drift it leaves is found and settled."""
    mug = shop.add_product(name="Mug", quantity=5)
    shop.faults.set("sale_between", next=1)

    [outcome] = platform.change_quantities([change(f"p{mug.id}", 5, 3)])

    assert (outcome.kind, outcome.receipt) == (OutcomeKind.APPLIED, "5 → 3")
    assert shop.quantity(mug.id) == 3
    assert [order.lines[0].reduced for order in shop.orders()] == [1]


def test_one_bad_item_stops_no_other(shop: WooCommerceSimulator, platform: WooCommercePlatform) -> None:
    mug, lamp, trashed, wrap, fraction = (
        shop.add_product(name=name, sku=name, quantity=5) for name in ("MUG", "LAMP", "OLD", "WRAP", "ROPE")
    )
    tee = shop.add_product(name="Tee", variations=[{"sku": "TEE-S", "options": {"Size": "S"}, "quantity": 5}])
    other = shop.add_product(name="Hat", variations=[{"sku": "HAT-S", "options": {"Size": "S"}, "quantity": 5}])
    moved = tee.variations[0].id
    shop.trash_product(trashed.id)
    shop.set_tracked(wrap.id, tracked=False)
    fraction.stock_quantity = 2.5
    refs = [
        f"p{mug.id}",
        f"p{trashed.id}",
        f"p{wrap.id}",
        f"p{fraction.id}",
        "p999999",
        "not-a-ref",
        f"p{moved}",
        f"p{other.id}-v{moved}",
        f"p{lamp.id}",
    ]

    outcomes = platform.change_quantities([change(ref, 5, 4) for ref in refs])

    assert kinds(outcomes) == ["applied", "gone", "rejected", "rejected", "gone", "gone", "gone", "gone", "applied"]
    assert [outcome.ref for outcome in outcomes] == refs
    assert outcomes[2].receipt == writes.NOT_COUNTED
    assert "in fractions (2.5)" in outcomes[3].receipt
    assert (shop.quantity(mug.id), shop.quantity(lamp.id), shop.quantity(moved), shop.quantity(wrap.id)) == (
        4,
        4,
        5,
        None,
    )


def test_a_variation_that_sells_from_its_product_now_is_gone(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    hat = shop.add_product(name="Hat", quantity=20, variations=[{"options": {"Size": "S"}}])
    ref = f"p{hat.id}-v{hat.variations[0].id}"

    [outcome] = platform.change_quantities([change(ref, 20, 4)])

    assert (outcome.kind, outcome.receipt) == (OutcomeKind.GONE, writes.SHARED)
    assert shop.quantity(hat.id) == 20


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("item_error", OutcomeKind.UNKNOWN, "Could not update post in the database (db_update_error)"),
        ("not_updated", OutcomeKind.UNKNOWN, "WooCommerce shows 5 after 3 was written."),
    ],
)
def test_an_answer_without_the_number_proves_nothing(
    shop: WooCommerceSimulator,
    platform: WooCommercePlatform,
    fault: str,
    kind: OutcomeKind,
    words: str,
) -> None:
    first, second = (shop.add_product(name=name, quantity=5) for name in "AB")
    shop.faults.set(fault, next=1)

    outcomes = platform.change_quantities([change(f"p{product.id}", 5, 3) for product in (first, second)])

    assert (outcomes[0].kind, outcomes[1].kind) == (kind, OutcomeKind.APPLIED)
    assert words in outcomes[0].receipt
    assert (shop.quantity(first.id), shop.quantity(second.id)) == (5, 3)


def test_after_a_wave_that_could_not_be_seen_through_nothing_more_is_sent(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    products = [shop.add_product(name=f"P{number}", quantity=5) for number in range(30)]
    shop.faults.set("error_after", next=1)

    outcomes = platform.change_quantities([change(f"p{product.id}", 5, 4) for product in products])

    assert kinds(outcomes) == ["unknown"] * writes.WAVE + ["not-applied"] * 5
    assert [shop.quantity(product.id) for product in products] == [4] * writes.WAVE + [5] * 5


def test_a_key_revoked_between_two_waves_applies_only_the_first(
    shop: WooCommerceSimulator, platform: WooCommercePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = [shop.add_product(name=f"P{number}", quantity=5) for number in range(30)]
    run = writes._Wave.run

    def revoke_after(self: Any, wave: Any) -> dict[int, Outcome]:
        done = run(self, wave)
        shop.access.revoke_all()
        return done

    monkeypatch.setattr(writes._Wave, "run", revoke_after)
    changes = [change(f"p{product.id}", 5, 4) for product in products]

    outcomes = platform.change_quantities(changes)

    assert kinds(outcomes) == ["applied"] * writes.WAVE + ["not-applied"] * 5
    with pytest.raises(BadCredentials):
        platform.change_quantities(changes)


def test_a_store_that_is_down_applies_nothing(shop: WooCommerceSimulator, platform: WooCommercePlatform) -> None:
    mug = shop.add_product(name="Mug", quantity=5)
    shop.stop()
    try:
        with pytest.raises(Unreachable) as error:
            platform.change_quantities([change(f"p{mug.id}", 5, 4)])
    finally:
        shop.start()

    assert not error.value.may_have_applied


def test_an_uncounted_pool_is_given_a_counted_stock(shop: WooCommerceSimulator, platform: WooCommercePlatform) -> None:
    wrap = shop.add_product(name="Wrap", sku="WRAP", unlimited=True)
    tee = shop.add_product(
        name="Tee", variations=[{"sku": "TEE-S", "options": {"Size": "S"}, "unlimited": True}], unlimited=True
    )
    size = tee.variations[0]

    shown = platform.start_tracking(f"p{wrap.id}", 7)
    shown_size = platform.start_tracking(f"p{tee.id}-v{size.id}", 3)

    assert (shown.tracked, shown.quantity, shop.quantity(wrap.id)) == (True, 7, 7)
    assert (shown_size.ref, shown_size.quantity, shop.quantity(size.id)) == (f"p{tee.id}-v{size.id}", 3, 3)


def test_counting_is_not_begun_where_it_must_not_be(shop: WooCommerceSimulator, platform: WooCommercePlatform) -> None:
    mug = shop.add_product(name="Mug", quantity=5)
    affiliate = shop.add_product(name="Affiliate", unlimited=True, type="external")

    for ref in (f"p{mug.id}", f"p{affiliate.id}"):
        with pytest.raises(Rejected):
            platform.start_tracking(ref, 3)
    with pytest.raises(NotListed):
        platform.start_tracking("p999999", 3)
    with pytest.raises(Rejected):
        platform.start_tracking(f"p{mug.id}", -1)

    assert (shop.quantity(mug.id), shop.quantity(affiliate.id)) == (5, None)


def test_a_firewall_that_refuses_put_does_not_stop_us(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    mug = shop.add_product(name="Mug", quantity=5)
    shop.options.refuses_put = True

    [outcome] = platform.change_quantities([change(f"p{mug.id}", 5, 4)])
    report = platform.check_subscriptions(webhook_url="https://evenkeel.example.com/hook", last_event_at=None)

    assert (outcome.kind, shop.quantity(mug.id)) == (OutcomeKind.APPLIED, 4)
    assert report.is_healthy
