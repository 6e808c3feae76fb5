"""Mail about what needs a person: to those who asked, of what is new to them, at most one an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from pytest_django import Settings

from channels.models import Channel
from dashboard.models import User
from reconciliation import digests, people
from reconciliation.models import DigestPreference, Discrepancy, Run, Severity
from tests.factories import make_channel, make_discrepancy, make_listing, make_sku

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def ask(name: str, *, email: str = "", least: Severity = Severity.HIGH, **wants: bool) -> DigestPreference:
    user = User.objects.create_user(name, email or f"{name}@example.com")
    wanted = {"is_enabled": True, "wants_failed_runs": True, "wants_channels": True, **wants}
    return people.set_digest(user_id=user.pk, least_severity=least, now=NOW, **wanted)


def flag(code: str, severity: Severity, *, minutes: int, channel: Channel | None = None) -> Discrepancy:
    listing = make_listing(channel or make_channel(f"Store of {code}"), make_sku(code), quantity=5)
    return make_discrepancy(listing, shows=9, severity=severity, first_seen_at=NOW + timedelta(minutes=minutes))


def test_each_is_told_what_is_severe_enough_for_them_and_nothing_twice() -> None:
    ask("ana", least=Severity.HIGH)
    ask("ben", least=Severity.LOW)
    flag("BAD", Severity.CRITICAL, minutes=1)
    flag("SMALL", Severity.LOW, minutes=1)

    assert digests.send_due(now=NOW + timedelta(minutes=2)) == 2
    assert digests.send_due(now=NOW + timedelta(hours=3)) == 0

    told: dict[str, Any] = {message.to[0]: message for message in mail.outbox}
    assert told["ana@example.com"].subject == "Evenkeel: 1 new discrepancy"
    assert "BAD · Store of BAD: ledger 5, shown 9 · Hand edit" in told["ana@example.com"].body
    assert "SMALL" not in told["ana@example.com"].body
    assert told["ben@example.com"].subject == "Evenkeel: 2 new discrepancies"
    assert told["ben@example.com"].body.index("BAD") < told["ben@example.com"].body.index("SMALL")


def test_at_most_one_an_hour_and_then_all_that_has_come_since() -> None:
    ask("ana")
    flag("FIRST", Severity.HIGH, minutes=1)
    assert digests.send_due(now=NOW + timedelta(minutes=2)) == 1
    flag("SECOND", Severity.HIGH, minutes=3)
    flag("THIRD", Severity.HIGH, minutes=40)

    assert digests.send_due(now=NOW + timedelta(minutes=50)) == 0
    assert digests.send_due(now=NOW + timedelta(minutes=63)) == 1

    assert mail.outbox[-1].subject == "Evenkeel: 2 new discrepancies"
    assert "FIRST" not in mail.outbox[-1].body


def test_runs_and_channels_that_need_somebody_are_told_to_those_who_want_it() -> None:
    ask("ana")
    ask("ben", wants_failed_runs=False, wants_channels=False)
    later = NOW + timedelta(minutes=1)
    channel = make_channel("North", connection="refused", connection_problem="Access was taken back.")
    Channel.objects.update(connection_problem_at=later)
    Run.objects.create(channel=channel, started_at=NOW, ended_at=later, state="failed", problem="No page came.")
    Run.objects.create(channel=channel, started_at=NOW, asked_at=later, state="suspicious", problem="40 of 50 differ.")

    assert digests.send_due(now=NOW + timedelta(minutes=2)) == 1

    [message] = mail.outbox
    assert (message.to, message.subject) == (["ana@example.com"], "Evenkeel: 2 runs need you, 1 channel needs you")
    for words in ("No page came.", "40 of 50 differ.", "Access was taken back."):
        assert words in message.body


def test_who_left_has_no_address_or_switched_it_off_is_not_mailed() -> None:
    ask("ana")
    ask("ben", is_enabled=False)
    User.objects.filter(username="ana").update(is_active=False)
    User.objects.filter(pk=ask("cid").user_id).update(email="")
    flag("BAD", Severity.CRITICAL, minutes=1)

    assert not digests.due(NOW + timedelta(minutes=2)).exists()
    assert digests.send_due(now=NOW + timedelta(minutes=2)) == 0


class Broken(BaseEmailBackend):
    """A mail server that does not answer."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError("smtp.example.com said 500, password hunter2")


def test_a_mail_that_fails_is_told_and_tried_again_in_an_hour(settings: Settings) -> None:
    ask("ana")
    flag("BAD", Severity.CRITICAL, minutes=1)
    kept = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Broken"

    assert digests.send_due(now=NOW + timedelta(minutes=2)) == 0
    assert digests.send_due(now=NOW + timedelta(minutes=30)) == 0
    problem = DigestPreference.objects.get().problem
    assert problem == "The mail server did not take it (ConnectionRefusedError)."

    settings.EMAIL_BACKEND = kept
    assert digests.send_due(now=NOW + timedelta(minutes=63)) == 1
    assert "BAD" in mail.outbox[0].body
    assert DigestPreference.objects.get().problem == ""
