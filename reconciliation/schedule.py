"""When this installation reconciles: one cron line, editable in the browser, whatever the number of clusters.

django-q2's schedule is the alarm; the row says when the next night is due, and whoever moves it on starts the runs.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from croniter import croniter
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django_q.models import Schedule as Alarm

from channels.models import Channel
from inventory import audit
from reconciliation.models import ChannelRule, Run, Schedule

ALARM = "reconcile"
TASK = "reconciliation.tasks.nightly"
LATE_BY = timedelta(hours=6)  # a night that nobody was awake for is made up for until then


class Settings(TypedDict, total=False):
    """What a person sets for the installation; ``models.Schedule`` says what each means."""

    cron: str
    is_enabled: bool
    grace_seconds: int
    suspicious_percent: int
    suspicious_least: int


def current(*, now: datetime | None = None) -> Schedule:
    """Return the installation's schedule; made with its defaults the first time."""
    schedule, created = Schedule.objects.get_or_create(pk=1)
    if created or (now is not None and schedule.is_enabled and schedule.next_run_at is None):
        ring(schedule, now=now)
    return schedule


def validate_cron(text: str) -> None:
    """Refuse what is not five fields of minute, hour, day, month and weekday. Raises ValidationError."""
    if len(text.split()) != 5 or not croniter.is_valid(text):
        raise ValidationError(
            _("Write five fields: minute, hour, day, month, weekday. “30 2 * * *” is every night at 02:30 UTC.")
        )


def next_after(cron: str, now: datetime) -> datetime:
    """Return when the cron line next comes round after ``now``; UTC."""
    following: datetime = croniter(cron, now).get_next(datetime)
    return following


@transaction.atomic
def change(
    *, actor: str, now: datetime, nightly: Collection[int] | None = None, **settings: Unpack[Settings]
) -> Schedule:
    """Change when and how carefully runs are made; what is left out stays. Raises ValidationError; nothing is changed.

    ``nightly``: ids of the connected channels that a night compares; it leaves the others out.
    """
    schedule = current()
    before = _in_words(schedule)
    for name, value in settings.items():
        setattr(schedule, name, value)
    validate_cron(schedule.cron)
    schedule.cron = " ".join(schedule.cron.split())
    schedule.full_clean()
    after = _in_words(schedule)
    if after != before:
        schedule.next_run_at = next_after(schedule.cron, now) if schedule.is_enabled else None
        schedule.save()
        ring(schedule, now=now)
        audit.record(actor=actor, action="reconciliation.schedule", subject="schedule:1", before=before, after=after)
    if nightly is not None:
        _set_nightly(nightly, actor=actor)
    return schedule


def nightly_channels() -> QuerySet[Channel]:
    """Return the connected channels that a night compares."""
    excused = ChannelRule.objects.filter(channel=OuterRef("pk"), is_nightly=False)
    return Channel.objects.filter(disconnected_at=None).exclude(Exists(excused))


def _set_nightly(channel_ids: Collection[int], *, actor: str) -> None:
    now_nightly = set(nightly_channels().values_list("pk", flat=True))
    rules = {rule.channel_id: rule for rule in ChannelRule.objects.all()}
    for channel in Channel.objects.filter(disconnected_at=None).order_by("pk"):
        is_wanted = channel.pk in channel_ids
        if is_wanted != (channel.pk in now_nightly):
            percent = rules[channel.pk].suspicious_percent if channel.pk in rules else None
            set_channel_rule(channel=channel, is_nightly=is_wanted, suspicious_percent=percent, actor=actor)


def _in_words(schedule: Schedule) -> dict[str, object]:
    return {name: getattr(schedule, name) for name in Settings.__annotations__}


def ring(schedule: Schedule, *, now: datetime | None) -> None:
    """Set django-q2's alarm to the schedule, and the next night where none is known yet."""
    if schedule.is_enabled and schedule.next_run_at is None and now is not None:
        schedule.next_run_at = next_after(schedule.cron, now)
        Schedule.objects.filter(pk=schedule.pk, next_run_at=None).update(next_run_at=schedule.next_run_at)
    if not schedule.is_enabled:
        Alarm.objects.filter(name=ALARM).delete()
        return
    kept = Alarm.objects.filter(name=ALARM, cron=schedule.cron, func=TASK)
    if not kept.exists():
        Alarm.objects.update_or_create(
            name=ALARM, defaults={"func": TASK, "schedule_type": Alarm.CRON, "cron": schedule.cron, "repeats": -1}
        )


def is_due(now: datetime) -> bool:
    """Tell whether a night is due, or none has been set yet."""
    rows = Schedule.objects.filter(is_enabled=True)
    return rows.filter(Q(next_run_at__lte=now) | Q(next_run_at=None)).exists() or not Schedule.objects.exists()


def claim(*, now: datetime) -> bool:
    """Take the due night for this process; tell whether it was there to take. Others that ask find it gone."""
    schedule = current(now=now)
    due = schedule.next_run_at
    if not schedule.is_enabled or due is None or due > now:
        return False
    rows = Schedule.objects.filter(pk=schedule.pk, next_run_at=due)
    claimed = bool(rows.update(next_run_at=next_after(schedule.cron, now), last_run_at=now))
    return claimed and now - due <= LATE_BY


def suspicious_percent(run: Run) -> int:
    """Return the share of the run's channel beyond which it stops and asks, in percent."""
    rule = ChannelRule.objects.filter(channel=run.channel_id).first()
    own = rule.suspicious_percent if rule else None
    return own if own is not None else current().suspicious_percent


def set_channel_rule(*, channel: Channel, is_nightly: bool, suspicious_percent: int | None, actor: str) -> ChannelRule:
    """Say where a channel differs from the installation. Raises ValidationError; then nothing was changed."""
    rule = ChannelRule.objects.filter(channel=channel).first() or ChannelRule(channel=channel)
    before = {"is_nightly": rule.is_nightly, "suspicious_percent": rule.suspicious_percent}
    rule.is_nightly, rule.suspicious_percent = is_nightly, suspicious_percent
    rule.full_clean()
    rule.save()
    audit.record(
        actor=actor,
        action="reconciliation.channel_rule",
        subject=f"channel:{channel.pk}",
        before=before,
        after={"is_nightly": is_nightly, "suspicious_percent": suspicious_percent},
    )
    return rule
