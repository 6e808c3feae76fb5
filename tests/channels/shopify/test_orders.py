"""Orders as snapshots, from payloads as Shopify documents them; and how orders are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.contract import BadPayload, KnownLine, OrderLineSnapshot, OrderState
from channels.platforms.shopify import order_feed
from channels.platforms.shopify.order_payload import raw_order
from channels.platforms.shopify.orders import NO_PLACE, ShopHabits, deleted_snapshot, snapshot
from channels.platforms.shopify.platform import ShopifyPlatform
from channels.platforms.shopify.values import moment
from sandbox.shopify import ShopifySimulator
from sandbox.shopify.cart import Wanted
from sandbox.shopify.orders import Given
from tests.channels.shopify.conftest import operations

LONG_AGO = datetime.now(UTC) - timedelta(days=90)


def line_item(**fields: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/LineItem/91",
        "sku": "TEE-M",
        "name": "Merino tee - M",
        "quantity": 3,
        "currentQuantity": 3,
        "unfulfilledQuantity": 3,
        "variant": {"id": "gid://shopify/ProductVariant/43", "inventoryItem": {"id": "gid://shopify/InventoryItem/53"}},
    } | fields


def share(remaining: int, *, place: str = "7", total: int = 3, status: str = "OPEN") -> dict[str, Any]:
    """Return a fulfilment order with units of the line."""
    line = {"lineItem": {"id": "gid://shopify/LineItem/91"}, "totalQuantity": total, "remainingQuantity": remaining}
    return {
        "status": status,
        "assignedLocation": {"location": {"id": f"gid://shopify/Location/{place}"}},
        "lineItems": {"nodes": [line]},
    }


def shipment(units: int, *, place: str | None = "7", status: str = "SUCCESS") -> dict[str, Any]:
    line = {"lineItem": {"id": "gid://shopify/LineItem/91"}, "quantity": units}
    location = {"id": f"gid://shopify/Location/{place}"} if place else None
    return {"status": status, "location": location, "fulfillmentLineItems": {"nodes": [line]}}


def refund(units: int, kind: str, *, place: str | None = None) -> dict[str, Any]:
    line = {
        "lineItem": {"id": "gid://shopify/LineItem/91"},
        "quantity": units,
        "restockType": kind,
        "restocked": kind != "NO_RESTOCK",
        "location": {"id": f"gid://shopify/Location/{place}"} if place else None,
    }
    return {"refundLineItems": {"nodes": [line]}}


def payload(**fields: Any) -> dict[str, Any]:
    """Return an order of three units, all of them to be shipped from location 7."""
    lines = fields.pop("lines", [line_item()])
    shares = fields.pop("shares", [share(3)])
    order = {
        "id": "gid://shopify/Order/5551",
        "name": "#1001",
        "test": False,
        "confirmed": True,
        "createdAt": "2026-11-20T09:00:00Z",
        "updatedAt": "2026-11-20T09:00:05Z",
        "cancelledAt": None,
        "closedAt": None,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "refunds": [],
        "fulfillments": [],
        "lineItems": {"nodes": lines},
        "fulfillmentOrders": {"nodes": shares},
    } | fields
    return dict(raw_order(order).payload)


def numbers(lines: tuple[OrderLineSnapshot, ...]) -> list[tuple[str, int, int, int]]:
    """Return (ref, sold, fulfilled, taken) of each line."""
    return [(line.ref, line.sold, line.fulfilled, line.taken) for line in lines]


def test_an_order_as_it_comes_in() -> None:
    order = snapshot(payload(), {}, ShopHabits())

    assert (order.ref, order.number, order.state, order.status) == ("5551", "#1001", "open", "PAID / UNFULFILLED")
    assert order.changed_at == datetime(2026, 11, 20, 9, 0, 5, tzinfo=UTC)
    assert order.lines == (
        OrderLineSnapshot(
            ref="91@7",
            variant_ref="43@7",
            product_ref="53",
            sku="TEE-M",
            title="Merino tee - M",
            ordered=3,
            sold=3,
            fulfilled=0,
            taken=3,
            is_held=True,
        ),
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # What the reference page calls wrong: 3 ordered, 2 shipped, 1 of these returned; one is still to ship.
        (
            {"shares": [share(1)], "fulfillments": [shipment(2)], "refunds": [refund(1, "RETURN", place="7")]},
            [("91@7", 2, 1, 2)],
        ),
        ({"shares": [share(0, status="CLOSED")], "refunds": [refund(3, "CANCEL", place="7")]}, [("91@7", 0, 0, 0)]),
        ({"shares": [share(0, status="CLOSED")], "refunds": [refund(3, "NO_RESTOCK")]}, [("91@7", 3, 3, 3)]),
        ({"shares": [share(2)], "refunds": [refund(1, "LEGACY_RESTOCK", place="7")]}, [("91@7", 2, 0, 2)]),
        # Put back on sale elsewhere: given back there, and here only by us.
        (
            {"shares": [share(2)], "refunds": [refund(1, "CANCEL", place="8")]},
            [("91@7", 2, 0, 3), ("91@8", 0, 0, -1)],
        ),
        # Shipped goods on another shelf: gone from here, received there.
        (
            {"shares": [share(0)], "fulfillments": [shipment(3)], "refunds": [refund(1, "RETURN", place="8")]},
            [("91@7", 3, 3, 3), ("91@8", 0, 0, -1)],
        ),
        # Refunded and kept by the buyer.
        (
            {"shares": [share(0)], "fulfillments": [shipment(3)], "refunds": [refund(2, "NO_RESTOCK")]},
            [("91@7", 3, 3, 3)],
        ),
        ({"shares": [share(1), share(2, place="8")]}, [("91@7", 1, 0, 1), ("91@8", 2, 0, 2)]),
        ({"fulfillments": [shipment(2, status="CANCELLED")]}, [("91@7", 3, 0, 3)]),
        ({"shares": [share(0)], "fulfillments": [shipment(3, place=None)]}, [("91@7", 3, 3, 3)]),
        # An edit took one out and left no refund: it went back on sale.
        ({"lines": [line_item(currentQuantity=2)], "shares": [share(2)]}, [("91@7", 2, 0, 2)]),
        ({"confirmed": False}, [("91@7", 3, 0, 0)]),
        ({"test": True}, [("91@7", 0, 0, 3)]),
    ],
)
def test_what_happened_to_a_line(fields: dict[str, Any], expected: list[tuple[str, int, int, int]]) -> None:
    assert numbers(snapshot(payload(**fields), {}, ShopHabits()).lines) == expected


def test_shipped_goods_on_another_shelf_are_received_there() -> None:
    one_too_many = [refund(3, "RETURN", place="8")]
    split = payload(
        shares=[share(0), share(0, place="8")],
        fulfillments=[shipment(2), shipment(1, place="8")],
        refunds=one_too_many,
    )

    lines = {line.ref: (line.sold, line.fulfilled, line.returned, line.taken) for line in snapshot_of(split)}
    test = snapshot_of({**split, "test": True})

    # One of the three had left from there: that one is simply back.
    assert lines == {"91@7": (2, 2, 0, 2), "91@8": (0, 0, 2, -2)}
    assert {line.returned for line in test} == {0}


def snapshot_of(order: dict[str, Any]) -> tuple[OrderLineSnapshot, ...]:
    return snapshot(order, {}, ShopHabits()).lines


def test_the_merchants_habits_decide_what_the_order_leaves_open() -> None:
    unrestocked = payload(shares=[share(0, status="CLOSED")], refunds=[refund(3, "NO_RESTOCK")])

    sellable = snapshot(unrestocked, {}, ShopHabits.of({"unrestocked_units": "sellable"}))
    test = snapshot(payload(test=True), {}, ShopHabits.of({"test_orders_take_stock": "no"}))

    assert numbers(sellable.lines) == [("91@7", 0, 0, 3)]
    assert numbers(test.lines) == [("91@7", 0, 0, 0)]


def test_states() -> None:
    def state(**fields: Any) -> OrderState:
        return snapshot(payload(**fields), {}, ShopHabits()).state

    gone = {"shares": [share(0, status="CLOSED")], "refunds": [refund(3, "CANCEL", place="7")]}
    assert state(**gone, cancelledAt="2026-11-20T10:00:00Z") == OrderState.CANCELLED
    assert state(shares=[share(0)], fulfillments=[shipment(3)]) == OrderState.FULFILLED
    assert state(shares=[share(1)], fulfillments=[shipment(2)]) == OrderState.OPEN


def known(ref: str, sold: int, taken: int) -> dict[str, KnownLine]:
    return {ref: KnownLine(ref=ref, ordered=sold, sold=sold, taken=taken)}


def test_an_order_that_is_not_routed_yet_waits_with_a_sentence() -> None:
    unrouted = payload(shares=[])

    [line] = snapshot(unrouted, {}, ShopHabits()).lines
    [again] = snapshot(unrouted, known("91@7", 3, 3), ShopHabits()).lines

    assert (line.ref, line.problem, line.sold) == ("91", NO_PLACE, 0)
    # What is booked stays as it is where nothing better is known.
    assert (again.ref, again.problem) == ("91@7", NO_PLACE)


def test_a_line_that_moved_gives_back_where_it_was() -> None:
    moved = payload(shares=[share(3, place="8")])

    assert numbers(snapshot(moved, known("91@7", 3, 3), ShopHabits()).lines) == [("91@8", 3, 0, 3), ("91@7", 0, 0, 0)]


def test_a_line_without_a_variant_goes_on_as_it_was_booked_or_holds_nothing() -> None:
    nameless = payload(lines=[line_item(variant=None)], shares=[share(0)], fulfillments=[shipment(3)])

    [tip] = snapshot(nameless, {}, ShopHabits()).lines
    [deleted] = snapshot(nameless, known("91@7", 3, 3), ShopHabits()).lines

    assert (tip.sold, tip.problem, tip.title) == (0, "", "Merino tee - M")
    assert numbers((deleted,)) == [("91@7", 3, 3, 3)]


def test_a_deleted_order_leaves_what_had_shipped() -> None:
    part = payload(shares=[share(1)], fulfillments=[shipment(2)])

    order = deleted_snapshot(part, known("91@7", 3, 3))

    assert (order.state, numbers(order.lines)) == (OrderState.DELETED, [("91@7", 2, 2, 3)])


def test_what_can_not_be_read_is_said() -> None:
    [line] = snapshot(payload(lines=[line_item(quantity="three")]), {}, ShopHabits()).lines

    assert (line.ref, line.problem) == ("91", "The line's id or quantity can't be read.")
    for broken in ({"id": None}, {"lineItems": None}, {"refunds": None}):
        with pytest.raises(BadPayload):
            payload(**broken)
    with pytest.raises(BadPayload):
        snapshot({"id": "gid://shopify/Order/1"}, {}, ShopHabits())


# Against a running shop -------------------------------------------------------------------------------------------


def test_long_orders_are_read_as_a_whole(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.add_product(sku="TEE", quantity=500)
    variant = shop.variant("TEE").id
    order = shop.buy(lines=[Wanted(variant_id=variant, quantity=2) for _ in range(45)])
    shop.ship(order.id, {line.id: 1 for line in order.lines})
    shop.refund(order.id, *(Given(line_id=line.id, quantity=1, restock_type="RETURN") for line in order.lines))

    raw = platform.fetch_orders([str(order.id)])[str(order.id)]
    assert raw is not None
    lines = platform.snapshot(raw.payload, {}).lines

    assert len(lines) == 45
    assert {(line.sold, line.fulfilled, line.taken) for line in lines} == {(1, 0, 1)}
    assert {"MoreLines", "MoreShareLines", "MoreShipmentLines", "MoreRefundLines"} <= set(operations(shop))


def test_orders_split_over_many_places_are_read_as_a_whole(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.add_product(sku="TEE", quantity=1)
    for number in range(12):
        shop.stock("TEE", shop.add_location(f"Place {number}").id, 1)
    order = shop.buy("TEE", quantity=13)

    raw = platform.fetch_orders([str(order.id)])[str(order.id)]
    assert raw is not None

    assert len(platform.snapshot(raw.payload, {}).lines) == 13
    assert "MoreShares" in operations(shop)


def test_the_poll_reads_every_page_and_begins_again_behind_the_furthest(
    shop: ShopifySimulator, platform: ShopifyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_feed, "PAGE_SIZES", (3, 1))
    monkeypatch.setattr(order_feed, "FURTHEST", 6)
    shop.add_product(sku="TEE", quantity=500)
    now = shop.options.clock()
    moments = iter(range(100))
    shop.options.clock = lambda: now - 1000 + next(moments)
    orders = [str(shop.buy("TEE").id) for _ in range(10)]
    shop.options.clock = lambda: now

    found = [raw.ref for page in platform.order_pages(since=LONG_AGO) for raw in page]
    queries = [call.body.decode() for call in shop.requests if b"updated_at" in call.body]

    assert set(found) == set(orders)
    assert len({query.partition("updated_at:>=")[2][:26] for query in queries}) == 2
    shop.options.clock = type(shop.options)().clock
    assert list(platform.order_pages(since=datetime.now(UTC) + timedelta(hours=1))) == []


def test_an_event_of_a_fulfilment_order_leads_to_its_order(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.add_product(sku="TEE", quantity=5)
    order = shop.buy("TEE")
    share_ref = f"fo{order.fulfilment_orders[0].id}"

    found = platform.fetch_orders([share_ref, "fo1", "12", "nonsense"])

    assert {ref: raw and raw.ref for ref, raw in found.items()} == {
        share_ref: str(order.id),
        "fo1": None,
        "12": None,
        "nonsense": None,
    }
    shop.orders.delete(order.id)
    assert platform.fetch_orders([str(order.id)]) == {str(order.id): None}


def test_an_order_with_too_many_refunds_is_not_read_in_part(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.add_product(sku="TEE", quantity=100)
    order = shop.buy("TEE", quantity=60)
    for _ in range(50):
        shop.refund(order.id, Given(line_id=order.lines[0].id, quantity=1, restock_type="CANCEL"))

    with pytest.raises(BadPayload, match="50 or more refunds"):
        platform.fetch_orders([str(order.id)])


@pytest.mark.parametrize("told", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "soon", "2026-11-20", None])
def test_a_time_that_can_t_be_read_is_none(told: str | None) -> None:
    assert moment(told) is None
