"""Orders: what the ledger must hold, and what Amazon took off its own number."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import BadPayload, KnownLine, OrderSnapshot, OrderState
from channels.platforms.amazon import order_feed
from channels.platforms.amazon.orders import Habits, raw_order, snapshot
from channels.platforms.amazon.platform import AmazonPlatform
from sandbox.amazon import AmazonSimulator, Wanted
from tests.amazon_models import model, needs_models
from tests.channels.promises.contract import LONG_AGO

KEEPS = Habits(gives_back_on_cancel=False)
GIVES = Habits()


def order(status: str | None, *items: dict[str, Any], by: str | None = "MERCHANT") -> dict[str, Any]:
    """Return an order as the API of 2026 documents it."""
    fulfilment = {"fulfillmentStatus": status, "fulfilledBy": by}
    return {
        "orderId": "171-9876543-2109876",
        "createdTime": "2026-11-21T09:00:00Z",
        "lastUpdatedTime": "2026-11-21T09:15:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1PA6795UKMFR9"},
        "buyer": {"buyerName": "Maria Silva Santos"},
        "fulfillment": {name: value for name, value in fulfilment.items() if value is not None},
        "orderItems": list(items) or [item(2, 0, 2)],
    }


def item(ordered: object, shipped: int | None = None, unshipped: int | None = None, **more: Any) -> dict[str, Any]:
    counted = {"quantityFulfilled": shipped, "quantityUnfulfilled": unshipped}
    return {
        "orderItemId": "17198765432109",
        "quantityOrdered": ordered,
        "product": {"asin": "B08N5WRWNW", "title": "Echo Dot", "sellerSku": "ECHO"},
        "fulfillment": {name: value for name, value in counted.items() if value is not None},
        **more,
    }


def read(payload: dict[str, Any], known: dict[str, KnownLine] | None = None, habits: Habits = GIVES) -> OrderSnapshot:
    return snapshot(raw_order(payload).payload, known or {}, habits)


@pytest.mark.parametrize(
    ("status", "told", "state", "sold", "fulfilled", "taken"),
    [
        # Nothing waits for shipment while the payment is open, and yet the units are gone from the listing.
        ("PENDING", (2, 0, 0), OrderState.OPEN, 2, 0, 2),
        ("PENDING_AVAILABILITY", (2, None, None), OrderState.OPEN, 2, 0, 2),
        ("UNSHIPPED", (2, 0, 2), OrderState.OPEN, 2, 0, 2),
        ("UNSHIPPED", (2, None, None), OrderState.OPEN, 2, 0, 2),
        ("UNSHIPPED", (2, 0, 0), OrderState.OPEN, 2, 0, 2),
        ("PARTIALLY_SHIPPED", (5, 2, 3), OrderState.OPEN, 5, 2, 5),
        ("PARTIALLY_SHIPPED", (5, 2, 1), OrderState.OPEN, 3, 2, 3),
        ("SHIPPED", (2, 2, 0), OrderState.FULFILLED, 2, 2, 2),
        ("SHIPPED", (3, 2, 0), OrderState.FULFILLED, 2, 2, 2),
        ("SHIPPED", (2, None, None), OrderState.FULFILLED, 2, 2, 2),
        ("CANCELLED", (2, 0, 0), OrderState.CANCELLED, 0, 0, 0),
        ("CANCELLED", (0, 0, 0), OrderState.CANCELLED, 0, 0, 0),
    ],
)
def test_each_status(
    status: str, told: tuple[int, int | None, int | None], state: OrderState, sold: int, fulfilled: int, taken: int
) -> None:
    found = read(order(status, item(*told)))
    [line] = found.lines

    assert (found.state, line.sold, line.fulfilled, line.taken, line.problem) == (state, sold, fulfilled, taken, "")
    assert (line.variant_ref, line.product_ref, found.number) == ("ECHO", "ECHO", "171-9876543-2109876")


@pytest.mark.parametrize("shown", [0, 2])
def test_units_that_amazon_does_not_give_back_stay_taken(shown: int) -> None:
    known = {"17198765432109": KnownLine(ref="17198765432109", ordered=2, sold=2, taken=2)}

    [line] = read(order("CANCELLED", item(shown, 0, 0)), known, KEEPS).lines

    assert (line.sold, line.taken) == (0, 2)


def test_one_line_that_was_cancelled_beside_one_that_was_not() -> None:
    other = {**item(3, 0, 3), "orderItemId": "2"}

    first, second = read(order("UNSHIPPED", item(2, 0, 0), other)).lines

    assert ((first.sold, first.taken), (second.sold, second.taken)) == ((0, 0), (3, 3))


def test_what_amazon_ships_sells_nothing_of_ours() -> None:
    found = read(order("UNSHIPPED", by="AMAZON"))

    assert (found.lines, found.status) == ((), "Unshipped, fulfilled by Amazon")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (order("UNSHIPPED", item(2, 0, 2, product={"asin": "B08N5WRWNW"})), "which SKU"),
        (order("UNSHIPPED", item("two")), "no whole number"),
        (order("UNSHIPPED", item(-1)), "no whole number"),
        (order("UNSHIPPED", by=None), "who ships it"),
        (order("UNSHIPPED", {**item(2, 0, 2), "orderItemId": None}), "no id"),
    ],
)
def test_a_line_that_can_not_be_booked_says_why(payload: dict[str, Any], words: str) -> None:
    [line] = read(payload).lines

    assert words in line.problem
    assert (line.ordered, line.sold, line.fulfilled, line.taken) == (0, 0, 0, 0)


@pytest.mark.parametrize("payload", [order("LOST"), order(None), {**order("SHIPPED"), "orderId": ""}])
def test_an_order_that_can_not_be_understood_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(BadPayload):
        read(payload)


def test_nothing_of_the_buyer_is_kept() -> None:
    assert "Maria" not in str(raw_order(order("UNSHIPPED")).payload)


statuses = st.sampled_from(["PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"])
counts = st.one_of(st.none(), st.integers(0, 9))


@given(statuses, st.integers(0, 9), counts, counts, st.booleans())
def test_seeing_an_order_twice_changes_nothing(
    status: str, ordered: int, shipped: int | None, unshipped: int | None, gives_back: bool
) -> None:
    habits = Habits(gives_back_on_cancel=gives_back)
    payload = order(status, item(ordered, shipped, unshipped))
    first = read(payload, {}, habits)
    known = {
        line.ref: KnownLine(ref=line.ref, ordered=line.ordered, sold=line.sold, taken=line.taken)
        for line in first.lines
    }

    assert read(payload, known, habits) == first
    for line in first.lines:
        assert 0 <= line.fulfilled <= line.sold <= ordered
        assert line.sold <= line.taken <= ordered


@needs_models
def test_amazons_own_samples_can_be_read() -> None:
    paths = model("orders_2026-01-01")["paths"]
    answers = [
        answer["response"]
        for path in paths.values()
        for answer in path["get"]["responses"]["200"]["x-amzn-api-sandbox"]["static"]
    ]
    orders = [found for answer in answers for found in answer.get("orders", [answer.get("order")]) if found]

    read_all = [read(found) for found in orders]

    assert len(read_all) > 5
    assert {"OPEN", "FULFILLED"} <= {found.state.name for found in read_all}
    assert not any(line.problem for found in read_all for line in found.lines)


# From the simulator -------------------------------------------------------------------------------------------------


def test_all_pages_of_the_merchants_orders(
    sim: AmazonSimulator, platform: AmazonPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_feed, "PAGE", 2)
    sim.add_item("TEE", quantity=50)
    sim.add_item("LAMP", held=5)
    mine = [sim.buy("TEE").id for _ in range(5)]
    theirs = sim.buy("LAMP").id

    pages = list(platform.order_pages(since=LONG_AGO))

    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(raw.ref for page in pages for raw in page) == sorted(mine)
    assert theirs not in {raw.ref for page in pages for raw in page}


def test_an_orders_life(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.options.pending_seconds = 1800.0
    sim.add_item("TEE", quantity=50)
    sim.add_item("CAP", quantity=50)
    placed = sim.buy(lines=[Wanted(sku="TEE", quantity=3), Wanted(sku="CAP", quantity=2)])
    tee, cap = placed.items

    def now() -> list[tuple[int, int, int]]:
        raw = platform.fetch_orders([placed.id])[placed.id]
        assert raw is not None
        return [(line.sold, line.fulfilled, line.taken) for line in platform.snapshot(raw.payload, {}).lines]

    told = [now()]
    sim.confirm(placed.id)
    told.append(now())
    sim.ship(placed.id, {tee.id: 2})
    told.append(now())
    sim.cancel(placed.id, [cap.id])
    told.append(now())
    sim.ship(placed.id)
    told.append(now())

    assert told == [
        [(3, 0, 3), (2, 0, 2)],
        [(3, 0, 3), (2, 0, 2)],
        [(3, 2, 3), (2, 0, 2)],
        [(3, 2, 3), (0, 0, 0)],
        [(3, 3, 3), (0, 0, 0)],
    ]
    assert (sim.quantity_of("TEE"), sim.quantity_of("CAP")) == (47, 50)


def test_of_two_lines_with_one_id_the_second_waits_for_a_person() -> None:
    found = read(order("UNSHIPPED", item(2, 0, 2), item(1, 0, 1), item(1, 0, 1)))

    assert [(line.ref, line.sold, line.taken, bool(line.problem)) for line in found.lines] == [
        ("17198765432109", 2, 2, False),
        ("17198765432109#2", 0, 0, True),
        ("17198765432109#3", 0, 0, True),
    ]
    assert found.lines[1].problem == "Another line of the order has the same id."


def test_a_time_at_the_edge_of_the_calendar_is_none() -> None:
    told = order("UNSHIPPED") | {
        "createdTime": "0001-01-01T00:00:00+01:00",
        "lastUpdatedTime": "9999-12-31T23:59:59-01:00",
    }

    found = read(told)

    assert (found.placed_at, found.changed_at, raw_order(told).changed_at) == (None, None, None)


@pytest.mark.parametrize(("status", "by"), [("UNSHIPPED", "AMAZON"), ("UNFULFILLABLE", "MERCHANT")])
def test_an_order_that_is_ours_no_more_gives_back_what_was_booked_of_it(status: str, by: str) -> None:
    ours = read(order("UNSHIPPED", item(2, 0, 2)))
    known = {line.ref: KnownLine(ref=line.ref, ordered=2, sold=2, taken=2) for line in ours.lines}

    found = read(order(status, item(2, 0, 2), by=by), known)

    assert [(line.ref, line.ordered, line.sold, line.taken) for line in found.lines] == [("17198765432109", 0, 0, 0)]
    assert read(order(status, item(2, 0, 2), by=by)).lines == ()
