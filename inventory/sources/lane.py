"""The lane of each source: what there is to do in it, one process at a time.

Lanes are kept by channels, which knows this package and not the other way round. It asks ``due`` and calls ``work``,
and lends us its ``wake`` so that an event or a click need not wait for the next sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from inventory.sources import events, pulls, shipments
from inventory.sources.csv_files import folder
from inventory.sources.models import Pull, Source, SourceEvent
from inventory.sources.registry import KINDS, opened

FAMILY = "source"  # a lane is called source:3


class Lease(Protocol):
    """The right to work in a lane."""

    @property
    def is_over(self) -> bool:
        """Whether it is time to make room for others."""

    def renew(self) -> None: ...


@dataclass(slots=True)
class _Waking:
    wake: Callable[[str], None] | None = None


_waking = _Waking()


def use(wake: Callable[[str], None]) -> None:
    """Have ``wake`` called with a lane's name whenever something became due."""
    _waking.wake = wake


def wake(source: Source) -> None:
    """Say, once the transaction is committed, that something is due for the source."""
    transaction.on_commit(partial(_wake, source.lane))


def _wake(name: str) -> None:
    if _waking.wake is not None:
        _waking.wake(name)


def due(now: datetime) -> QuerySet[Source]:
    """Return the sources that something is to be done for now."""
    reading = Pull.objects.reading().ready(now).filter(source=OuterRef("pk"))
    pending = SourceEvent.objects.pending().filter(source=OuterRef("pk"))
    calls = Source.objects.at_work().filter(Q(next_pull_at__lte=now) | Exists(reading) | Exists(pending))
    decided = Pull.objects.decided().filter(source=OuterRef("pk"))
    sources: QuerySet[Source] = Source.objects.connected()
    return sources.filter(Q(pk__in=calls.values("pk")) | Exists(decided)).order_by("pk")


def has_due(source_id: int, now: datetime) -> bool:
    return due(now).filter(pk=source_id).exists()


def work(source_id: int, lease: Lease) -> bool:
    """Do one round for a source and tell whether there was anything to do."""
    now = timezone.now()
    connected = Source.objects.connected().filter(pk=source_id).first()
    if connected is not None and pulls.apply_decided(connected, now=now):
        return True  # what a person has decided needs no call
    source = Source.objects.at_work().filter(pk=source_id).first()
    if source is None:
        return False
    if events.work(source, now=now):
        return True
    pull = Pull.objects.reading().filter(source=source).select_related("source").first()
    if pull is None:
        if source.next_pull_at is None or source.next_pull_at > now:
            return False
        if not KINDS[source.kind].capabilities.pulls:
            return folder.look(source, now=now)
        pull = pulls.begin(source, trigger=Pull.Trigger.SCHEDULE, now=now)
        if pull is None:
            return False
    elif pull.wait_until is not None and pull.wait_until > now:
        return False
    pull.wait_until = None
    with opened(source) as (adapter, connection):
        while pull.state == Pull.State.READING and pull.wait_until is None and not lease.is_over:
            pulls.step(pull, adapter, connection, now=timezone.now())
            lease.renew()
    return True


def sweep(now: datetime) -> None:
    """Do what belongs to no source's lane: match shipments that were told before their orders."""
    shipments.match_waiting(now=now)
