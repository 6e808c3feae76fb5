"""Mails about what needs a person: to each user who wants them, at most one an hour, nothing told twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.models import Channel
from reconciliation.models import DigestPreference, Discrepancy, Run
from reconciliation.querysets import RunQuerySet

AT_MOST_EVERY = timedelta(hours=1)
WORST = 10  # discrepancies that a mail names

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one person has not been told yet."""

    discrepancies: QuerySet[Discrepancy]  # worst first
    runs: QuerySet[Run]
    channels: QuerySet[Channel]

    @property
    def is_empty(self) -> bool:
        return not (self.discrepancies.exists() or self.runs.exists() or self.channels.exists())


def due(now: datetime) -> QuerySet[DigestPreference]:
    """Return the people who have something to be told and were not mailed within the hour."""
    rested = Q(sent_at=None) | Q(sent_at__lte=now - AT_MOST_EVERY)
    rows = DigestPreference.objects.filter(rested, is_enabled=True, user__is_active=True).exclude(user__email="")
    new = Discrepancy.objects.open().filter(
        first_seen_at__gt=OuterRef("told_to"), severity__gte=OuterRef("least_severity")
    )
    troubled = _troubled().filter(_since(OuterRef("told_to")))
    return rows.filter(
        Exists(new)
        | Q(wants_failed_runs=True) & Exists(_failed().filter(_ended_since(OuterRef("told_to"))))
        | Q(wants_channels=True) & Exists(troubled)
    ).order_by("pk")


def _failed() -> RunQuerySet:
    rows: RunQuerySet = Run.objects.get_queryset()  # type: ignore[assignment]
    return rows.filter(state__in=[Run.State.FAILED, Run.State.SUSPICIOUS])


def _ended_since(moment: object) -> Q:
    return Q(ended_at__gt=moment) | Q(asked_at__gt=moment)


def _troubled() -> QuerySet[Channel]:
    needs = ~Q(connection=Channel.Connection.OK) | Q(halted_at__isnull=False)
    return Channel.objects.filter(needs, disconnected_at=None)


def _since(moment: object) -> Q:
    return Q(connection_problem_at__gt=moment) | Q(halted_at__gt=moment)


def digest_for(preference: DigestPreference) -> Digest:
    """Return what the person has not been told yet."""
    told_to = preference.told_to
    return Digest(
        discrepancies=Discrepancy.objects.open()
        .filter(first_seen_at__gt=told_to, severity__gte=preference.least_severity)
        .for_list()
        .worst_first(),
        runs=_failed().filter(_ended_since(told_to)).for_list() if preference.wants_failed_runs else Run.objects.none(),
        channels=_troubled().filter(_since(told_to)).defer("credentials", "options")
        if preference.wants_channels
        else Channel.objects.none(),
    )


def send_due(*, now: datetime) -> int:
    """Mail everyone who is due; return how many mails went out. A mail that fails is tried again in an hour."""
    sent = 0
    for preference in due(now).select_related("user"):
        # Claimed first: of two workers one mails.
        rows = DigestPreference.objects.filter(pk=preference.pk, sent_at=preference.sent_at)
        if rows.update(sent_at=now):
            sent += _send(preference, now=now)
    return sent


def _send(preference: DigestPreference, *, now: datetime) -> bool:
    digest = digest_for(preference)
    rows = DigestPreference.objects.filter(pk=preference.pk)
    try:
        send_mail(subject_of(digest), body_of(digest), None, [preference.user.email])
    except OSError as error:  # smtplib's errors are OSErrors too
        log.warning("digest_failed", user=preference.user_id, error=type(error).__name__)
        rows.update(problem=_("The mail server did not take it (%(error)s).") % {"error": type(error).__name__})
        return False
    rows.update(told_to=now, problem="")
    return True


def subject_of(digest: Digest) -> str:
    """Return the subject: the counts, most urgent first."""
    parts = []
    n = digest.discrepancies.count()
    if n:
        parts.append(ngettext("%(n)d new discrepancy", "%(n)d new discrepancies", n) % {"n": n})
    n = digest.runs.count()
    if n:
        parts.append(ngettext("%(n)d run needs you", "%(n)d runs need you", n) % {"n": n})
    n = digest.channels.count()
    if n:
        parts.append(ngettext("%(n)d channel needs you", "%(n)d channels need you", n) % {"n": n})
    return "Evenkeel: " + ", ".join(parts)


def body_of(digest: Digest) -> str:
    """Return the mail as plain text."""
    return render_to_string(
        "reconciliation/mail/digest.txt",
        {
            "total": digest.discrepancies.count(),
            "discrepancies": digest.discrepancies[:WORST],
            "runs": digest.runs,
            "channels": digest.channels,
            "url": settings.PUBLIC_URL,
        },
    )
