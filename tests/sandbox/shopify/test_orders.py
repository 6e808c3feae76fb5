"""What a sale, a shipment, a cancellation and each kind of refund do to the quantities."""

from __future__ import annotations

import pytest

from sandbox.refusals import OutOfStock
from sandbox.shopify import ShopifySimulator
from sandbox.shopify.orders import Given
from tests.sandbox.shopify.conftest import Admin

ORDER = """query($id: ID!) { order(id: $id) {
  name test confirmed cancelledAt displayFulfillmentStatus
  lineItems(first: 9) { nodes { quantity currentQuantity unfulfilledQuantity variant { id } } }
  fulfillmentOrders(first: 9) { nodes { status assignedLocation { location { id } }
    lineItems(first: 9) { nodes { remainingQuantity totalQuantity } } } }
  refunds(first: 9) { note refundLineItems(first: 9) { nodes {
    quantity restockType restocked location { id } lineItem { id } } } }
} }"""


def numbers(shop: ShopifySimulator, place: int = 0) -> tuple[int, int, int]:
    """Return (available, committed, on hand) of the TEE."""
    level = shop.level("TEE", list(shop.shop.locations)[place])
    assert level is not None
    return level.available, level.quantities["committed"], level.on_hand


def test_a_sale_commits_and_a_shipment_takes(shop: ShopifySimulator) -> None:
    order = shop.buy("TEE", quantity=3)
    sold = numbers(shop)
    shop.ship(order.id, {order.lines[0].id: 2})
    part = numbers(shop), order.fulfilment_status
    shop.ship(order.id)

    assert sold == (7, 3, 10)
    assert part == ((7, 1, 8), "PARTIALLY_FULFILLED")
    assert (numbers(shop), order.fulfilment_status) == ((7, 0, 7), "FULFILLED")


@pytest.mark.parametrize(("restock", "after"), [(True, (10, 0, 10)), (False, (7, 0, 7))])
def test_cancelling_restocks_or_writes_off(
    shop: ShopifySimulator, admin: Admin, restock: bool, after: tuple[int, int, int]
) -> None:
    order = shop.buy("TEE", quantity=3)
    shop.cancel(order.id, restock=restock)
    shown = admin.ask(ORDER, id=f"gid://shopify/Order/{order.id}")["order"]

    assert numbers(shop) == after
    assert shown["cancelledAt"] is not None
    assert shown["fulfillmentOrders"]["nodes"][0]["status"] == "CLOSED"
    assert shown["lineItems"]["nodes"][0]["quantity"] == 3
    assert shown["lineItems"]["nodes"][0]["currentQuantity"] == 0
    refunded = shown["refunds"][0]["refundLineItems"]["nodes"][0]
    assert shown["refunds"][0]["note"] == "Order canceled"
    assert (refunded["restockType"], refunded["restocked"]) == ("CANCEL" if restock else "NO_RESTOCK", restock)
    with pytest.raises(ValueError, match="cancelled already"):
        shop.cancel(order.id)


def test_each_restock_type_moves_what_it_says(shop: ShopifySimulator) -> None:
    order = shop.buy("TEE", quantity=5)
    line = order.lines[0].id
    shop.ship(order.id, {line: 2})
    before = numbers(shop)
    shop.refund(order.id, Given(line_id=line, quantity=1, restock_type="RETURN"))
    returned = numbers(shop)
    shop.refund(order.id, Given(line_id=line, quantity=1, restock_type="CANCEL"))
    cancelled = numbers(shop)
    shop.refund(order.id, Given(line_id=line, quantity=1, restock_type="NO_RESTOCK"))

    assert before == (5, 3, 8)
    assert returned == (6, 3, 9)
    assert cancelled == (7, 2, 9)
    assert numbers(shop) == (7, 1, 8)
    assert (order.lines[0].quantity, order.lines[0].current, order.remaining(line)) == (5, 2, 1)
    with pytest.raises(ValueError, match="can be refunded"):
        shop.refund(order.id, Given(line_id=line, quantity=2, restock_type="RETURN"), Given(line_id=line, quantity=9))


def test_an_edit_keeps_the_line_and_moves_its_units(shop: ShopifySimulator) -> None:
    order = shop.buy("TEE", quantity=3)
    shop.edit_line(order.id, order.lines[0].id, 5)
    more = numbers(shop)
    shop.edit_line(order.id, order.lines[0].id, 0)

    assert more == (5, 5, 10)
    assert (numbers(shop), order.lines[0].quantity, order.lines[0].current) == ((10, 0, 10), 5, 0)


def test_units_are_split_over_places_and_may_move(shop: ShopifySimulator) -> None:
    _, second = list(shop.shop.locations)
    shop.stock("TEE", second, 4)
    order = shop.buy("TEE", quantity=12)
    split = numbers(shop), numbers(shop, 1)
    shop.orders.move(order.id, second)

    assert split == ((0, 10, 10), (2, 2, 4))
    assert (numbers(shop), numbers(shop, 1)) == ((10, 0, 10), (-8, 12, 4))


def test_a_fulfilment_order_changes_its_place_and_one_that_has_begun_gives_up_the_rest(shop: ShopifySimulator) -> None:
    first, second = list(shop.shop.locations)
    shop.stock("TEE", second, 4)
    order = shop.buy("TEE", quantity=5)
    shop.orders.move(order.id, second)
    whole = [(each.location_id, each.status) for each in order.fulfilment_orders]
    shop.ship(order.id, {order.lines[0].id: 2})
    shop.orders.move(order.id, first)

    assert whole == [(second, "OPEN")]
    assert [(each.location_id, each.status) for each in order.fulfilment_orders] == [
        (second, "CLOSED"),
        (first, "OPEN"),
    ]
    assert (numbers(shop), numbers(shop, 1)) == ((7, 3, 10), (2, 0, 2))


def test_a_cancelled_shipment_waits_where_it_was_or_anew_where_that_is_over(shop: ShopifySimulator) -> None:
    order = shop.buy("TEE", quantity=5)
    line = order.lines[0].id
    shop.ship(order.id, {line: 2})
    shop.orders.cancel_fulfilment(order.id, order.fulfilments[0].id)
    again = [(each.status, each.lines[0].remaining) for each in order.fulfilment_orders]
    shop.ship(order.id)
    shop.orders.cancel_fulfilment(order.id, order.fulfilments[1].id)

    assert again == [("OPEN", 5)]
    assert [(each.status, each.lines[0].remaining) for each in order.fulfilment_orders] == [("CLOSED", 0), ("OPEN", 5)]
    assert numbers(shop) == (5, 5, 10)


def test_shortages_are_refused_unless_the_policy_allows_them(shop: ShopifySimulator) -> None:
    with pytest.raises(OutOfStock, match="Only 10 of Tee"):
        shop.buy("TEE", quantity=11)
    shop.variant("TEE").policy = "CONTINUE"
    shop.buy("TEE", quantity=11)

    assert numbers(shop) == (-1, 11, 10)


def test_what_is_not_counted_or_only_a_test_moves_as_the_shop_says(shop: ShopifySimulator) -> None:
    shop.options.test_orders_take_stock = False
    shop.buy("TEE", test=True)
    shop.set_tracked("TEE", tracked=False)
    shop.buy("TEE", quantity=99)

    assert numbers(shop) == (10, 0, 10)


def test_a_sale_at_a_till_is_handed_over_at_once(shop: ShopifySimulator) -> None:
    place = shop.add_location("Till", fulfils_online=False)
    shop.stock("TEE", place.id, 5)
    order = shop.buy("TEE", location_id=place.id)
    level = shop.level("TEE", place.id)

    assert level is not None
    assert (level.available, level.quantities["committed"], order.fulfilment_status) == (4, 0, "FULFILLED")


def test_routing_may_take_a_while(shop: ShopifySimulator, admin: Admin) -> None:
    shop.options.routing_seconds = 60
    order = shop.buy("TEE", quantity=2)
    shown = admin.ask(ORDER, id=f"gid://shopify/Order/{order.id}")["order"]

    assert shown["fulfillmentOrders"]["nodes"] == []
    assert shown["lineItems"]["nodes"][0]["unfulfilledQuantity"] == 2
