"""What people are told in the page: each cause once, to everyone who wants its kind.

Causes are read from the rows that hold them, so a lost run of this work loses nothing; their keys keep a second
telling out. Mail about the same things is the digest's (reconciliation.digests).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from access.roles import SENTENCES, Role, Verb, roles_with
from channels.lanes import Lease
from channels.models import Channel
from dashboard.models import Installation, Notification, User
from inventory.models import Sku, StockLevel
from inventory.sources.models import Source
from reconciliation.models import Discrepancy, Run, Severity

EVERY = timedelta(seconds=30)
KEPT = timedelta(days=90)
_MOST = 50  # of a kind at once: more say nothing more

Kind = Notification.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something to tell. ``key`` names the cause; one that happens again has another key."""

    kind: Notification.Kind
    key: str
    title: str
    url: str
    detail: str = ""


def tell(news: Iterable[News], *, now: datetime, roles: Iterable[str] = Role.values) -> int:
    """Put the news before everyone in these roles who wants their kind; return how many rows were tried."""
    people = list(User.objects.filter(is_active=True, role__in=list(roles)).order_by("pk"))
    rows = [
        Notification(
            user=person,
            kind=each.kind,
            key=each.key[:120],
            title=each.title[:200],
            detail=each.detail[:300],
            url=each.url,
            created_at=now,
        )
        for each in news
        for person in people
        if each.kind not in person.muted
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def tell_of_joining(person: User, *, now: datetime) -> None:
    """Tell the owners that somebody has used an invitation."""
    news = News(
        kind=Kind.PEOPLE,
        key=f"join:{person.pk}",
        title=_("%(person)s joined as %(role)s.") % {"person": person, "role": person.get_role_display().lower()},
        url=reverse("people:person", args=[person.pk]),
    )
    tell([news], now=now, roles=roles_with(Verb.PEOPLE))


def tell_of_role(person: User, *, now: datetime) -> None:
    """Tell a person that they have another role."""
    Notification.objects.bulk_create(
        [
            Notification(
                user=person,
                kind=Kind.PEOPLE,
                key=f"role:{person.role}:{now.isoformat()}",
                title=_("Your role is %(role)s now.") % {"role": person.get_role_display().lower()},
                detail=str(SENTENCES[Role(person.role)]),
                url=reverse("account:profile"),
                created_at=now,
            )
        ]
    )


def read_all(person: User, *, now: datetime) -> None:
    Notification.objects.filter(user=person, read_at=None).update(read_at=now)


# What the worker does -------------------------------------------------------------------------------------------


def has_due(now: datetime) -> bool:
    return not Installation.objects.filter(notified_at__gt=now - EVERY).exists()


def work(lease: Lease) -> bool:
    """Look once; whoever marks the time first does it."""
    now = timezone.now()
    Installation.objects.get_or_create(pk=1)
    rows = Installation.objects.filter(Q(notified_at=None) | Q(notified_at__lte=now - EVERY), pk=1)
    if rows.update(notified_at=now):
        look(now=now)
    return False


def look(*, now: datetime) -> None:
    """Tell what needs a person now and was not told before, and clear old rows away."""
    found = [*_channels(), *_sources(), *_runs(now), *_discrepancies(now), *_oversold(now)]
    known = set(Notification.objects.filter(key__in=[news.key for news in found]).values_list("user_id", "key"))
    people = set(User.objects.filter(is_active=True).values_list("pk", flat=True))
    tell((news for news in found if any((pk, news.key) not in known for pk in people)), now=now)
    Notification.objects.filter(created_at__lt=now - KEPT).delete()


def _channels() -> Iterator[News]:
    troubled = Channel.objects.filter(disconnected_at=None).filter(
        ~Q(connection=Channel.Connection.OK) | Q(halted_at__isnull=False)
    )
    for channel in troubled.defer("credentials", "options")[:_MOST]:
        url = reverse("channels:channel_detail", args=[channel.uuid])
        if channel.connection != Channel.Connection.OK:
            yield News(
                kind=Kind.CHANNEL,
                key=f"channel:{channel.pk}:connection:{_mark(channel.connection_problem_at)}",
                title=_("%(channel)s: %(state)s.")
                % {"channel": channel.name, "state": channel.get_connection_display().lower()},
                detail=channel.connection_problem,
                url=url,
            )
        if channel.halted_at is not None:
            yield News(
                kind=Kind.CHANNEL,
                key=f"channel:{channel.pk}:halted:{_mark(channel.halted_at)}",
                title=_("%(channel)s has stopped a large wave and asks.") % {"channel": channel.name},
                detail=channel.halted_reason,
                url=url,
            )


def _sources() -> Iterator[News]:
    for source in Source.objects.all().in_trouble().filter(~Q(connection=Source.Connection.OK))[:_MOST]:
        yield News(
            kind=Kind.CHANNEL,
            key=f"source:{source.pk}:{_mark(source.connection_problem_at)}",
            title=_("%(source)s: %(state)s.")
            % {"source": source.name, "state": source.get_connection_display().lower()},
            detail=source.connection_problem,
            url=reverse("sources:source_detail", args=[source.uuid]),
        )


def _runs(now: datetime) -> Iterator[News]:
    since = now - timedelta(days=1)
    ended = Q(ended_at__gt=since) | Q(asked_at__gt=since)
    runs = Run.objects.filter(ended, state__in=[Run.State.FAILED, Run.State.SUSPICIOUS]).select_related("channel")
    for run in runs.order_by("-pk")[:_MOST]:
        name = run.channel.name if run.channel else run.source_name
        yield News(
            kind=Kind.REVIEW,
            key=f"run:{run.pk}:{run.state}",
            title=_("The comparison of %(name)s: %(state)s.")
            % {"name": name, "state": run.get_state_display().lower()},
            detail=run.problem,
            url=reverse("reconciliation:run", args=[run.pk]),
        )


def _discrepancies(now: datetime) -> Iterator[News]:
    """At most one an hour, however many a night finds."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    if Discrepancy.objects.open().filter(first_seen_at__gte=hour, severity__gte=Severity.HIGH).exists():
        yield News(
            kind=Kind.REVIEW,
            key=f"discrepancies:{hour:%Y-%m-%dT%H}",
            title=_("New discrepancies may oversell."),
            detail=_("A channel shows more than the ledger has."),
            url=reverse("reconciliation:queue"),
        )


def _oversold(now: datetime) -> Iterator[News]:
    """A SKU is told of once a day while it is oversold."""
    short = StockLevel.objects.filter(available__lt=0).values("sku")
    skus = Sku.objects.all().with_stock().filter(pk__in=short, available__lt=0).order_by("available", "pk")
    for sku in skus[:_MOST]:
        yield News(
            kind=Kind.OVERSOLD,
            key=f"oversold:{sku.pk}:{now:%Y-%m-%d}",
            title=_("%(code)s is oversold by %(units)d.") % {"code": sku.code, "units": -sku.available},
            detail=sku.name,
            url=reverse("dashboard:sku_detail", args=[sku.pk]),
        )


def _mark(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
