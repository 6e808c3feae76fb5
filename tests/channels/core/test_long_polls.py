"""Polls of more orders than one task can read: they go on where they came to, and always get on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from channels import polling, tasks
from channels.contract import RateLimited, RawOrder
from channels.models import Channel, Order
from channels.polling import StillReading
from channels.registry import PLATFORMS, opened
from tests import factories
from tests.channels.core.scripted import Script, ScriptedPlatform

pytestmark = pytest.mark.django_db

ORDERS = 60  # one every half day


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setitem(PLATFORMS, "scripted", ScriptedPlatform)
    monkeypatch.setattr(ScriptedPlatform, "script", script)
    script.quantities["SHIRT"] = 9
    script.page_size = 2
    for number in range(ORDERS):
        at = timezone.now() - timedelta(hours=12 * number, minutes=1)
        payload = {"ref": str(number), "sku": "SHIRT", "units": 1, "placed_at": at.isoformat()}
        script.orders[str(number)] = RawOrder(ref=str(number), changed_at=at, payload=payload)
    return script


@pytest.fixture
def channel(script: Script) -> Channel:
    return factories.make_channel("Busy", platform="scripted", warehouses=[factories.make_warehouse()])


def poll(channel: Channel) -> bool:
    """Poll once, as a new task would; tell whether it came to its end."""
    fresh = Channel.objects.get(pk=channel.pk)
    with opened(fresh) as platform:
        try:
            polling.poll(fresh, platform, now=timezone.now())
        except (StillReading, RateLimited):
            return False
    return True


def test_a_poll_that_runs_out_of_time_goes_on_where_it_came_to(
    script: Script, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "BUDGET_SECONDS", -1.0)

    rounds = 1
    while not poll(channel):
        assert Channel.objects.get().orders_polled_to is None
        rounds += 1
        assert rounds < 200

    assert Order.objects.count() == ORDERS
    channel.refresh_from_db()
    assert (channel.poll_progress, channel.orders_polled_to is not None, rounds > 3) == (None, True, True)
    # What is not read again: most spans began where an earlier one had ended.
    assert len({since for since, _ in script.spans}) > 3


def test_a_poll_gets_on_however_few_pages_it_may_read_at_a_time(script: Script, channel: Channel) -> None:
    rounds = 0
    while True:
        script.pages_left = 2
        rounds += 1
        assert rounds < 200
        if poll(channel):
            break

    assert Order.objects.count() == ORDERS


def test_the_task_makes_room_and_the_poll_stays_due(
    channel: Channel, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "BUDGET_SECONDS", -1.0)
    Channel.objects.update(next_poll_at=timezone.now())

    tasks.run_lane(f"inbox:{channel.pk}")

    channel.refresh_from_db()
    assert channel.poll_progress is None
    assert channel.next_poll_at is not None
    assert channel.next_poll_at > timezone.now()
    assert Order.objects.count() == ORDERS


def test_the_command_reads_to_the_end(
    channel: Channel, script: Script, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(polling, "BUDGET_SECONDS", -1.0)

    call_command("poll_orders", channel.name)

    assert capsys.readouterr().out == f"{ORDERS} orders had news.\n"
    assert Order.objects.count() == ORDERS


def test_a_poll_of_a_short_while_is_one_span(script: Script, channel: Channel) -> None:
    while not poll(channel):
        pass
    script.spans.clear()

    assert poll(channel)

    [(_, until)] = script.spans
    assert until is None
