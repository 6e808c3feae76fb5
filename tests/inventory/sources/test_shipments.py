"""What has left counts once, whoever tells it and in whatever order it is told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Sku, Warehouse
from inventory.sources import connecting, mapping, shipments
from inventory.sources.models import ExternalShipment, Source
from inventory.sources.shipments import Confirmation, Line
from inventory.verify import differences
from sandbox.wms import Bridge
from tests.factories import make_sku, make_warehouse
from tests.inventory.sources.world import level, order, read, work

pytestmark = pytest.mark.django_db


def confirm(order_ref: str, sku: str, units: int, *, reporter: str = "api:app", **more: Any) -> shipments.Counted:
    now = timezone.now()
    facts: dict[str, Any] = {"ref": f"{reporter}-{order_ref}", "happened_at": now, **more}
    line = Line(line_ref="1", sku=sku, units=units, warehouse=facts.pop("warehouse", None))
    confirmation = Confirmation(reporter=reporter, order_ref=order_ref, lines=(line,), **facts)
    return shipments.confirm(confirmation, actor=reporter, now=now)


@pytest.fixture
def tee(db: None, main: Warehouse) -> Sku:
    return make_sku("TEE", on_hand=10)


@pytest.mark.parametrize("sequence", list(itertools.permutations(("order", "channel", "api", "wms"))))
def test_in_any_order_of_telling_the_parcel_leaves_once(tee: Sku, main: Warehouse, sequence: tuple[str, ...]) -> None:
    """The order itself may come last: what left for it is taken over."""
    steps: dict[str, Callable[[], Any]] = {
        "order": lambda: order("1042", tee, main, sold=2),
        "channel": lambda: order("1042", tee, main, sold=2, fulfilled=2),
        "api": lambda: confirm("#1042", "TEE", 2, warehouse=main),
        "wms": lambda: confirm("1042", "TEE", 2, reporter="source:9", warehouse=main),
    }
    for step in sequence:
        steps[step]()
        shipments.match_waiting(now=timezone.now())
        assert level(tee, main)[0] in (8, 10), "at no moment did it leave twice"

    assert level(tee, main) == (8, 0)
    assert list(differences()) == []


def test_a_channel_that_knows_less_brings_nothing_back(tee: Sku, main: Warehouse) -> None:
    reservation = order("1042", tee, main, sold=3)
    confirm("1042", "TEE", 2, warehouse=main)
    assert level(tee, main) == (8, 1)

    order("1042", tee, main, sold=3, fulfilled=1)
    assert level(tee, main) == (8, 1)
    order("1042", tee, main, sold=0)  # cancelled on the channel, but two have left
    assert level(tee, main) == (8, 0)

    confirm("1042", "TEE", 2, is_cancelled=True)
    assert level(tee, main) == (10, 0), "the parcel came back, and the order is off"
    reservation.refresh_from_db()
    assert list(differences()) == []


def test_units_leave_from_where_the_warehouse_says_and_as_many_as_it_says(tee: Sku, main: Warehouse) -> None:
    back = make_warehouse("BACK")
    order("1042", tee, main, sold=2)

    counted = confirm("1042", "TEE", 3, warehouse=back)

    assert (level(tee, main), level(tee, back)) == ((10, 0), (-3, 0))
    assert counted.problems == ["More was shipped than ordered: TEE. On hand follows what was shipped."]
    confirm("1042", "TEE", 3, is_cancelled=True)
    assert (level(tee, main)[0], level(tee, back)[0]) == (10, 0)
    assert level(tee, main)[1] + level(tee, back)[1] == 2
    assert list(differences()) == []


def test_two_orders_of_one_number_are_not_guessed_at(tee: Sku, main: Warehouse) -> None:
    order("1042", tee, main, sold=1)
    twin = order("1043", tee, main, sold=1)
    type(twin).objects.filter(pk=twin.pk).update(number="1042")

    counted = confirm("1042", "TEE", 1, warehouse=main)

    assert counted.problems[0].startswith("Several orders are called 1042")
    confirm("order:1:1043", "TEE", 1, ref="again", warehouse=main)
    twin.refresh_from_db()
    assert twin.state == "fulfilled"


def test_picks_count_only_where_a_merchant_wants_it_and_then_once(
    wms: Source, bridge: Bridge, tee: Sku, main: Warehouse
) -> None:
    order("1042", tee, main, sold=2)
    facts: dict[str, Any] = {"reporter": f"source:{wms.pk}", "source": wms, "location_ref": "Q1"}
    picked = ExternalShipment.Kind.PICKED

    confirm("1042", "TEE", 2, kind=picked, ref="p1", **facts)
    assert level(tee, main) == (10, 2)
    Source.objects.filter(pk=wms.pk).update(counts_picks=True)
    order("1043", tee, main, sold=1)
    confirm("1043", "TEE", 1, kind=picked, ref="p2", **facts)
    assert level(tee, main) == (9, 2)
    confirm("1043", "TEE", 1, ref="s2", **facts)
    assert level(tee, main) == (9, 2)


def test_a_shipment_is_known_by_event_and_by_reading_alike(
    wms: Source, bridge: Bridge, tee: Sku, main: Warehouse, client: Any
) -> None:
    order("1042", tee, main, sold=2)
    bridge.set_stock("TEE", "Q1", 10)
    shipment = bridge.ship("1042", "Q1", [{"sku": "TEE", "quantity": 2}])

    pull = read(wms)
    assert (level(tee, main), pull.adjusted) == ((8, 0), 0), "read before compared: no loss is seen"
    read(wms)
    assert level(tee, main) == (8, 0)

    bridge.cancel(shipment.id)
    read(wms)
    assert level(tee, main) == (10, 2)
    assert list(differences()) == []


def test_what_lacks_a_sku_or_a_mapping_counts_once_it_is_there(wms: Source, bridge: Bridge, main: Warehouse) -> None:
    bridge.add_location("Q2", "Quay 2")
    connecting.check(wms, now=timezone.now())
    facts: dict[str, Any] = {"reporter": f"source:{wms.pk}", "source": wms, "location_ref": "Q2"}

    assert "create it" in confirm("", "NEW", 2, ref="s1", **facts).problems[0]
    new = make_sku("NEW", on_hand=5)
    assert shipments.match_waiting(now=timezone.now()) == 1
    assert "map it" in ExternalShipment.objects.get().lines.get().problem
    mapping.set_locations(wms, {"Q1": None, "Q2": main}, actor="user:ana")
    assert shipments.match_waiting(now=timezone.now()) == 1
    assert shipments.match_waiting(now=timezone.now()) == 0
    assert level(new, main) == (3, 0)
    work(wms)
