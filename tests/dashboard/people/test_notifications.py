"""What people are told in the page: each cause once, to whoever wants it, read one by one or all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import pytest
from django.test import Client
from django.utils import timezone

from access.roles import Role
from channels.lanes import Lease
from channels.models import Channel
from dashboard.models import Installation, Notification, User
from dashboard.people import notifying
from inventory.sources.models import Source
from reconciliation.models import Run, Severity
from tests.dashboard.conftest import oversell
from tests.factories import make_channel, make_discrepancy, make_listing, make_sku, make_warehouse

pytestmark = pytest.mark.django_db


def titles(person: User) -> list[str]:
    return list(Notification.objects.filter(user=person).order_by("pk").values_list("title", flat=True))


def test_what_needs_a_person_is_told_to_each_once(owner: User, ben: User) -> None:
    now = timezone.now()
    channel = make_channel("North", connection="reconnect", connection_problem="No.", connection_problem_at=now)
    make_channel("South", halted_at=now, halted_reason="900 listings would change.")
    Source.objects.create(kind="csv", name="Shelf", started_at=now, connection="refused", connection_problem_at=now)
    Run.objects.create(
        channel=channel, state="failed", requested_by="schedule", started_at=now, ended_at=now, problem="No answer."
    )
    listing = make_listing(channel, make_sku("TEE", on_hand=5), quantity=5)
    make_discrepancy(listing, shows=9, first_seen_at=now, severity=Severity.HIGH)
    main = make_warehouse()
    oversell(make_sku("MUG", on_hand=1), main, 3)

    for _again in range(3):
        notifying.look(now=now)

    told = [
        "North: reconnect needed.",
        "South has stopped a large wave and asks.",
        "Shelf: refused.",
        "The comparison of North: failed.",
        "New discrepancies may oversell.",
        "MUG is oversold by 2.",
    ]
    assert titles(owner) == titles(ben) == told


def test_what_happens_again_is_told_again(owner: User) -> None:
    now = timezone.now()
    channel = make_channel("North", connection="reconnect", connection_problem_at=now)
    notifying.look(now=now)
    Channel.objects.filter(pk=channel.pk).update(connection_problem_at=now + timedelta(hours=1))

    notifying.look(now=now + timedelta(hours=1))

    assert len(titles(owner)) == 2


def test_whoever_mutes_a_kind_is_not_told_of_it(browser: Client, owner: User, ben: User) -> None:
    browser.post("/account/notifications/", {"kinds": ["review", "oversold", "people"]})
    make_channel("North", connection="reconnect", connection_problem_at=timezone.now())

    notifying.look(now=timezone.now())

    assert (len(titles(owner)), len(titles(ben))) == (0, 1)


def test_the_bell_counts_and_reading_takes_off(browser: Client, owner: User) -> None:
    now = timezone.now()
    channel = make_channel("North", connection="reconnect", connection_problem_at=now)
    make_channel("South", halted_at=now)
    notifying.look(now=now)
    assert "2 unread" in browser.get("/skus/").content.decode()

    first = Notification.objects.filter(user=owner).earliest("pk")
    opened = browser.get(f"/account/notifications/{first.pk}/")
    assert opened["Location"] == f"/channels/{channel.uuid}/"
    assert "1 unread" in browser.get("/skus/").content.decode()

    browser.post("/account/notifications/read/")
    assert "0 unread" in browser.get("/skus/").content.decode()
    assert titles(owner)[0] in browser.get("/account/notifications/").content.decode()


def test_nobody_opens_what_another_was_told(browser: Client, ben: User) -> None:
    row = Notification.objects.create(
        user=ben, kind="people", key="x", title="x", url="/skus/", created_at=timezone.now()
    )

    assert browser.get(f"/account/notifications/{row.pk}/").status_code == 404


def test_the_work_is_due_twice_a_minute_and_done_by_one(owner: User, now: datetime) -> None:
    make_channel("North", connection="reconnect", connection_problem_at=now)
    assert notifying.has_due(timezone.now())

    for _worker in range(2):
        notifying.work(cast(Lease, None))

    assert not notifying.has_due(timezone.now())
    assert notifying.has_due(timezone.now() + timedelta(minutes=1))
    assert len(titles(owner)) == 1
    assert Installation.objects.get().notified_at is not None


def test_what_is_old_goes(owner: User) -> None:
    now = timezone.now()
    Notification.objects.create(
        user=owner, kind="people", key="x", title="x", url="/", created_at=now - timedelta(days=91)
    )

    notifying.look(now=now)

    assert titles(owner) == []


def test_owners_are_told_who_joined(owner: User, ben: User) -> None:
    eve = User.objects.create_user("eve", role=Role.VIEWER)

    notifying.tell_of_joining(eve, now=timezone.now())

    assert titles(owner) == ["eve joined as viewer."]
    assert titles(ben) == []
