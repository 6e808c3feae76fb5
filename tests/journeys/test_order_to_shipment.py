"""One order on a store, from the sale to the parcel: picked and sent off by a warehouse system and by InvenTree.

The store, the warehouse system and InvenTree run behind HTTP; their webhooks and events come to our own doors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.test import Client

from channels import ingress
from channels.platforms.ecwid import client as ecwid_client
from inventory import verify
from inventory.models import Reservation, Sku, Warehouse
from inventory.sources import ahead, http
from inventory.sources.models import Source
from sandbox.ecwid import EcwidSimulator
from sandbox.ecwid.orders import Wanted
from sandbox.ecwid.records import Order
from sandbox.inventree import InvenTree
from sandbox.wms import Bridge
from tests.channels.core.world import Store, sell
from tests.channels.core.world import connect as connect_store
from tests.factories import make_sku, make_warehouse
from tests.inventory.sources.world import connect, level, read, work

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def simulators() -> Iterator[tuple[EcwidSimulator, Bridge, InvenTree]]:
    with (
        EcwidSimulator(store_id=1003, name="North", time_scale=0.00001, rate_limit=1_000_000) as shop,
        Bridge(time_scale=0.001) as bridge,
        InvenTree() as tree,
    ):
        yield shop, bridge, tree


@dataclass
class World:
    """Tees lie with a logistics company, mugs in the workshop; the store sells both."""

    store: Store
    bridge: Bridge
    tree: InvenTree
    wms: Source
    inventree: Source
    main: Warehouse
    works: Warehouse
    tee: Sku
    mug: Sku
    client: Client
    heard: set[int] = field(default_factory=set)

    def hear_events(self) -> None:
        """Bring what the bridge has signed and logged to the source's address, and work on it."""
        for event in self.bridge.deliveries:
            if event.id not in self.heard:
                self.heard.add(event.id)
                headers = {name: value for name, value in event.headers.items() if name != "Content-Type"}
                path = "/api/" + self.wms.events_url.partition("/api/")[2]
                answer = self.client.post(path, event.body, content_type="application/json", headers=headers)
                assert answer.status_code == 202, answer.content
        work(self.wms)

    def hear_store(self) -> None:
        assert self.store.sim.wait_for_webhooks()
        self.store.hear()

    @property
    def tees(self) -> tuple[int, int]:
        """(On hand, reserved) of the tee in the main warehouse."""
        return level(self.tee, self.main)

    @property
    def mugs(self) -> tuple[int, int]:
        return level(self.mug, self.works)


@pytest.fixture
def world(
    db: None,
    simulators: tuple[EcwidSimulator, Bridge, InvenTree],
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    shop, bridge, tree = simulators
    for simulator in simulators:
        simulator.reset()
    monkeypatch.setattr(ecwid_client, "CALLS_PER_SECOND", 100_000.0)
    monkeypatch.setattr(ecwid_client, "BURST", 100_000)
    monkeypatch.setattr(http.Pace, "wait", lambda self: None)
    ingress.forget()
    main, works = make_warehouse(priority=1), make_warehouse("WORKS", priority=2)
    tee, mug = make_sku("TEE"), make_sku("MUG")
    bridge.add_location("Q1", "Quay 1")
    bridge.set_stock("TEE", "Q1", 10)
    place = tree.store.add_location("Workshop")
    tree.store.add_item(tree.store.add_part("Mug", "MUG").pk, 6.0, place.pk)
    wms = connect("wms", bridge.url, {"token": bridge.token}, {"Q1": main}, name="Quay")
    inventree = connect("inventree", tree.url, {"token": tree.token}, {str(place.pk): works}, name="Workshop")
    bridge.secret = wms.credentials["events_secret"]
    store = connect_store(shop, "North", warehouses=[main, works])
    read(wms), read(inventree)
    sell(store, "TEE", 10, sku=tee, name="Tee")
    sell(store, "MUG", 6, sku=mug, name="Mug")
    yield World(store, bridge, tree, wms, inventree, main, works, tee, mug, client)
    assert list(verify.differences()) == []
    ingress.forget()


def buy(world: World) -> Order:
    """Two tees and a mug, in one order, which the warehouse system and the workshop learn of by themselves."""
    lines = [
        Wanted(product_id=world.store.sim.store.find_sku(code)[0].id, quantity=n)
        for code, n in (("TEE", 2), ("MUG", 1))
    ]
    order = world.store.sim.buy(lines=lines)
    world.hear_store()
    return order


def ship_everywhere(world: World, order: Order) -> None:
    world.bridge.ship(order.id, "Q1", [{"sku": "TEE", "quantity": 2}])
    world.hear_events()
    world.tree.ship(world.tree.place_order(order.id, [("MUG", 1.0)]))
    read(world.inventree)


def test_what_is_sold_is_reserved_and_leaves_once_it_is_shipped(world: World) -> None:
    assert (world.tees, world.mugs) == ((10, 0), (6, 0))
    order = buy(world)
    assert (world.tees, world.mugs) == ((10, 2), (6, 1))
    world.store.publish()
    written = len(world.store.writes())

    world.bridge.pick(order.id, "Q1", [{"sku": "TEE", "quantity": 2}])
    world.hear_events()
    assert world.tees == (10, 2), "picks are for the record unless the merchant wants them to count"
    world.bridge.ship(order.id, "Q1", [{"sku": "TEE", "quantity": 2}])
    world.hear_events()
    assert (world.tees, world.mugs) == ((8, 0), (6, 1))

    shipment = world.tree.place_order(order.id, [("MUG", 1.0)])
    assert read(world.inventree).adjusted == 0
    assert world.mugs == (6, 1), "allocated there, and on its shelf"
    world.tree.ship(shipment)
    assert read(world.inventree).adjusted == 0
    assert (world.tees, world.mugs) == ((8, 0), (5, 0))

    world.store.sim.ship(order.id)
    world.hear_store()
    assert (read(world.wms).adjusted, read(world.inventree).adjusted) == (0, 0)
    assert (world.tees, world.mugs) == ((8, 0), (5, 0)), "the store tells of the same parcels"
    world.store.publish()
    assert len(world.store.writes()) == written, "what ships was sold before: no store need hear of it"
    assert (world.store.shows("TEE"), world.store.shows("MUG")) == (8, 5)
    assert Reservation.objects.get(number=order.id).state == Reservation.State.FULFILLED


def test_a_store_that_says_shipped_before_the_warehouse_does_frees_nothing(world: World) -> None:
    order = buy(world)
    world.store.sim.ship(order.id)
    world.hear_store()
    assert (world.tees, world.mugs) == ((8, 0), (5, 0))

    # Both still count what lies on their shelves: it is sold, and no find.
    assert (read(world.wms).adjusted, read(world.inventree).adjusted) == (0, 0)
    assert (world.tees, world.mugs) == ((8, 0), (5, 0))

    ship_everywhere(world, order)
    assert (read(world.wms).adjusted, read(world.inventree).adjusted) == (0, 0)
    assert (world.tees, world.mugs) == ((8, 0), (5, 0))


def test_a_find_beside_what_the_store_calls_shipped_is_followed(world: World) -> None:
    order = buy(world)
    world.store.sim.ship(order.id)
    world.hear_store()
    world.bridge.set_stock("TEE", "Q1", 13)  # three found, and the two of the order still on the shelf

    assert read(world.wms).adjusted == 1
    assert world.tees == (11, 0)
    ship_everywhere(world, order)
    assert read(world.wms).adjusted == 0
    assert world.tees == (11, 0)


def test_a_warehouse_that_never_ships_is_believed_in_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = buy(world)
    world.store.sim.ship(order.id)
    world.hear_store()
    monkeypatch.setattr(ahead, "PATIENCE", timedelta(0))

    assert read(world.wms).adjusted == 1
    assert world.tees == (10, 0)


def test_what_a_warehouse_finds_or_takes_back_shows_in_the_store(world: World) -> None:
    world.bridge.adjust("TEE", "Q1", 3)
    world.bridge.take_back("Q1", [{"sku": "TEE", "quantity": 1, "sellable": True}])
    world.bridge.take_back("Q1", [{"sku": "TEE", "quantity": 1, "sellable": False}])
    world.hear_events()
    next(iter(world.tree.store.items.values())).quantity = 8.0
    read(world.inventree)
    world.store.publish()

    assert (world.store.shows("TEE"), world.store.shows("MUG")) == (14, 8)
    assert read(world.wms).adjusted == 0, "what was told by events agrees with the next reading"
