"""The schedule of the nightly comparison, read and changed by a program with the checks that the page makes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.models import User
from inventory.models import AuditEntry
from reconciliation.models import ChannelRule, Schedule
from tests.api.conftest import Api, make_channel
from tests.api.test_errors import assert_problem

pytestmark = pytest.mark.django_db
ADDRESS = "reconciliation-schedule/"


def test_it_is_read_and_changed_in_part(api: Api) -> None:
    north, south = make_channel("North"), make_channel("South")
    before = api.get(ADDRESS)
    assert (before.status_code, before.json()["cron"]) == (200, "30 2 * * *")
    assert before.json()["nightly"] == [north.pk, south.pk]

    changed = api.patch(ADDRESS, {"cron": "15  4 * * 1", "suspicious_percent": 5, "nightly": [south.pk]})

    assert changed.status_code == 200, changed.content
    assert changed.json() == {
        **before.json(),
        "cron": "15 4 * * 1",
        "suspicious_percent": 5,
        "nightly": [south.pk],
        "next_run_at": changed.json()["next_run_at"],
    }
    assert api.get(ADDRESS).json() == changed.json()
    kept = Schedule.objects.get()
    assert kept.next_run_at is not None
    assert kept.next_run_at.weekday() == 0
    assert set(AuditEntry.objects.filter(action__startswith="reconciliation.").values_list("action", "actor")) == {
        ("reconciliation.schedule", "user:ana"),
        ("reconciliation.channel_rule", "user:ana"),
    }
    assert api.patch(ADDRESS, {"is_enabled": False}).json()["next_run_at"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"cron": "every night"}, "cron"),
        ({"cron": "61 2 * * *", "grace_seconds": 60}, "cron"),
        ({"cron": "0 2 * * * *"}, "cron"),
        ({"suspicious_percent": 101, "cron": "0 3 * * *"}, "suspicious_percent"),
        ({"grace_seconds": 4}, "grace_seconds"),
        ({"is_enabled": "yes"}, "is_enabled"),
        ({"nightly": [10**6], "cron": "0 3 * * *"}, "nightly"),
        ({"next_run_at": "2026-11-21T02:30:00Z"}, "next_run_at"),
    ],
)
def test_what_makes_no_sense_is_named_and_changes_nothing(api: Api, body: object, field: str) -> None:
    make_channel()
    before = api.get(ADDRESS).json()

    problem = assert_problem(api.patch(ADDRESS, body), 400, "invalid-input")

    assert problem["errors"][0]["field"] == field
    assert api.get(ADDRESS).json() == before
    assert not ChannelRule.objects.exists()


def test_an_operator_reads_it_only(caller: Callable[..., Api], user: User) -> None:
    api = caller("reconciliation:read", "reconciliation:write")
    User.objects.filter(pk=user.pk).update(role="operator")

    assert api.get(ADDRESS).status_code == 200
    assert_problem(api.patch(ADDRESS, {"is_enabled": False}), 403, "forbidden")
    assert Schedule.objects.get().is_enabled
