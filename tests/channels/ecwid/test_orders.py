"""Orders as snapshots: what the ledger holds, what Ecwid took."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import BadPayload, KnownLine, OrderLineSnapshot, OrderSnapshot, OrderState
from channels.platforms.ecwid import orders
from channels.platforms.ecwid.orders import raw_order
from channels.platforms.ecwid.stock import StoreHabits

Sample = Callable[[str], Any]
DEFAULT = StoreHabits.of({})
ON_PAYMENT = StoreHabits.of({"takes_stock_when": "paid"})


def order(
    payment: str = "PAID", fulfilment: str = "AWAITING_PROCESSING", lines: Mapping[int, object] | None = None
) -> dict[str, Any]:
    """An order of product 7; ``lines`` maps line ids to quantities."""
    items = [
        {"id": line_id, "productId": 7, "sku": "TEE", "name": "Tee", "quantity": quantity}
        for line_id, quantity in ({1: 3} if lines is None else lines).items()
    ]
    return {"id": "K8XTQ", "paymentStatus": payment, "fulfillmentStatus": fulfilment, "items": items}


def booked(snapshot: OrderSnapshot) -> dict[str, KnownLine]:
    """What the core knows once a snapshot is booked."""
    return {
        line.ref: KnownLine(ref=line.ref, ordered=line.ordered, sold=line.sold, taken=line.taken, is_held=line.is_held)
        for line in snapshot.lines
    }


def after(*payloads: dict[str, Any], habits: StoreHabits = DEFAULT) -> tuple[int, int, int]:
    """Book each state in turn and return (sold, fulfilled, taken) of line 1."""
    known: dict[str, KnownLine] = {}
    for payload in payloads:
        seen = orders.snapshot(payload, known, habits)
        known = booked(seen)
    return numbers(seen, "1")


def numbers(snapshot: OrderSnapshot, ref: str) -> tuple[int, int, int]:
    line = line_of(snapshot, ref)
    return line.sold, line.fulfilled, line.taken


def line_of(snapshot: OrderSnapshot, ref: str) -> OrderLineSnapshot:
    return next(line for line in snapshot.lines if line.ref == ref)


def test_a_delivered_order_is_sold_fulfilled_and_taken(payload: Sample) -> None:
    seen = orders.snapshot(payload("order-paid-delivered"), {}, DEFAULT)

    assert (seen.ref, seen.number, seen.state) == ("K8XTQ", "K8XTQ", OrderState.FULFILLED)
    assert seen.status == "PAID / DELIVERED"
    assert seen.placed_at == datetime(2024, 9, 4, 7, 22, 9, tzinfo=UTC)
    assert seen.changed_at == datetime(2024, 9, 4, 7, 26, 24, tzinfo=UTC)
    [line] = seen.lines
    assert (line.ref, line.variant_ref, line.product_ref, line.sku) == (
        "1828115520",
        "p692730761",
        "692730761",
        "123123",
    )
    assert (line.ordered, line.sold, line.fulfilled, line.taken, line.is_held) == (1, 1, 1, 1, True)


def test_a_line_names_the_variation_when_one_matched(payload: Sample) -> None:
    raw = raw_order(payload("order-variation-unpaid"))

    seen = orders.snapshot(raw.payload, {}, DEFAULT)

    assert seen.state == OrderState.OPEN
    assert [(line.ref, line.variant_ref, line.title) for line in seen.lines] == [
        ("4828115521", "p8383892837-c7084075", "Tee — Size: Small"),
        ("4828115522", "p8383892837", "Tee"),
    ]
    assert [(line.sold, line.fulfilled, line.taken) for line in seen.lines] == [(3, 0, 3), (2, 0, 2)]


def test_nothing_of_the_buyer_is_kept(payload: Sample) -> None:
    for name in ("order-paid-delivered", "order-variation-unpaid"):
        kept = json.dumps(raw_order(payload(name)).payload)

        for word in ("Buyer", "example.com", "192.0.2.10", "Road", "Robin", "Ring", "0123456789"):
            assert word not in kept


def test_trimming_does_not_change_the_snapshot(payload: Sample) -> None:
    sample = payload("order-paid-delivered")

    raw = raw_order(sample)

    assert (raw.ref, raw.changed_at) == ("K8XTQ", datetime(2024, 9, 4, 7, 26, 24, tzinfo=UTC))
    assert orders.snapshot(raw.payload, {}, DEFAULT) == orders.snapshot(sample, {}, DEFAULT)


@pytest.mark.parametrize(
    ("payment", "fulfilment", "expected", "state"),
    [
        ("AWAITING_PAYMENT", "AWAITING_PROCESSING", (3, 0, 3), OrderState.OPEN),
        ("PAID", "PROCESSING", (3, 0, 3), OrderState.OPEN),
        ("PAID", "READY_FOR_PICKUP", (3, 0, 3), OrderState.OPEN),
        ("PAID", "OUT_FOR_DELIVERY", (3, 3, 3), OrderState.FULFILLED),
        ("PAID", "SHIPPED", (3, 3, 3), OrderState.FULFILLED),
        ("PARTIALLY_REFUNDED", "DELIVERED", (3, 3, 3), OrderState.FULFILLED),
        ("CUSTOM_PAYMENT_STATUS_1", "CUSTOM_FULFILLMENT_STATUS_2", (3, 0, 3), OrderState.OPEN),
        ("PAID", "WILL_NOT_DELIVER", (3, 0, 3), OrderState.OPEN),
        ("PAID", "RETURNED", (3, 3, 3), OrderState.FULFILLED),
        ("CANCELLED", "PROCESSING", (0, 0, 0), OrderState.CANCELLED),
        ("REFUNDED", "WILL_NOT_DELIVER", (0, 0, 0), OrderState.CANCELLED),
        ("CANCELLED", "SHIPPED", (3, 3, 0), OrderState.CANCELLED),
        ("INCOMPLETE", "SHIPPED", (0, 0, 0), OrderState.CANCELLED),
    ],
)
def test_an_order_first_seen_is_booked_by_its_state(
    payment: str, fulfilment: str, expected: tuple[int, int, int], state: OrderState
) -> None:
    seen = orders.snapshot(order(payment, fulfilment), {}, DEFAULT)

    assert numbers(seen, "1") == expected
    assert seen.state == state


@pytest.mark.parametrize("released", ["CANCELLED", "REFUNDED"])
def test_a_release_gives_back_once_however_often_it_is_seen(released: str) -> None:
    assert after(order(), order(released)) == (0, 0, 0)
    assert after(order(), order(released), order(released), order("CANCELLED"), order("REFUNDED")) == (0, 0, 0)


def test_a_cancel_after_shipping_gives_back_at_ecwid_and_stays_sold_here() -> None:
    assert after(order(), order(fulfilment="SHIPPED"), order("REFUNDED", "SHIPPED")) == (3, 3, 0)


def test_a_partial_refund_moves_nothing() -> None:
    assert after(order(), order("PARTIALLY_REFUNDED")) == (3, 0, 3)


def test_editing_a_line_changes_what_is_sold_but_not_what_ecwid_took() -> None:
    assert after(order(), order(lines={1: 5})) == (5, 0, 3)
    assert after(order(), order(lines={1: 1})) == (1, 0, 3)


def test_a_cancel_gives_back_what_the_lines_say_then() -> None:
    assert after(order(), order(lines={1: 5}), order("CANCELLED", lines={1: 5})) == (0, 0, -2)
    assert after(order(), order(lines={1: 1}), order("CANCELLED", lines={1: 1})) == (0, 0, 2)


def test_a_line_added_by_an_edit_was_never_taken() -> None:
    known = booked(orders.snapshot(order(), {}, DEFAULT))

    edited = orders.snapshot(order(lines={1: 3, 2: 4}), known, DEFAULT)
    cancelled = orders.snapshot(order("CANCELLED", lines={1: 3, 2: 4}), booked(edited), DEFAULT)

    assert numbers(edited, "2") == (4, 0, 0)
    assert numbers(cancelled, "2") == (0, 0, -4)


def test_a_removed_line_stays_taken_even_when_the_order_is_cancelled() -> None:
    known = booked(orders.snapshot(order(lines={1: 3, 2: 4}), {}, DEFAULT))

    removed = orders.snapshot(order(lines={2: 4}), known, DEFAULT)
    cancelled = orders.snapshot(order("CANCELLED", lines={2: 4}), booked(removed), DEFAULT)

    assert (line_of(removed, "1").ordered, numbers(removed, "1")) == (0, (0, 0, 3))
    assert (numbers(cancelled, "1"), numbers(cancelled, "2")) == ((0, 0, 3), (0, 0, 0))


def test_reopening_takes_again_unless_the_store_does_not() -> None:
    never = StoreHabits.of({"takes_again_when_reopened": "no"})
    both = StoreHabits.of({"takes_again_when_reopened": "no", "takes_stock_when": "paid"})
    story = [order(), order("CANCELLED"), order(), order()]

    assert after(*story) == (3, 0, 3)
    assert after(*story, habits=never) == (3, 0, 0)
    assert after(*story, order("CANCELLED"), habits=never) == (0, 0, 0)
    assert after(*story, habits=both) == (3, 0, 0)


def test_an_order_cancelled_before_we_saw_it_takes_when_it_is_reopened() -> None:
    assert after(order("CANCELLED"), order()) == (3, 0, 3)


def test_where_stock_is_taken_on_payment_an_unpaid_order_holds_only_the_ledger() -> None:
    unpaid = order("AWAITING_PAYMENT")

    assert after(unpaid, habits=ON_PAYMENT) == (3, 0, 0)
    assert after(unpaid, unpaid, order(), order(), habits=ON_PAYMENT) == (3, 0, 3)
    assert after(unpaid, order("CANCELLED"), habits=ON_PAYMENT) == (0, 0, 0)
    assert after(order(), unpaid, habits=ON_PAYMENT) == (3, 0, 3)


def test_an_abandoned_cart_sells_nothing_until_it_is_bought() -> None:
    never = StoreHabits.of({"takes_again_when_reopened": "no"})

    assert after(order("INCOMPLETE")) == (0, 0, 0)
    assert after(order("INCOMPLETE"), order()) == (3, 0, 3)
    assert after(order("INCOMPLETE"), order(), habits=never) == (3, 0, 3)
    assert after(order(), order("INCOMPLETE")) == (0, 0, 3)


def test_a_return_gives_back_only_where_the_store_does_so() -> None:
    giving = StoreHabits.of({"gives_back_on_return": "yes"})
    story = [order(fulfilment="SHIPPED"), order(fulfilment="RETURNED")]

    assert after(*story) == (3, 3, 3)
    assert after(*story, habits=giving) == (3, 3, 0)
    assert after(*story, order("REFUNDED", "RETURNED"), habits=giving) == (3, 3, 0)


@pytest.mark.parametrize(("option", "taken"), [("no", 3), ("yes", 0)])
def test_a_deleted_order_asks_for_nothing(option: str, taken: int) -> None:
    habits = StoreHabits.of({"gives_back_on_delete": option})
    known = booked(orders.snapshot(order(), {}, habits))

    first = orders.deleted_snapshot(order(), known, habits)
    second = orders.deleted_snapshot(order(), booked(first), habits)

    assert first.state == OrderState.DELETED
    assert (line_of(first, "1").ordered, numbers(first, "1")) == (0, (0, 0, taken))
    assert second == first


def test_a_deleted_order_that_had_left_stays_sold() -> None:
    shipped = order(fulfilment="SHIPPED")
    known = booked(orders.snapshot(shipped, {}, DEFAULT))

    assert numbers(orders.deleted_snapshot(shipped, known, DEFAULT), "1") == (3, 3, 3)


def test_a_deletion_that_was_wrong_is_undone_by_the_next_look() -> None:
    known = booked(orders.snapshot(order(), {}, DEFAULT))
    known = booked(orders.deleted_snapshot(order(), known, DEFAULT))

    assert numbers(orders.snapshot(order(), known, DEFAULT), "1") == (3, 0, 3)


@pytest.mark.parametrize("quantity", [-1, 1.5, 2.0, None, "3", True, 10**9 + 1, [1]])
def test_a_bad_quantity_spoils_its_line_alone(quantity: object) -> None:
    seen = orders.snapshot(order(lines={1: quantity, 2: 4}), {}, DEFAULT)

    bad = line_of(seen, "1")
    assert bad.problem.startswith("The line's quantity is ")
    assert (bad.ordered, numbers(seen, "1"), bad.variant_ref) == (0, (0, 0, 0), "p7")
    assert (line_of(seen, "2").problem, numbers(seen, "2")) == ("", (4, 0, 4))


def test_a_line_that_turns_unreadable_does_not_unsettle_the_others() -> None:
    """The core keeps such a line as it was booked, so it falls behind the rest of the order."""
    first = booked(orders.snapshot(order(lines={1: 3, 2: 4}), {}, DEFAULT))
    broken = order("CANCELLED", lines={1: "?", 2: 4})

    known = {**booked(orders.snapshot(broken, first, DEFAULT)), "1": first["1"]}
    again = orders.snapshot(broken, known, DEFAULT)
    mended = orders.snapshot(order("CANCELLED", lines={1: 3, 2: 4}), known, DEFAULT)

    assert numbers(again, "2") == (0, 0, 0)
    assert (numbers(mended, "1"), numbers(mended, "2")) == ((0, 0, 0), (0, 0, 0))


@pytest.mark.parametrize(
    ("item", "ref", "words"),
    [
        (None, "line-1", "not readable"),
        ({"productId": 7, "quantity": 1}, "line-1", "no usable id"),
        ({"id": "9", "productId": 7, "quantity": 1}, "line-1", "no usable id"),
        ({"id": 9, "quantity": 1}, "9", "names no product"),
        ({"id": 9, "productId": 0, "quantity": 1}, "9", "names no product"),
        ({"id": 9, "productId": 7, "combinationId": "x", "quantity": 1}, "9", "variation has no usable id"),
        ({"id": 9, "productId": 7, "combinationId": [], "quantity": 1}, "9", "variation has no usable id"),
        ({"id": 9, "productId": 7, "quantity": 1, "compositeComponents": [{"productId": 8}]}, "9", "A bundle"),
    ],
)
def test_an_unusable_line_says_why_and_the_others_go_on(item: object, ref: str, words: str) -> None:
    good = {"id": 2**40, "productId": 7, "combinationId": 0, "quantity": 1, "compositeComponents": []}

    seen = orders.snapshot(raw_order({**order(), "items": [item, good]}).payload, {}, DEFAULT)

    assert words in line_of(seen, ref).problem
    assert numbers(seen, ref) == (0, 0, 0)
    assert (line_of(seen, str(2**40)).variant_ref, numbers(seen, str(2**40))) == ("p7", (1, 0, 1))


def test_a_repeated_line_id_is_counted_once() -> None:
    item = {"id": 1, "productId": 7, "quantity": 2}

    seen = orders.snapshot({**order(), "items": [item, item]}, {}, DEFAULT)

    assert [(line.ref, line.sold, bool(line.problem)) for line in seen.lines] == [("1", 2, False), ("1#2", 0, True)]


@pytest.mark.parametrize(
    "broken", [{}, {"id": 5}, {"id": ""}, {"id": "K"}, {"id": "K", "paymentStatus": "PAID"},
               {"id": "K", "paymentStatus": None, "items": []}, {"id": "K", "paymentStatus": "PAID", "items": {}}]
)  # fmt: skip
def test_what_is_no_order_is_refused_but_kept(broken: dict[str, Any]) -> None:
    raw = raw_order(broken)

    assert raw.ref == "K" or raw.ref.startswith("unreadable-")
    for payload in (broken, raw.payload):
        with pytest.raises(BadPayload):
            orders.snapshot(payload, {}, DEFAULT)


def test_a_hash_in_the_stores_prefix_survives_as_a_ref() -> None:
    assert raw_order({**order(), "id": "#50%-1"}).ref == "%2350%25-1"


# What Ecwid does, told a second time and in another way: by applying each change to its stock as it happens.

STATUSES = ["AWAITING_PAYMENT", "PAID", "CANCELLED", "REFUNDED", "PARTIALLY_REFUNDED"]
STEPS = st.one_of(
    st.sampled_from(STATUSES).map(lambda status: ("pay", status)),
    st.sampled_from(["PROCESSING", "SHIPPED", "RETURNED"]).map(lambda status: ("fulfil", status)),
    st.tuples(st.just("edit"), st.tuples(st.integers(1, 4), st.integers(0, 6))),
)


class Shop:
    """Ecwid by its help pages: takes at checkout, gives back on release, leaves edits alone."""

    def __init__(self, lines: dict[int, int], payment: str) -> None:
        self.lines, self.payment, self.fulfilment = dict(lines), payment, "AWAITING_PROCESSING"
        self.moved = 0
        self.holds = payment not in ("CANCELLED", "REFUNDED")
        if self.holds:
            self.moved = sum(lines.values())

    def do(self, step: tuple[str, Any]) -> None:
        what, value = step
        if what == "fulfil":
            self.fulfilment = value
        elif what == "edit":
            line_id, quantity = value
            self.lines.pop(line_id, None)
            if quantity:
                self.lines[line_id] = quantity
        else:
            self.payment = value
            holds = value not in ("CANCELLED", "REFUNDED")
            if holds != self.holds:
                self.moved += sum(self.lines.values()) * (1 if holds else -1)
            self.holds = holds

    @property
    def payload(self) -> dict[str, Any]:
        return order(self.payment, self.fulfilment, self.lines)


@given(
    st.dictionaries(st.integers(1, 4), st.integers(1, 6), min_size=1),
    st.sampled_from(["AWAITING_PAYMENT", "PAID"]),
    st.lists(STEPS, max_size=12),
)
def test_what_ecwid_took_is_known_after_every_change(lines: dict[int, int], payment: str, steps: list[Any]) -> None:
    shop = Shop(lines, payment)
    seen = orders.snapshot(shop.payload, {}, DEFAULT)
    for step in steps:
        shop.do(step)
        seen = orders.snapshot(shop.payload, booked(seen), DEFAULT)

        assert sum(line.taken for line in seen.lines) == shop.moved
        has_left = shop.fulfilment in orders.LEFT
        expected = sum(shop.lines.values()) if has_left or shop.holds else 0
        assert sum(line.sold for line in seen.lines) == expected
        assert all(line.fulfilled in (0, line.sold) for line in seen.lines)


HABITS = st.builds(
    StoreHabits,
    takes_when_paid=st.booleans(),
    gives_back_on_delete=st.booleans(),
    gives_back_on_return=st.booleans(),
    takes_again_when_reopened=st.booleans(),
)


@given(HABITS, st.lists(STEPS, max_size=10), st.booleans())
def test_seeing_a_state_again_changes_nothing(habits: StoreHabits, steps: list[Any], ends_deleted: bool) -> None:
    shop = Shop({1: 3, 2: 1}, "PAID")
    known: dict[str, KnownLine] = {}
    for step in steps:
        shop.do(step)
        first = orders.snapshot(shop.payload, known, habits)
        known = booked(first)

        assert booked(orders.snapshot(shop.payload, known, habits)) == known
    if ends_deleted:
        known = booked(orders.deleted_snapshot(shop.payload, known, habits))
        assert booked(orders.deleted_snapshot(shop.payload, known, habits)) == known


@given(st.lists(STEPS, min_size=1, max_size=10), st.lists(st.integers(0, 9), max_size=9))
def test_what_is_sold_depends_on_the_last_state_alone(steps: list[Any], seen_at: list[int]) -> None:
    """Whatever was missed, repeated or merged on the way, the ledger ends where the order ends."""
    shop = Shop({1: 3, 2: 1}, "PAID")
    known: dict[str, KnownLine] = {}
    for at, step in enumerate(steps):
        shop.do(step)
        for _ in range(seen_at.count(at)):
            known = booked(orders.snapshot(shop.payload, known, DEFAULT))

    seen = orders.snapshot(shop.payload, known, DEFAULT)
    fresh = orders.snapshot(shop.payload, {}, DEFAULT)

    sold = {line.ref: (line.ordered, line.sold, line.fulfilled) for line in seen.lines if line.ordered}
    assert sold == {line.ref: (line.ordered, line.sold, line.fulfilled) for line in fresh.lines if line.ordered}
    assert all(line.sold == 0 for line in seen.lines if not line.ordered)


FIELDS = ["id", "productId", "combinationId", "quantity", "items", "paymentStatus", "fulfillmentStatus", "sku", "name",
          "createTimestamp", "updateDate", "compositeComponents", "selectedOptions", "type", "value"]  # fmt: skip
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["PAID", "K", "CHOICE"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=15,
)


@given(JSON, st.lists(JSON, max_size=3), JSON)
def test_whatever_comes_is_a_snapshot_or_no_order(payload: Any, items: list[Any], seconds: Any) -> None:
    fields = payload if isinstance(payload, dict) else {"id": "K", "paymentStatus": "PAID"}
    raw = raw_order({"items": items, "createTimestamp": seconds, **fields})
    try:
        seen = orders.snapshot(raw.payload, {}, DEFAULT)
    except BadPayload:
        return
    assert len({line.ref for line in seen.lines}) == len(seen.lines)
    assert all(line.sold >= line.fulfilled >= 0 for line in seen.lines)
    assert all(line.sold == 0 and line.taken == 0 for line in seen.lines if line.problem)


@pytest.mark.parametrize("order_id", ["K" * 121, "#" * 41])
def test_an_id_longer_than_can_be_kept_is_kept_by_its_content(order_id: str) -> None:
    raw = raw_order(order() | {"id": order_id})

    assert raw.ref.startswith("unreadable-")
    assert len(raw.ref) <= 120
    assert raw_order(order() | {"id": "K" * 120}).ref == "K" * 120
