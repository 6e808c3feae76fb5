"""Whether the installation does its work, in words that a load balancer and a person understand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from channels import health, inbox, polling, tasks
from channels.models import Heartbeat, InboundEvent, Listing
from inventory.models import StockSignal
from inventory.shops import selling
from tests import factories

pytestmark = pytest.mark.django_db


def ready() -> tuple[int, str, str]:
    answer = Client().get("/readyz")
    checks = answer.json()
    return answer.status_code, checks["queue"], checks["due_work"]


def beat(seconds_ago: float = 0) -> None:
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": timezone.now() - timedelta(seconds=seconds_ago)})


def late(minutes: float = 10) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def test_the_process_is_alive_whatever_else_is(client: Client) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").json()) == (200, {"status": "ok"})


def test_ready_when_the_worker_beats_and_nothing_is_late() -> None:
    beat()

    answer = Client().get("/readyz")

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("status", "database", "migrations", "queue", "due_work")} == {
        "status": "ready",
        "database": "ok",
        "migrations": "ok",
        "queue": "ok",
        "due_work": "ok",
    }
    assert answer.json()["oldest_due_work_seconds"] is None


@pytest.mark.parametrize("seconds_ago", [None, health.STALE_AFTER + 1])
def test_not_ready_without_a_heartbeat(seconds_ago: float | None) -> None:
    if seconds_ago is not None:
        beat(seconds_ago)

    assert ready() == (503, "no heartbeat: start manage.py worker", "ok")


@pytest.mark.parametrize("what", ["event", "listing", "signal"])
def test_not_ready_while_work_is_late(what: str) -> None:
    beat()
    channel = factories.make_channel()
    sku = factories.make_sku("TEE")
    if what == "event":
        InboundEvent.objects.create(channel=channel, delivery_id="e", body="{}", received_at=late(), due_at=late())
    elif what == "listing":
        factories.make_listing(channel, sku, due_at=late())
    else:
        StockSignal.objects.create(sku=sku, raised_at=late())

    assert ready() == (503, "ok", "late")


def test_what_can_not_be_done_now_is_not_late() -> None:
    beat()
    gone = factories.make_channel("Gone", disconnected_at=timezone.now())
    dead = factories.make_channel("Dead", connection="reconnect")
    paused = factories.make_channel("Paused", mode="paused")
    for number, channel in enumerate((gone, dead, paused)):
        factories.make_listing(channel, factories.make_sku(f"SKU-{number}"), due_at=late())
    InboundEvent.objects.create(channel=dead, delivery_id="e", body="{}", received_at=late(), due_at=late())
    Listing.objects.filter(channel=paused).update(parked_at=None)

    assert ready() == (200, "ok", "ok")


def test_not_ready_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object) -> None:
        raise OperationalError("could not connect")

    monkeypatch.setattr(health, "worker_health", away)

    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["database"], answer.json()["status"]) == (
        503,
        "can't be reached",
        "not ready",
    )


def test_the_sweep_beats_the_heart() -> None:
    tasks.sweep()

    assert health.worker_health(timezone.now()).is_running is True


def test_a_part_of_the_sweep_that_fails_keeps_no_lane_asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = factories.make_channel("North", next_poll_at=late())
    woken: list[str] = []

    def fails(*, now: datetime) -> int:
        raise RuntimeError("a row that nobody thought of")

    monkeypatch.setattr(tasks, "wake", woken.append)
    monkeypatch.setattr(selling, "book_waiting", fails)

    with pytest.raises(RuntimeError, match="nobody thought of"):
        tasks.sweep()

    assert f"inbox:{channel.pk}" in woken


def test_a_lane_that_ends_in_an_error_of_ours_says_so_on_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = factories.make_channel("North", next_poll_at=late())

    def fails(*_args: object, **_named: object) -> int:
        raise RuntimeError("a secret of the store")

    monkeypatch.setattr(polling, "poll", fails)

    with pytest.raises(RuntimeError):
        tasks.run_lane(inbox.lane_of(channel.pk))

    channel.refresh_from_db()
    assert channel.failing_since is not None
    assert "an error of ours (RuntimeError)" in channel.failing_words
    assert "secret" not in channel.failing_words
