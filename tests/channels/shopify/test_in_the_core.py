"""A Shopify shop with two locations in the hands of the core: warehouses stand for them, quantities and orders follow.

The first location stands for DEPOT and has 6 tees, the second for SHOP and has 4.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels import catalog, connect, ingress, mapping, modes
from channels.models import Channel, InboundEvent, Listing, Order, OrderLine
from channels.registry import opened
from inventory.models import Sku, Warehouse
from sandbox.shopify import ShopifySimulator
from sandbox.shopify.orders import Given
from tests import factories
from tests.channels.connected import ConnectedStore
from tests.channels.core.world import adjust, level, no_differences, pass_time, receive
from tests.channels.shopify.conftest import SECRET


class TwoPlaces(ConnectedStore):
    """A connected shop with the locations ``first`` and ``second``, and the warehouses that stand for them."""

    depot: Warehouse
    shop: Warehouse
    first: int
    second: int

    def shows(self, code: str = "TEE") -> tuple[int | None, int | None]:
        """Return what buyers are offered from each location; None where it was never stocked or is switched off."""
        levels = [self.sim.level(code, place) for place in (self.first, self.second)]
        first, second = (each.available if each is not None and each.is_active else None for each in levels)
        return first, second

    def accounted(self, code: str = "TEE") -> tuple[int | None, int | None]:
        found = [self.listing(code, location_ref=str(place)).accounted for place in (self.first, self.second)]
        return found[0], found[1]

    def levels(self, code: str = "TEE") -> tuple[tuple[int, int], tuple[int, int]]:
        """Return (on hand, reserved) of each warehouse."""
        return level(sku(code), self.depot), level(sku(code), self.shop)

    def in_step(self) -> bool:
        """Hear what the shop has told, publish, and tell whether ledger, accounted and shop agree at each location."""
        self.hear()
        self.publish()
        available = tuple(on_hand - reserved for on_hand, reserved in self.levels())
        return self.shows() == self.accounted() == available and no_differences()


def sku(code: str) -> Sku:
    return Sku.objects.get(code=code)


def connected(shop: ShopifySimulator, *, seconds_ago: int = 5) -> TwoPlaces:
    """Connect the shop as a person does: test, choose what stands for what, import, go live.

    ``seconds_ago``: when it began; Shopify's clock tells whole seconds.
    """
    ingress.forget()
    depot, counter = factories.make_warehouse("DEPOT"), factories.make_warehouse("SHOP")
    channel, _ = connect.connect(
        platform="shopify",
        name="North",
        base_url=shop.base_url,
        credentials={"client_id": shop.client_id, "client_secret": SECRET},
        warehouses=[depot],
        actor="user:ana",
        now=timezone.now(),
        mode=Channel.Mode.LIVE,
    )
    Channel.objects.filter(pk=channel.pk).update(started_at=timezone.now() - timedelta(seconds=seconds_ago))
    store = TwoPlaces(shop, Channel.objects.get(pk=channel.pk))
    store.depot, store.shop = depot, counter
    store.first, store.second = list(shop.shop.locations)[:2]
    with opened(channel) as platform:
        catalog.refresh_locations(channel, platform, now=timezone.now())
    modes.set_warehouses(
        channel=channel,
        warehouses=[depot, counter],
        locations={depot.pk: str(store.first), counter.pk: str(store.second)},
        actor="user:ana",
        now=timezone.now(),
    )
    store.subscribe()
    store.import_catalogue()
    return store


@pytest.fixture
def store(db: None, shop: ShopifySimulator) -> TwoPlaces:
    shop.options.sends_webhooks = False
    shop.add_product(name="Tee", sku="TEE", quantity=6)
    shop.stock("TEE", shop.add_location("Shop Street").id, 4)
    factories.make_sku("TEE", on_hand=6, warehouse=factories.make_warehouse("DEPOT"))
    receive(sku("TEE"), 4, warehouse=factories.make_warehouse("SHOP"))
    return connected(shop)


def test_a_shop_is_connected_and_its_locations_are_told(store: TwoPlaces) -> None:
    places = store.channel.locations.order_by("ref").values_list("name", "is_usable")
    listings = Listing.objects.filter(external_sku="TEE")

    assert list(places) == [("Main warehouse", True), ("Shop Street", True)]
    assert {(each.mapping, each.sku) for each in listings} == {("mapped", sku("TEE"))}
    assert (store.accounted(), store.shows(), store.pushed("TEE")) == ((6, 4), (6, 4), [])


def test_a_sale_takes_from_the_warehouse_of_its_location_and_needs_no_push(store: TwoPlaces) -> None:
    store.sim.buy("TEE", quantity=5)
    store.sim.buy("TEE", quantity=2)

    assert store.in_step()
    assert (store.levels(), store.pushed("TEE")) == (((6, 5), (4, 2)), [])


def test_a_sale_that_is_split_takes_from_both(store: TwoPlaces) -> None:
    order = store.sim.buy("TEE", quantity=9)

    assert store.in_step()
    assert store.levels() == ((6, 6), (4, 3))
    assert OrderLine.objects.filter(order__ref=str(order.id)).count() == 2


def test_stock_of_each_warehouse_is_published_at_its_own_location(store: TwoPlaces) -> None:
    adjust(sku("TEE"), -2, warehouse=store.depot)
    receive(sku("TEE"), 5, warehouse=store.shop)

    assert store.in_step()
    assert store.shows() == (4, 9)
    assert store.pushed("TEE", location_ref=str(store.first)) == [("applied", -2)]
    assert store.pushed("TEE", location_ref=str(store.second)) == [("applied", 5)]


def test_a_hold_back_is_taken_where_most_is_available(store: TwoPlaces) -> None:
    modes.set_hold_back(units=3, channel=store.channel, actor="user:ana", now=timezone.now())
    store.publish()
    assert store.shows() == (3, 4)

    store.sim.buy("TEE", quantity=3)
    store.hear()
    store.publish()

    assert (store.levels(), store.shows()) == (((6, 3), (4, 0)), (3, 1))


def test_an_order_that_is_shipped_leaves_and_nothing_is_pushed(store: TwoPlaces) -> None:
    order = store.sim.buy("TEE", quantity=9)
    store.sim.ship(order.id)

    assert store.in_step()
    assert (store.levels(), store.pushed("TEE")) == (((0, 0), (1, 0)), [])
    assert Order.objects.get().state == Order.State.FULFILLED


@pytest.mark.parametrize(("restock", "left"), [(True, ((6, 0), (4, 0))), (False, ((1, 0), (4, 0)))])
def test_a_cancelled_order_gives_back_what_was_restocked(
    store: TwoPlaces, restock: bool, left: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    order = store.sim.buy("TEE", quantity=5)
    store.hear()
    store.sim.cancel(order.id, restock=restock)

    assert store.in_step()
    assert (store.levels(), store.pushed("TEE")) == (left, [])


@pytest.mark.parametrize(
    ("kind", "shipped", "left"),
    [
        ("CANCEL", 0, ((6, 3), (4, 0))),
        ("NO_RESTOCK", 0, ((4, 3), (4, 0))),
        ("RETURN", 5, ((3, 0), (4, 0))),
        ("NO_RESTOCK", 5, ((1, 0), (4, 0))),
    ],
)
def test_a_refund_with_each_restock_type(
    store: TwoPlaces, kind: str, shipped: int, left: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    order = store.sim.buy("TEE", quantity=5)
    if shipped:
        store.sim.ship(order.id, {order.lines[0].id: shipped})
    store.hear()
    store.sim.refund(order.id, Given(line_id=order.lines[0].id, quantity=2, restock_type=kind))

    assert store.in_step()
    assert (store.levels(), store.pushed("TEE")) == (left, [])


def test_goods_that_come_back_to_another_location_are_received_there(store: TwoPlaces) -> None:
    order = store.sim.buy("TEE", quantity=5)
    store.sim.ship(order.id)
    store.hear()
    store.sim.refund(
        order.id, Given(line_id=order.lines[0].id, quantity=2, restock_type="RETURN", location_id=store.second)
    )

    assert store.in_step()
    assert (store.levels(), store.shows(), store.pushed("TEE")) == (((1, 0), (6, 0)), (1, 6), [])
    store.poll()
    assert store.in_step()
    assert store.levels() == ((1, 0), (6, 0))


def test_goods_shipped_before_the_channel_began_are_received_when_they_come_back(
    db: None, shop: ShopifySimulator
) -> None:
    shop.options.sends_webhooks = False
    shop.add_product(name="Tee", sku="TEE", quantity=6)
    shop.add_location("Shop Street")
    order = shop.buy("TEE", quantity=5)
    shop.ship(order.id)
    factories.make_sku("TEE", on_hand=1, warehouse=factories.make_warehouse("DEPOT"))
    store = connected(shop, seconds_ago=-1)
    store.poll()
    assert store.levels() == ((1, 0), (0, 0))

    for place in (store.first, store.second):
        given = Given(line_id=order.lines[0].id, quantity=1, restock_type="RETURN", location_id=place)
        shop.refund(order.id, given)

    assert store.in_step()
    assert (store.levels(), store.pushed("TEE")) == (((2, 0), (1, 0)), [])


def test_an_edited_order_holds_what_it_asks_for_now(store: TwoPlaces) -> None:
    order = store.sim.buy("TEE", quantity=3)
    store.hear()
    store.sim.edit_line(order.id, order.lines[0].id, 6)
    assert store.in_step()
    assert sum(reserved for _, reserved in store.levels()) == 6

    store.sim.edit_line(order.id, order.lines[0].id, 1)
    assert store.in_step()
    assert sum(reserved for _, reserved in store.levels()) == 1

    store.sim.edit_line(order.id, order.lines[0].id, 0, restock=False)
    assert store.in_step()
    assert sum(on_hand for on_hand, _ in store.levels()) == 9


def test_an_order_that_moves_takes_from_the_other_warehouse(store: TwoPlaces) -> None:
    order = store.sim.buy("TEE", quantity=2)
    store.hear()
    with store.sim.shop.lock:
        store.sim.orders.move(order.id, store.second)

    assert store.in_step()
    assert (store.levels(), store.pushed("TEE")) == (((6, 0), (4, 2)), [])


def test_a_location_that_never_had_an_item_gets_it_with_the_first_quantity(
    store: TwoPlaces, shop: ShopifySimulator
) -> None:
    shop.add_product(name="Mug", sku="MUG", quantity=3)
    factories.make_sku("MUG", on_hand=3, warehouse=store.depot)
    store.import_catalogue()
    assert store.shows("MUG") == (3, None)

    receive(sku("MUG"), 7, warehouse=store.shop)
    store.publish()

    assert (store.shows("MUG"), store.accounted("MUG")) == ((3, 7), (3, 7))


def test_a_location_where_an_item_was_switched_off_says_why_and_the_other_goes_on(store: TwoPlaces) -> None:
    store.sim.set_active("TEE", store.second, active=False)
    store.import_catalogue()
    off = store.listing("TEE", location_ref=str(store.second))
    assert "does not stock it at this location" in off.unwritable_reason

    receive(sku("TEE"), 5, warehouse=store.shop)
    receive(sku("TEE"), 1, warehouse=store.depot)
    store.publish()

    assert (store.shows(), store.sim.quantity_of("TEE")) == ((7, None), 7)
    assert store.pushed("TEE", location_ref=str(store.second)) == []


def test_a_sale_at_a_location_without_a_warehouse_waits_and_says_so(store: TwoPlaces) -> None:
    modes.set_warehouses(
        channel=store.channel,
        warehouses=[store.depot],
        locations={store.depot.pk: str(store.first)},
        actor="user:ana",
        now=timezone.now(),
    )
    order = store.sim.buy("TEE", quantity=8)
    store.hear()

    waiting = OrderLine.objects.waiting().get(order__ref=str(order.id))
    assert "No warehouse stands for the location" in waiting.reason
    assert store.levels() == ((6, 6), (4, 0))

    modes.set_warehouses(
        channel=store.channel,
        warehouses=[store.depot, store.shop],
        locations={store.depot.pk: str(store.first), store.shop.pk: str(store.second)},
        actor="user:ana",
        now=timezone.now(),
    )
    assert store.in_step()
    assert store.levels() == ((6, 6), (4, 2))


def test_unlinking_the_item_stops_both_locations(store: TwoPlaces) -> None:
    mapping.unlink(listing=store.listing("TEE", location_ref=str(store.first)), actor="user:ana", now=timezone.now())
    adjust(sku("TEE"), -2, warehouse=store.shop)

    store.publish()

    assert (store.shows(), store.pushed("TEE")) == ((6, 4), [])


def test_an_app_that_was_removed_stops_the_channel_and_a_reconnect_goes_on(store: TwoPlaces) -> None:
    adjust(sku("TEE"), -2, warehouse=store.depot)
    store.sim.uninstall()
    store.publish()
    stopped = store.fresh()
    assert (stopped.connection, store.shows()) == (Channel.Connection.RECONNECT, (6, 4))
    assert stopped.connection_problem.endswith(".")

    store.sim.access.renew(same=True)
    credentials = {"client_id": store.sim.client_id, "client_secret": SECRET}
    connect.reconnect(channel=stopped, credentials=credentials, actor="user:ana", now=timezone.now())
    pass_time(store.channel)
    store.publish()

    assert (store.fresh().connection, store.shows()) == (Channel.Connection.OK, (4, 4))


def test_a_webhook_of_another_app_is_refused_and_leaves_nothing(store: TwoPlaces) -> None:
    order = store.sim.buy("TEE")
    delivery = next(each for each in store.sent() if each.event_type == "orders/create")

    forged = store.deliver(delivery, **{"X-Shopify-Hmac-Sha256": "Zm9yZ2Vk"})
    of_another_shop = store.deliver(delivery, **{"X-Shopify-Shop-Domain": "someone-else.myshopify.com"})

    assert (forged, of_another_shop, InboundEvent.objects.count()) == (401, 200, 0)
    assert store.fresh().refused_webhooks == 1
    store.poll()
    assert Order.objects.get().ref == str(order.id)


def test_a_product_that_is_deleted_there_stops_alone(store: TwoPlaces, shop: ShopifySimulator) -> None:
    shop.add_product(name="Mug", sku="MUG", quantity=3)
    factories.make_sku("MUG", on_hand=3, warehouse=store.depot)
    store.import_catalogue()
    with shop.shop.lock:
        shop.delete_product(shop.variant("TEE").product_id)
    adjust(sku("TEE"), -2, warehouse=store.depot)
    adjust(sku("MUG"), -1, warehouse=store.depot)

    store.publish()
    store.hear()

    assert set(Listing.objects.filter(external_sku="TEE").values_list("state", flat=True)) == {Listing.State.GONE}
    assert store.shows("MUG")[0] == 2
