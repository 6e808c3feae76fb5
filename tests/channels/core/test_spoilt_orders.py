"""An order that can't be booked for a reason of its own stands alone: the others are booked, and a person sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels import orders, polling
from channels.contract import RawOrder
from channels.models import Channel, Listing, ListingVariant, Order, OrderLine
from channels.registry import PLATFORMS, opened
from inventory.models import Movement
from tests import factories
from tests.channels.core.scripted import Script, ScriptedPlatform

pytestmark = pytest.mark.django_db


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setitem(PLATFORMS, "scripted", ScriptedPlatform)
    monkeypatch.setattr(ScriptedPlatform, "script", script)
    script.quantities["SHIRT"] = 9
    return script


@pytest.fixture
def channel(script: Script) -> Channel:
    return factories.make_channel("Busy", platform="scripted", warehouses=[factories.make_warehouse()])


def placed(script: Script, ref: str, **payload: Any) -> None:
    at = timezone.now() - timedelta(minutes=1)
    payload = {"ref": ref, "sku": "SHIRT", "units": 1, "placed_at": at.isoformat()} | payload
    script.orders[ref] = RawOrder(ref=ref, changed_at=None, payload=payload)


def poll(channel: Channel) -> int:
    fresh = Channel.objects.get(pk=channel.pk)
    with opened(fresh) as platform:
        return polling.poll(fresh, platform, now=timezone.now())


@pytest.mark.parametrize(
    ("spoilt", "error"),
    [
        pytest.param({"units": 10**20}, "", id="a number that no column holds"),
        pytest.param({"units": "many"}, "", id="a number that is none"),
        pytest.param({"placed_at": "yesterday"}, "ValueError", id="a time that is none"),
    ],
)
def test_a_spoilt_order_is_kept_with_its_problem_and_holds_up_no_other(
    script: Script, channel: Channel, spoilt: dict[str, Any], error: str
) -> None:
    placed(script, "1", **spoilt)
    placed(script, "2")

    poll(channel)

    bad, good = Order.objects.order_by("ref")
    assert "It could not be booked" in bad.problem
    assert error in bad.problem
    assert (bad.lines.count(), good.problem, good.lines.count()) == (0, "", 1)
    assert set(Order.objects.parked()) == {bad, good}  # the other waits for its mapping
    assert Channel.objects.get().orders_polled_to is not None

    placed(script, "1")
    poll(channel)

    bad.refresh_from_db()
    assert (bad.problem, bad.lines.count()) == ("", 1), "what was mended at the store is booked by the next poll"


def test_a_spoilt_change_leaves_what_is_booked_as_it_was(script: Script, channel: Channel) -> None:
    placed(script, "1")
    placed(script, "2")
    poll(channel)
    sku = factories.make_sku("SHIRT", on_hand=9)
    Listing.objects.update(sku=sku, mapping=Listing.Mapping.MAPPED)
    orders.rebook_waiting(list(Listing.objects.values_list("pk", flat=True)), now=timezone.now())
    moved = Movement.objects.count()

    placed(script, "1", units=10**20)
    placed(script, "2", units=3)
    poll(channel)

    lines = dict(OrderLine.objects.values_list("order__ref", "sold"))
    assert (lines, Movement.objects.count()) == ({"1": 1, "2": 3}, moved + 1)
    assert "It could not be booked" in Order.objects.get(ref="1").problem


def test_what_waits_is_booked_though_one_of_it_can_t_be(script: Script, channel: Channel) -> None:
    placed(script, "1")
    placed(script, "2")
    poll(channel)
    sku = factories.make_sku("SHIRT", on_hand=9)
    Listing.objects.update(sku=sku, mapping=Listing.Mapping.MAPPED)
    assert ListingVariant.objects.filter(ref="SHIRT").exists()
    Order.objects.filter(ref="1").update(payload={"ref": "1"})

    orders.book_waiting(now=timezone.now())

    assert dict(OrderLine.objects.values_list("order__ref", "state")) == {"1": "waiting", "2": "booked"}
    assert "KeyError" in Order.objects.get(ref="1").problem
