"""Bundles hold no stock: a source that speaks of one speaks of its components, or is told what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inventory import booking, bundles, catalogue
from inventory.booking import Demand
from inventory.models import Reservation, Sku, Warehouse
from inventory.sources import shipments
from inventory.sources.models import PullProblem, Source, SourceEvent
from inventory.verify import differences
from sandbox.wms import Bridge
from tests.factories import make_sku
from tests.inventory.sources.test_events import NOW, send
from tests.inventory.sources.world import level, read, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def tee(db: None, main: Warehouse) -> Sku:
    return make_sku("TEE", on_hand=10)


@pytest.fixture
def mug(db: None, main: Warehouse) -> Sku:
    return make_sku("MUG", on_hand=10)


@pytest.fixture
def kit(tee: Sku, mug: Sku) -> Sku:
    """A tee and two mugs."""
    made = bundles.set_components(
        bundle=make_sku("KIT"), components={tee.pk: 1, mug.pk: 2}, actor="user:ana", now=timezone.now()
    )
    return made


def order_of(kit: Sku, main: Warehouse, units: int) -> Reservation:
    now = timezone.now()
    demands = [
        Demand(line_ref="1", sku_id=pk, sold=units * each, fulfilled=0)
        for pk, each in bundles.components_of([kit.pk])[kit.pk].items()
    ]
    booking.book(
        demands,
        key="order:1:1042",
        number="1042",
        reference="North order 1042",
        warehouse_ids=[main.pk],
        actor="channel:North",
        now=now,
        occurred_at=now,
    )
    return Reservation.objects.get()


def test_stock_under_a_bundle_s_code_is_said_and_counts_for_nothing(
    wms: Source, bridge: Bridge, main: Warehouse, kit: Sku, tee: Sku, mug: Sku
) -> None:
    for code, units in (("KIT", 3), ("TEE", 9), ("MUG", 10)):
        bridge.set_stock(code, "Q1", units)
    pull = read(wms)
    assert (level(kit, main), level(tee, main), pull.skipped) == ((0, 0), (9, 0), 1)
    assert "have its components counted" in PullProblem.objects.get().sentence

    bridge.set_stock("KIT", "Q1", 0)
    assert read(wms).skipped == 0, "a bundle of which nothing is said to be there is no problem"


def test_a_bundle_that_ships_takes_its_components_once(
    wms: Source, bridge: Bridge, client: Client, main: Warehouse, kit: Sku, tee: Sku, mug: Sku
) -> None:
    reservation = order_of(kit, main, 2)
    assert (level(tee, main), level(mug, main)) == ((10, 2), (10, 4))
    line = {"line_id": "1", "sku": "KIT", "quantity": 2}
    data = {"shipment_id": "S1", "order_ref": "#1042", "location": "Q1", "shipped_at": NOW, "lines": [line]}

    send(client, wms, "shipment.confirmed", data)
    work(wms)
    assert (level(tee, main), level(mug, main)) == ((8, 0), (6, 0))
    bundles.set_components(bundle=kit, components={tee.pk: 5}, actor="user:ana", now=timezone.now())
    send(client, wms, "shipment.confirmed", data, event_id="again")
    work(wms)
    assert (level(tee, main), level(mug, main)) == ((8, 0), (6, 0)), "told again, and made otherwise by now"

    send(client, wms, "shipment.cancelled", {"shipment_id": "S1"}, event_id="off")
    work(wms)
    assert (level(tee, main), level(mug, main)) == ((10, 2), (10, 4))
    reservation.refresh_from_db()
    assert reservation.state == "open"
    assert list(differences()) == []


def test_a_bundle_of_no_known_order_leaves_loose_and_is_taken_over(main: Warehouse, kit: Sku, tee: Sku) -> None:
    line = shipments.Line(line_ref="1", sku="KIT", units=1, warehouse=main)
    shipments.confirm(
        shipments.Confirmation(
            reporter="api:app", ref="S1", order_ref="1042", happened_at=timezone.now(), lines=(line,)
        ),
        actor="api:app",
        now=timezone.now(),
    )
    assert level(tee, main) == (9, 0)
    order_of(kit, main, 1)
    assert shipments.match_waiting(now=timezone.now()) == 1
    assert level(tee, main) == (9, 0)
    assert shipments.match_waiting(now=timezone.now()) == 0
    assert list(differences()) == []


def test_events_of_a_bundle_are_taken_apart_or_refused(
    wms: Source, client: Client, main: Warehouse, kit: Sku, tee: Sku, mug: Sku
) -> None:
    back = {
        "return_id": "R1",
        "location": "Q1",
        "received_at": NOW,
        "lines": [{"sku": "KIT", "quantity": 1, "sellable": True}],
    }
    told: list[tuple[str, dict[str, Any]]] = [
        ("return.received", back),
        ("return.received", back),
        ("stock.counted", {"count_id": "C", "sku": "KIT", "location": "Q1", "on_hand": 4, "counted_at": NOW}),
        (
            "stock.adjusted",
            {"adjustment_id": "A", "sku": "KIT", "location": "Q1", "delta": 1, "reason": "x", "occurred_at": NOW},
        ),
    ]
    for number, (kind, data) in enumerate(told):
        send(client, wms, kind, data, event_id=f"evt_{number}")
    work(wms)

    assert (level(tee, main), level(mug, main), level(kit, main)) == ((11, 0), (12, 0), (0, 0))
    states = list(SourceEvent.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["done", "done", "partly", "partly"]
    assert "have its components counted" in SourceEvent.objects.latest("pk").problem


def test_a_code_of_the_past_is_understood(
    wms: Source, bridge: Bridge, client: Client, main: Warehouse, tee: Sku
) -> None:
    catalogue.change_sku(sku=tee, actor="user:ana", code="TEE-2027")
    bridge.set_stock("TEE", "Q1", 7)
    assert read(wms).skipped == 0
    assert level(tee, main) == (7, 0)
    bridge.set_stock("TEE-2027", "Q1", 2)
    read(wms)
    assert level(tee, main) == (9, 0), "what lies there under both codes is all of it"
    line = {"line_id": "1", "sku": "TEE", "quantity": 1}
    send(
        client,
        wms,
        "shipment.confirmed",
        {"shipment_id": "S1", "order_ref": "", "location": "Q1", "shipped_at": NOW, "lines": [line]},
    )
    work(wms)
    assert level(tee, main)[0] == 8
