"""Lanes: strands of work that one process at a time may hold, and the wake-ups that start them.

The rows that are due say what there is to do; a wake-up only says *look*. A lane remembers that a task is queued for
it, so a burst of events queues one task and not one per event. What a lost task would have found, the sweep finds.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import psutil
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from channels.models import Lane

# Longer than a task may live, so that whoever takes an expired hold over can be sure that nobody is at work any more:
# a reading beside a write under way would take it for not applied. The dead of this machine are known at once.
HELD_FOR = timedelta(seconds=settings.Q_CLUSTER["timeout"] + 30)
QUEUED_FOR = timedelta(seconds=10)  # a task that has not begun by then is taken for lost
SLICE_SECONDS = 10.0  # after that a lane makes room for the others
QUIET_SECONDS = 0.05  # a process that woke a lane this recently need not do it again …
LINGER_SECONDS = 0.15  # … because a lane that is woken so keeps looking for longer than that

_woken: dict[str, float] = {}


def wake(name: str) -> None:
    """Queue a task for the lane unless one is queued already. Inside a transaction: once it is committed."""
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(partial(wake, name))
        return
    now = timezone.now()
    Lane.objects.get_or_create(name=name)
    unqueued = Lane.objects.filter(name=name).filter(Q(queued_at=None) | Q(queued_at__lt=now - QUEUED_FOR))
    if unqueued.update(queued_at=now):
        async_task("channels.tasks.run_lane", name)


def wake_soon(name: str) -> None:
    """Like ``wake``, for hot paths: once per process and QUIET_SECONDS. The lane must run with LINGER_SECONDS."""
    now = time.monotonic()
    if now - _woken.get(name, -QUIET_SECONDS) >= QUIET_SECONDS:
        _woken[name] = now
        wake(name)


@dataclass(slots=True)
class Lease:
    """The right to work in a lane. ``is_over`` says when to make room."""

    name: str
    holder: str
    ends_at: float

    def renew(self) -> None:
        """Hold the lane for another HELD_FOR. Raises LaneLost when someone else has taken it over."""
        now = timezone.now()
        if not Lane.objects.filter(name=self.name, holder=self.holder).update(held_until=now + HELD_FOR):
            raise LaneLost(self.name)

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.ends_at


class LaneLost(Exception):
    """The lease ran out and another process holds the lane: stop, and settle nothing."""


_counter = 0


def _new_holder() -> str:
    """Name this process so that others on this machine can tell whether it still lives, and this hold of it."""
    global _counter
    _counter += 1
    process = psutil.Process()
    return f"{socket.gethostname()}/{process.pid}/{process.create_time():.2f}/{_counter}"


def is_dead(holder: str) -> bool:
    """Tell whether ``holder`` was a process of this machine that has ended. Of other machines we can't know."""
    host, pid, started, _ = holder.rsplit("/", 3)
    if host != socket.gethostname():
        return False
    if int(pid) == os.getpid():
        return False
    try:
        process = psutil.Process(int(pid))
        return f"{process.create_time():.2f}" != started or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def held(name: str, *, seconds: float = SLICE_SECONDS) -> Iterator[Lease | None]:
    """Hold the lane, or give None when another living process does."""
    holder = _new_holder()
    now = timezone.now()
    lane, _ = Lane.objects.get_or_create(name=name)
    free = Lane.objects.filter(name=name).filter(Q(holder="") | Q(held_until__lt=now))
    if lane.holder and is_dead(lane.holder):
        free = Lane.objects.filter(name=name, holder=lane.holder)
    if not free.update(holder=holder, held_until=now + HELD_FOR):
        yield None
        return
    try:
        yield Lease(name=name, holder=holder, ends_at=time.monotonic() + seconds)
    finally:
        Lane.objects.filter(name=name, holder=holder).update(holder="", held_until=None)


def run(name: str, work: Callable[[Lease], bool], has_due: Callable[[datetime], bool], *, linger: float = 0.0) -> None:
    """Work in the lane until nothing was due for ``linger`` seconds, its slice is over, or another holds it.

    ``work`` does one round and says whether it found anything. After letting go it looks once more: someone who
    found the lane held in between has gone away trusting us.
    """
    Lane.objects.filter(name=name).update(queued_at=None)
    while True:
        with held(name) as lease:
            if lease is None:
                return
            found_any = _work_for_a_slice(work, lease, linger)
            is_over = lease.is_over
        if not has_due(timezone.now()):
            return
        if is_over or not found_any:
            wake(name)
            return


def _work_for_a_slice(work: Callable[[Lease], bool], lease: Lease, linger: float) -> bool:
    """Work until nothing was found for ``linger`` seconds; tell whether anything was."""
    found_any = False
    found_at = time.monotonic()
    while not lease.is_over:
        if work(lease):
            found_any = True
            found_at = time.monotonic()
            lease.renew()
        elif time.monotonic() - found_at >= linger:
            break
        else:
            time.sleep(0.02)
    return found_any
