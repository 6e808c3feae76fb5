"""What django-q2 and the sweep call for no channel in particular: the night, what rests, mails."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from channels.lanes import Lease, wake
from reconciliation import batches, digests, merging, queue, runs, schedule

LANE = "reconciliation"


def nightly() -> None:
    """Begin the night's runs if they are due; django-q2's alarm calls it, on as many clusters as there are."""
    runs.start_nightly(now=timezone.now())


def has_due(now: datetime) -> bool:
    """Tell whether ``work`` would find anything: never true for what it could not change."""
    return (
        schedule.is_due(now)
        or queue.rested(now).exists()
        or queue.counted().exists()
        or queue.overtaken().exists()
        or batches.waiting_without_channel(now).exists()
        or digests.due(now).exists()
        or merging.late().exists()
    )


def work(lease: Lease) -> bool:
    """Do what is due; tell whether anything was found that may have a next step at once."""
    now = timezone.now()
    schedule.current(now=now)
    runs.start_nightly(now=now)
    queue.wake(now=now)
    found = batches.work_without_channel(now=now)
    digests.send_due(now=now)
    merging.follow(now=now)
    return found


def look() -> None:
    """Have the lane look now: something of its own was just made."""
    wake(LANE)
