"""What others are told of discrepancies: once when one waits for a person, once when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from api.models import Event
from api.webhooks.kinds import KINDS
from reconciliation import queue, verbs
from reconciliation.models import Discrepancy, Verb
from reconciliation.verbs import Choice
from tests.channels.core.world import Store
from tests.factories import make_channel, make_discrepancy, make_listing, make_sku
from tests.reconciliation.world import differing

pytestmark = pytest.mark.django_db


def told(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=f"discrepancy.{kind}").order_by("pk"))


def test_one_that_is_found_and_decided_is_told_twice(store: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)

    [flagged] = told("flagged")
    assert flagged.subject == f"discrepancy:{row.pk}"
    assert set(flagged.data) == set(KINDS["discrepancy.flagged"].sample)
    assert {name: flagged.data[name] for name in ("sku", "ledger_says", "channel_shows", "difference", "state")} == {
        "sku": "TEE",
        "ledger_says": 10,
        "channel_shows": 14,
        "difference": 4,
        "state": "open",
    }

    choice = Choice(verb=Verb.KEEP_OURS, version=row.version)
    verbs.act(row, choice, actor="user:ana", now=timezone.now())

    [closed] = told("closed")
    assert (closed.data["state"], closed.data["resolution"]) == ("resolved", "keep-ours")
    assert "ana" not in str(closed.data)
    row.refresh_from_db()
    verbs.undo(row, actor="user:ana", now=timezone.now())
    assert [event.subject for event in told("flagged")] == [flagged.subject] * 2


def test_what_heals_by_itself_is_told_as_closed_and_in_few_queries(
    db: None, django_assert_max_num_queries: object
) -> None:
    channel = make_channel()
    rows = [
        make_discrepancy(make_listing(channel, make_sku(f"S-{n}"), quantity=5), ledger_says=5, shows=6)
        for n in range(12)
    ]

    with django_assert_max_num_queries(8):  # type: ignore[operator]
        assert queue.heal([row.listing_id for row in rows if row.listing_id], now=timezone.now()) == 12

    assert {event.data["state"] for event in told("closed")} == {"healed"}
    assert [event.subject for event in told("closed")] == [f"discrepancy:{row.pk}" for row in rows]
    assert queue.heal([row.listing_id for row in rows if row.listing_id], now=timezone.now()) == 0
    assert len(told("closed")) == 12


def test_one_that_comes_back_from_its_rest_is_told_again(db: None) -> None:
    now = timezone.now()
    row = make_discrepancy(make_listing(make_channel(), make_sku("TEE"), quantity=5), ledger_says=5, shows=6)
    Discrepancy.objects.filter(pk=row.pk).update(state="snoozed", snoozed_until=now - timedelta(minutes=1))

    assert queue.wake(now=now) == 1

    [event] = told("flagged")
    assert event.data["state"] == "open"
    assert queue.wake(now=now) == 0
    assert len(told("flagged")) == 1
