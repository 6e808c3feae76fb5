"""The watchdog over a django-q2 cluster.

A cluster can hang for good when an idle child is killed while it holds the lock of the in-memory queue, and when its
main process is killed the children live on. So the cluster runs in a process group of its own; the watchdog queues a
sweep every few seconds, which beats the heart, and when the heart stops it ends the whole group and starts a new one.

The cluster is forked from the watchdog, not started anew: so all of them share what is loaded, some 50 MB.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from django.utils import timezone
from django_q.cluster import Cluster
from django_q.models import Schedule
from django_q.tasks import async_task

from channels.lanes import is_dead
from channels.models import Heartbeat, Lane
from channels.sandbox.hosting import Host

log = structlog.get_logger(__name__)

SILENCE_SECONDS = 30.0  # longer than any lane's slice; a cluster silent for so long is taken to hang
GRACE_SECONDS = 4.0  # to finish what it is doing; a supervisor such as honcho gives us 5, and rows remember the rest
PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Watchdog:
    """Keeps one cluster alive until it is told to stop."""

    silence_seconds: float = SILENCE_SECONDS
    cluster: multiprocessing.context.ForkProcess | None = None
    stopping: bool = False
    sandbox: Host = field(default_factory=Host)
    _started_at: float = field(default=0.0)

    def run(self) -> None:
        """Block until SIGTERM or SIGINT; the cluster then finishes its running tasks."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        gc.collect()
        gc.freeze()  # what is loaded by now stays as it is: the collector must not touch, and so unshare, its pages
        _ensure_schedule()
        self._start()
        next_sweep = 0.0
        while not self.stopping:
            if time.monotonic() >= next_sweep:
                self._queue_sweep()
                next_sweep = time.monotonic() + settings.SWEEP_SECONDS
            if self.cluster is not None and not self.cluster.is_alive():
                log.error("cluster_ended", code=self.cluster.exitcode)
                self._restart()
            elif self._is_silent():
                log.error("cluster_silent", seconds=self.silence_seconds)
                self._restart()
            self.sandbox.look()
            time.sleep(0.2)
        self.sandbox.stop()
        self._end(gently=True)

    def _start(self) -> None:
        self._started_at = time.monotonic()
        connections.close_all()  # a connection must not be shared across a fork
        self.cluster = multiprocessing.get_context("fork").Process(target=_run_cluster, name="cluster")
        self.cluster.start()
        log.info("cluster_started", pid=self.cluster.pid)

    def _restart(self) -> None:
        self._end(gently=False)
        time.sleep(0.5)
        self._start()
        self._queue_sweep()

    def _end(self, *, gently: bool) -> None:
        """End the cluster with all its children: gently first where asked, then for sure."""
        if self.cluster is None:
            return
        if gently and self.cluster.is_alive():
            self.cluster.terminate()
            self.cluster.join(GRACE_SECONDS)
            if self.cluster.is_alive():
                log.warning("cluster_killed", seconds=GRACE_SECONDS)
        if self.cluster.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.cluster.pid, signal.SIGKILL)
        self.cluster.kill()
        self.cluster.join()

    def _is_silent(self) -> bool:
        if time.monotonic() - self._started_at < self.silence_seconds:
            return False
        try:
            close_old_connections()
            beat = Heartbeat.objects.filter(name="worker").values_list("at", flat=True).first()
        except DatabaseError:
            return False  # the database is away: a new cluster could do no better
        if beat is not None and (timezone.now() - beat).total_seconds() <= self.silence_seconds:
            return False
        # A long round, such as a batch that the platform takes a minute for, leaves no room for a sweep.
        held = Lane.objects.filter(held_until__gt=timezone.now()).exclude(holder="").values_list("holder", flat=True)
        return all(is_dead(holder) for holder in held)

    def _queue_sweep(self) -> None:
        try:
            close_old_connections()
            async_task("channels.tasks.sweep")
        except Exception as error:
            log.warning("sweep_not_queued", error=type(error).__name__)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def _ensure_schedule() -> None:
    """Have django-q2 sweep every minute too: it then also runs under a bare ``qcluster``."""
    Schedule.objects.update_or_create(
        name="sweep", defaults={"func": "channels.tasks.sweep", "schedule_type": Schedule.MINUTES, "minutes": 1}
    )


def _run_cluster() -> None:
    """Be the cluster: what ``manage.py qcluster`` does, in a process group of its own."""
    os.setsid()
    _die_with_parent()
    Cluster().start()


def _die_with_parent() -> None:
    """Ask Linux to end the cluster when the watchdog is killed; elsewhere a later start finds its orphans harmless."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
