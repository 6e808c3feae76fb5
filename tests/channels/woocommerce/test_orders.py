"""Orders as snapshots: what the ledger must hold for each line, and what WooCommerce took."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import BadPayload, KnownLine, OrderLineSnapshot, OrderSnapshot, OrderState
from channels.platforms.woocommerce.orders import StoreHabits, deleted_snapshot, raw_order, snapshot

Json = dict[str, Any]
HABITS = StoreHabits()
RETURNS = StoreHabits.of({"cancelled_after_completed": "returns"})


def line(number: int = 3, quantity: Any = 2, taken: Any = None, returned: Any = None, **fields: Any) -> Json:
    meta = [{"id": 1, "key": "engraving", "value": "To Aoife", "display_key": "Engraving"}]
    for key, value in (("_reduced_stock", taken), ("_restock_refunded_items", returned)):
        if value is not None:
            meta.append({"id": 2, "key": key, "value": str(value), "display_key": key})
    return {
        "id": number,
        "name": "Blue Mug",
        "product_id": 14,
        "variation_id": 0,
        "quantity": quantity,
        "sku": "MUG-BLUE",
        "total": "25.00",
        "meta_data": meta,
        **fields,
    }


def order(status: str, *lines: Json, completed: bool = False, paid: bool = False, **fields: Any) -> Json:
    return {
        "id": 44,
        "number": "44",
        "status": status,
        "date_created_gmt": "2026-11-21T05:11:05",
        "date_modified_gmt": "2026-11-21T05:11:06",
        "date_completed_gmt": "2026-11-21T05:11:05" if completed else None,
        "date_paid_gmt": "2026-11-21T05:11:05" if paid else None,
        "billing": {"first_name": "Aoife", "email": "aoife@example.com"},
        "line_items": list(lines),
        "meta_data": [],
        **fields,
    }


def read(payload: Json, habits: StoreHabits = HABITS, known: dict[str, KnownLine] | None = None) -> OrderSnapshot:
    return snapshot(raw_order(payload).payload, known or {}, habits)


def numbers(found: OrderLineSnapshot) -> tuple[int, int, int, int]:
    """Return (ordered, sold, fulfilled, taken)."""
    return found.ordered, found.sold, found.fulfilled, found.taken


@pytest.mark.parametrize(
    ("payload", "state", "expected"),
    [
        # Nothing is taken before it is paid for or promised.
        (order("pending", line()), "open", (2, 0, 0, 0)),
        (order("checkout-draft", line()), "open", (2, 0, 0, 0)),
        (order("on-hold", line(taken=2)), "open", (2, 2, 0, 2)),
        (order("processing", line(taken=2)), "open", (2, 2, 0, 2)),
        # Sold all the same, and taken by us.
        (order("processing", line()), "open", (2, 2, 0, 0)),
        (order("completed", line(taken=2), completed=True), "fulfilled", (2, 2, 2, 2)),
        (order("delivered", line(taken=2)), "fulfilled", (2, 2, 2, 2)),
        (order("cancelled", line()), "cancelled", (2, 0, 0, 0)),
        # Tracking was off when it was cancelled: WooCommerce has put nothing back.
        (order("cancelled", line(taken=2)), "cancelled", (2, 0, 0, 2)),
        # Before 11.0 a failed order kept its units.
        (order("failed", line(taken=2)), "cancelled", (2, 0, 0, 2)),
        (order("failed", line()), "cancelled", (2, 0, 0, 0)),
        # It had left: only a person can say that the goods are back.
        (order("cancelled", line(), completed=True), "cancelled", (2, 2, 2, 0)),
        # Refunded with one unit put back, before and after it was sent.
        (order("processing", line(taken=1, returned=1)), "open", (2, 1, 0, 1)),
        (order("completed", line(taken=1, returned=1), completed=True), "fulfilled", (2, 1, 1, 1)),
        # Refunded whole: by its lines, by status alone, and more than was ordered.
        (order("refunded", line(taken=0, returned=2)), "fulfilled", (2, 0, 0, 0)),
        (order("refunded", line(taken=2)), "fulfilled", (2, 2, 2, 2)),
        (order("refunded", line(taken=-7, returned=9)), "fulfilled", (2, 0, 0, -7)),
        # A plugin's own status counts once it is paid for, or WooCommerce took stock for it.
        (order("wc-packing", line(taken=2)), "open", (2, 2, 0, 2)),
        (order("packing", line(), paid=True), "open", (2, 2, 0, 0)),
        (order("quote", line()), "open", (2, 0, 0, 0)),
        # In the trash WooCommerce gives nothing back.
        (order("trash", line(taken=2)), "deleted", (0, 0, 0, 2)),
        (order("trash", line(taken=2), completed=True), "deleted", (0, 2, 2, 2)),
        (
            order("trash", line(taken=2), meta_data=[{"key": "_wp_trash_meta_status", "value": "wc-refunded"}]),
            "deleted",
            (0, 2, 2, 2),
        ),
        (
            order(
                "trash",
                line(taken=2),
                completed=True,
                meta_data=[{"key": "_wp_trash_meta_status", "value": "wc-processing"}],
            ),
            "deleted",
            (0, 0, 0, 2),
        ),
    ],
)
def test_each_status_says_what_is_held(payload: Json, state: str, expected: tuple[int, ...]) -> None:
    found = read(payload)

    assert (found.state, numbers(found.lines[0])) == (state, expected)


def test_a_merchant_may_say_that_cancelled_goods_are_back() -> None:
    payload = order("cancelled", line(), completed=True)

    assert numbers(read(payload, RETURNS).lines[0]) == (2, 0, 0, 0)


def test_a_line_that_was_removed_holds_nothing() -> None:
    known = {"9": KnownLine(ref="9", ordered=3, sold=3, taken=3, is_held=True)}

    found = read(order("processing", line(taken=2)), known=known)

    assert {each.ref: numbers(each) for each in found.lines} == {"3": (2, 2, 0, 2), "9": (0, 0, 0, 0)}


def test_several_lines_of_one_product_stay_apart() -> None:
    found = read(order("processing", line(3, 1, taken=1), line(4, 2, taken=2)))

    assert [(each.ref, each.variant_ref, each.taken) for each in found.lines] == [("3", "p14", 1), ("4", "p14", 2)]


@pytest.mark.parametrize(
    ("fields", "variant_ref", "product_ref"),
    [
        ({"product_id": 26, "variation_id": 34}, "p26-v34", "26"),
        # The product was deleted, then the variation alone.
        ({"product_id": 0, "variation_id": 0, "sku": None}, "", ""),
        ({"product_id": 26, "variation_id": 0}, "p26", "26"),
    ],
)
def test_a_line_names_what_was_sold_as_far_as_it_can(fields: Json, variant_ref: str, product_ref: str) -> None:
    [found] = read(order("processing", line(taken=2, **fields))).lines

    assert (found.variant_ref, found.product_ref, found.sold, found.problem) == (variant_ref, product_ref, 2, "")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (line(quantity=1.5), "quantity is 1.5"),
        (line(quantity="two"), "quantity is two"),
        (line(quantity=-1), "quantity is -1"),
        (line(taken="0.5"), "_reduced_stock"),
        (line(number=None), "no usable id"),  # type: ignore[arg-type]
        ("text", "not readable"),
    ],
)
def test_a_line_that_can_not_be_booked_says_why_and_holds_up_no_other(broken: Any, words: str) -> None:
    bad, good = read(order("processing", broken, line(8, 2, taken=2))).lines

    assert words in bad.problem
    assert numbers(bad) == (0, 0, 0, 0)
    assert (good.problem, numbers(good)) == ("", (2, 2, 0, 2))


@pytest.mark.parametrize("broken", [{}, {"id": 44}, {"id": 44, "status": "processing"}, {"id": 0, "status": "x"}])
def test_what_is_no_order_is_refused_and_still_kept(broken: Json) -> None:
    raw = raw_order(broken)

    assert raw.ref
    with pytest.raises(BadPayload):
        snapshot(raw.payload, {}, HABITS)


def test_nothing_of_the_buyer_is_kept() -> None:
    kept = json.dumps(raw_order(order("processing", line(taken=2))).payload)

    assert "Aoife" not in kept
    assert "billing" not in kept


def test_deleted_for_good_gives_back_what_had_not_left() -> None:
    known = {"3": KnownLine(ref="3", ordered=2, sold=2, taken=2, is_held=True)}

    open_ = deleted_snapshot(raw_order(order("processing", line(taken=2))).payload, known, HABITS)
    sent = deleted_snapshot(raw_order(order("completed", line(taken=2), completed=True)).payload, known, HABITS)

    assert open_.state == sent.state == OrderState.DELETED
    assert [numbers(each) for each in open_.lines] == [(0, 0, 0, 2)]
    assert [numbers(each) for each in sent.lines] == [(0, 2, 2, 2)]


def test_times_are_read_as_utc() -> None:
    found = read(order("processing"))

    assert [moment and moment.isoformat() for moment in (found.placed_at, found.changed_at)] == [
        "2026-11-21T05:11:05+00:00",
        "2026-11-21T05:11:06+00:00",
    ]
    assert read(order("processing", date_modified_gmt="soon")).changed_at is None
    assert read(order("processing", date_modified_gmt="0001-01-01T00:00:00+01:00")).changed_at is None


@given(
    status=st.sampled_from(
        ["pending", "on-hold", "processing", "completed", "cancelled", "refunded", "failed", "trash", "packing"]
    ),
    quantity=st.integers(0, 20),
    returned=st.integers(0, 25),
    reduces=st.booleans(),
    completed=st.booleans(),
    paid=st.booleans(),
)
def test_no_more_is_sold_than_was_ordered_and_no_more_shipped_than_sold(
    status: str, quantity: int, returned: int, reduces: bool, completed: bool, paid: bool
) -> None:
    taken = quantity - returned if reduces else None
    payload = order(status, line(3, quantity, taken, returned or None), completed=completed, paid=paid)
    [found] = read(payload).lines
    known = {"3": KnownLine(ref="3", ordered=found.ordered, sold=found.sold, taken=found.taken, is_held=found.is_held)}

    assert 0 <= found.fulfilled <= found.sold <= quantity
    assert found.taken == (taken or 0)
    assert read(payload, known=known).lines == (found,)


def test_recorded_orders_account_for_every_unit_of_the_recorded_products() -> None:
    """Start less what the snapshots say was taken is what the real store showed, at every reading."""
    folder = os.environ.get("EVENKEEL_CONTRACTS")
    path = Path(folder or ".").parent / "recordings" / "woocommerce" / "05-orders-and-stock.json"
    if not folder or not path.is_file():
        pytest.skip("needs the recordings of a real store beside the folder that EVENKEEL_CONTRACTS names")
    start, taken = {14: 40, 15: 3, 17: 1, 26: 20, 29: 10, 30: 10, 31: 10}, Counter[int]()
    known: dict[str, dict[str, KnownLine]] = {}
    holders: dict[tuple[str, str], int] = {}  # a line that is gone keeps the listing it was booked on
    # Set by hand between two recorded exchanges, which no order tells.
    by_hand = {"more than in stock through the API": 2, "quantity 1.5": 40}
    readings = 0
    for exchange in json.loads(path.read_text())["exchanges"]:
        body = exchange["response"].get("body")
        if exchange["name"] in by_hand:
            start[14] = by_hand[exchange["name"]] + taken[14]
        if isinstance(body, dict) and "line_items" in body and "billing" in body:
            found = read(body, known=known.get(str(body["id"]), {}))
            before = known.setdefault(str(body["id"]), {})
            for each in found.lines:
                holder = holders.setdefault((found.ref, each.ref), holder_of(each.variant_ref))
                taken[holder] += each.taken - (before[each.ref].taken if each.ref in before else 0)
                before[each.ref] = KnownLine(
                    ref=each.ref, ordered=each.ordered, sold=each.sold, taken=each.taken, is_held=each.is_held
                )
        elif isinstance(body, dict) and body.get("id") in start and exchange["request"]["method"] == "GET":
            readings += 1
            assert body["stock_quantity"] == start[body["id"]] - taken[body["id"]], exchange["name"]

    assert readings >= 30


def holder_of(variant_ref: str) -> int:
    product, _, variation = variant_ref.removeprefix("p").partition("-v")
    # The hat's variations sell from their product.
    return int((variation if variation and product != "26" else product) or 0)
