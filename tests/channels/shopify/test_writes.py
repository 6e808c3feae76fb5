"""Compare-and-set against a running shop: what became of each change, and which calls it took."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from channels.contract import (
    BadCredentials,
    NotListed,
    Outcome,
    OutcomeKind,
    QuantityChange,
    RateLimited,
    Rejected,
    StoreRefused,
)
from channels.models import CallBudget
from channels.platforms.shopify import writes
from channels.platforms.shopify.client import ShopifyClient
from channels.platforms.shopify.document import Document
from channels.platforms.shopify.platform import ShopifyPlatform
from sandbox.shopify import ShopifySimulator
from tests.channels.shopify.conftest import available, change, operations, pool


def kinds(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.kind.value for outcome in outcomes]


@pytest.fixture
def many(shop: ShopifySimulator) -> list[str]:
    """Twelve pools with 10 units each."""
    for number in range(12):
        shop.add_product(sku=f"S{number}", quantity=10)
    return [pool(shop, f"S{number}") for number in range(12)]


@pytest.fixture
def before_each_set(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], None]], None]:
    """Have something happen in the shop right before each write of quantities."""

    def install(happens: Callable[[int], None]) -> None:
        run, count = ShopifyClient.run, iter(range(1000))

        def first(self: ShopifyClient, document: Document, variables: Any = None) -> Any:
            if document.name == "SetQuantities":
                happens(next(count))
            return run(self, document, variables)

        monkeypatch.setattr(ShopifyClient, "run", first)

    return install


def test_a_wave_is_one_call_that_never_touches_the_quantity_on_hand(
    shop: ShopifySimulator, platform: ShopifyPlatform, many: list[str]
) -> None:
    outcomes = platform.change_quantities([change(ref, 10, number) for number, ref in enumerate(many)])

    assert set(kinds(outcomes)) == {"applied"}
    assert [available(shop, ref) for ref in many] == list(range(12))
    assert operations(shop) == ["SetQuantities"]
    assert '"name": "available"' in shop.requests[0].body.decode()
    assert outcomes[0].receipt.startswith("Set to 0; Shopify's change 88")


def test_stale_ones_are_read_and_the_others_do_not_wait_for_them(
    shop: ShopifySimulator, platform: ShopifyPlatform, many: list[str]
) -> None:
    shop.buy("S3", quantity=4)
    shop.buy("S7", quantity=10)

    outcomes = platform.change_quantities([change(ref, 10, 9) for ref in many])

    assert set(kinds(outcomes)) == {"applied"}
    assert [available(shop, ref) for ref in many] == [9, 9, 9, 5, 9, 9, 9, -1, 9, 9, 9, 9]
    # Refused as a whole, the others again, the stale two by themselves.
    assert operations(shop) == ["SetQuantities", "LevelsAt", "SetQuantities", "SetQuantities"]


def test_a_shop_that_refuses_stale_entries_alone_is_understood(
    shop: ShopifySimulator, platform: ShopifyPlatform, many: list[str]
) -> None:
    shop.options.stale_refuses = "entry"
    shop.buy("S3", quantity=4)

    outcomes = platform.change_quantities([change(ref, 10, 9) for ref in many])

    assert set(kinds(outcomes)) == {"applied"}
    assert [available(shop, ref) for ref in many] == [9, 9, 9, 5, 9, 9, 9, 9, 9, 9, 9, 9]


def test_a_hot_listing_is_left_for_the_next_wave_and_holds_nobody_up(
    shop: ShopifySimulator,
    platform: ShopifyPlatform,
    many: list[str],
    before_each_set: Callable[[Callable[[int], None]], None],
) -> None:
    before_each_set(lambda _: shop.set_quantity("S0", shop.shop.levels[_level(shop, many[0])].available + 1))

    outcomes = platform.change_quantities([change(ref, 10, 5) for ref in many])

    assert kinds(outcomes) == ["not-applied", *["applied"] * 11]
    assert outcomes[0].receipt == writes.KEPT_CHANGING
    assert [available(shop, ref) for ref in many[1:]] == [5] * 11
    assert (available(shop, many[0]) or 0) > 10


def _level(shop: ShopifySimulator, ref: str) -> tuple[int, int]:
    item, _, location = ref.partition("@")
    return int(item), int(location)


def test_writes_among_buyers_lose_nothing(
    shop: ShopifySimulator, open_platform: Callable[..., ShopifyPlatform]
) -> None:
    shop.add_product(sku="HOT", quantity=100)
    ref = pool(shop, "HOT")
    platform = open_platform(shop.base_url)
    applied: list[int] = []
    buyer = threading.Thread(target=lambda: [shop.buy("HOT", force=True) for _ in range(300)])
    buyer.start()
    for number in range(4):
        [outcome] = platform.change_quantities([change(ref, 100, 103, key=str(number))])
        applied.append(3 if outcome.kind == OutcomeKind.APPLIED else 0)
    buyer.join()

    assert available(shop, ref) == 100 + sum(applied) - len(shop.shop.orders)


@pytest.mark.parametrize(
    "fault", ["error_before", "error_after", "internal_before", "internal_after", "timeout_after", "html", "empty"]
)
def test_a_lost_answer_is_asked_for_again_under_its_key(
    shop: ShopifySimulator, platform: ShopifyPlatform, many: list[str], fault: str
) -> None:
    shop.faults.set(fault, next=1, seconds=0.0)

    outcomes = platform.change_quantities([change(ref, 10, 7) for ref in many[:3]])

    assert kinds(outcomes) == ["applied"] * 3
    assert [available(shop, ref) for ref in many[:3]] == [7, 7, 7]
    assert len(shop.shop.groups) == 1


def test_what_stays_unknown_is_said_and_the_rest_is_not_sent(
    shop: ShopifySimulator, platform: ShopifyPlatform, many: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writes, "MAX_BATCH", 6)
    shop.faults.set("error_after", next=3)

    outcomes = platform.change_quantities([change(ref, 10, 7) for ref in many])

    assert kinds(outcomes) == ["unknown"] * 6 + ["not-applied"] * 6
    assert [available(shop, ref) for ref in many] == [7] * 6 + [10] * 6
    assert "Internal Server Error (500)" in outcomes[0].receipt


@pytest.mark.parametrize(
    ("fault", "error"),
    [("rate_limited", RateLimited), ("throttled", RateLimited), ("plan_402", StoreRefused)],
)
def test_a_call_that_did_nothing_is_raised_and_a_later_one_is_told(
    shop: ShopifySimulator,
    platform: ShopifyPlatform,
    many: list[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    error: type[Exception],
) -> None:
    shop.faults.set(fault, next=1, seconds=0.01)
    with pytest.raises(error):
        platform.change_quantities([change(ref, 10, 7) for ref in many])
    assert [available(shop, ref) for ref in many] == [10] * 12

    CallBudget.objects.update(blocked_until=0)
    monkeypatch.setattr(writes, "MAX_BATCH", 6)
    run, calls = ShopifyClient.run, iter(range(100))

    def second_fails(self: ShopifyClient, document: Document, variables: Any = None) -> Any:
        if next(calls) == 1:
            shop.faults.set(fault, next=1, seconds=0.01)
        return run(self, document, variables)

    monkeypatch.setattr(ShopifyClient, "run", second_fails)
    outcomes = platform.change_quantities([change(ref, 10, 7) for ref in many])

    assert kinds(outcomes) == ["applied"] * 6 + ["not-applied"] * 6
    assert [available(shop, ref) for ref in many] == [7] * 6 + [10] * 6


def test_one_that_is_refused_does_not_stop_the_others(
    shop: ShopifySimulator, platform: ShopifyPlatform, many: list[str]
) -> None:
    bundle = shop.shop.items[int(many[2].partition("@")[0])]
    bundle.is_bundle = True
    shop.delete_product(shop.variant("S4").product_id)
    nowhere = many[5].partition("@")[0] + "@1"

    outcomes = platform.change_quantities(
        [*(change(ref, 10, 6) for ref in many[:5]), change(nowhere, 10, 6), change("nonsense", 1, 2)]
    )

    assert kinds(outcomes) == ["applied", "applied", "rejected", "applied", "gone", "rejected", "gone"]
    assert outcomes[2].receipt == (
        "Shopify refused: The specified inventory item is not allowed to be adjusted (NON_MUTABLE_INVENTORY_ITEM)."
    )
    assert "location wasn't found" in outcomes[5].receipt
    assert [available(shop, ref) for ref in (*many[:2], many[3])] == [6, 6, 6]


def test_an_item_is_stocked_where_it_never_was(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    loft = shop.add_location("Loft")
    shop.add_product(sku="TEE", quantity=10)
    ref = pool(shop, "TEE", 1)

    [outcome] = platform.change_quantities([change(ref, 0, 4)])

    assert (outcome.kind, outcome.receipt) == (OutcomeKind.APPLIED, "Stocked at this location with 4.")
    level = shop.level("TEE", loft.id)
    assert level is not None
    assert (level.is_active, level.available, shop.quantity_of("TEE")) == (True, 4, 14)


@pytest.mark.parametrize("where", ["inactive", "refuse"])
def test_a_write_that_would_sell_nothing_says_why(
    shop: ShopifySimulator, platform: ShopifyPlatform, where: Any
) -> None:
    shop.options.set_where_never_stocked = where
    loft = shop.add_location("Loft")
    shop.add_product(sku="TEE", quantity=10)
    shop.stock("TEE", loft.id, 3)
    shop.set_active("TEE", loft.id, active=False)
    ref = pool(shop, "TEE", 1)

    [written] = platform.change_quantities([change(ref, 3, 2)])
    [from_nothing] = platform.change_quantities([change(ref, 0, 2)])
    shop.shop.locations[loft.id].is_active = False
    shop.add_product(sku="CAP", quantity=1)
    [no_place] = platform.change_quantities([change(pool(shop, "CAP", 1), 0, 2)])

    assert written.kind == OutcomeKind.APPLIED
    assert written.receipt.startswith("Written, but nothing sells from it.")
    assert from_nothing.kind == no_place.kind == OutcomeKind.REJECTED
    assert "Stock it there again" in from_nothing.receipt
    assert no_place.receipt.startswith("It can't be stocked at this location. Shopify refused:")
    assert shop.quantity_of("TEE") == 10


def test_pools_of_several_locations_go_in_calls_of_their_own(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    loft = shop.add_location("Loft")
    shop.add_product(sku="TEE", quantity=10)
    shop.stock("TEE", loft.id, 5)

    outcomes = platform.change_quantities([change(pool(shop, "TEE"), 10, 9), change(pool(shop, "TEE", 1), 5, 8)])

    assert kinds(outcomes) == ["applied", "applied"]
    assert shop.quantity_of("TEE") == 17
    assert operations(shop) == ["SetQuantities", "SetQuantities"]


def test_nothing_is_sent_for_nothing_or_for_too_much(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.add_product(sku="TEE", quantity=10)
    shop.add_product(sku="CAP", quantity=10)

    outcomes = platform.change_quantities([change(pool(shop, "TEE"), 10, 10), change(pool(shop, "CAP"), 10, 10**9 + 1)])

    assert kinds(outcomes) == ["applied", "rejected"]
    assert operations(shop) == []


def test_a_revoked_scope_is_named_and_stops_everything(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.add_product(sku="TEE", quantity=10)
    shop.access.renew(same=True, scopes=("read_inventory", "read_products", "read_locations"))

    with pytest.raises(BadCredentials, match="`write_inventory` access scope"):
        platform.change_quantities([change(pool(shop, "TEE"), 10, 9)])


def test_the_key_is_that_of_the_quantities_and_the_round() -> None:
    def entry(shown: int) -> writes.Entry:
        found = writes.prepared(QuantityChange(ref="1@2", accounted=shown, target=9, key="a"))
        assert isinstance(found, writes.Entry)
        return found

    assert writes.key_of([entry(5)], 0) == writes.key_of([entry(5)], 0)
    assert len({writes.key_of([entry(5)], 0), writes.key_of([entry(5)], 1), writes.key_of([entry(6)], 0)}) == 3


def test_counting_begins_with_the_quantity_that_was_asked_for(
    shop: ShopifySimulator, platform: ShopifyPlatform
) -> None:
    shop.add_product(sku="TEE", unlimited=True)
    ref = pool(shop, "TEE")

    shown = platform.start_tracking(ref, 7)

    assert (shown.tracked, shown.quantity, shop.quantity_of("TEE")) == (True, 7, 7)
    with pytest.raises(Rejected, match="counts this stock already"):
        platform.start_tracking(ref, 9)
    with pytest.raises(NotListed):
        platform.start_tracking("1@2", 9)
    assert shop.quantity_of("TEE") == 7
