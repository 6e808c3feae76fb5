"""Whether the installation is alive and able to do its work; for load balancers and for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from channels.models import Channel, Heartbeat, InboundEvent, Listing
from inventory.models import StockSignal

STALE_AFTER = 60.0  # seconds without a heartbeat after which the queue counts as stopped
LATE_AFTER = 300.0  # seconds that due work may wait before we are not ready


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerHealth:
    """How the queue does. Seconds; None where there is nothing to measure."""

    heartbeat_age: float | None
    oldest_due_age: float | None

    @property
    def is_running(self) -> bool:
        return self.heartbeat_age is not None and self.heartbeat_age < STALE_AFTER


def worker_health(now: datetime) -> WorkerHealth:
    """Read the age of the heartbeat and of the oldest work that is due and could be done."""
    beat = Heartbeat.objects.filter(name="worker").values_list("at", flat=True).first()
    reachable = Channel.objects.filter(connection=Channel.Connection.OK, disconnected_at=None)
    oldest = [
        InboundEvent.objects.due(now).filter(channel__in=reachable).values_list("due_at", flat=True).first(),
        Listing.objects.publishable()
        .due(now)
        .filter(channel__in=reachable.exclude(mode=Channel.Mode.PAUSED))
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first(),
        StockSignal.objects.order_by("raised_at").values_list("raised_at", flat=True).first(),
    ]
    times = [moment for moment in oldest if moment is not None]
    return WorkerHealth(
        heartbeat_age=(now - beat).total_seconds() if beat else None,
        oldest_due_age=(now - min(times)).total_seconds() if times else None,
    )


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that the process is alive, asking nobody."""
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, migrations and queue do their work, else 503 with what does not."""
    checks: dict[str, object] = {}
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        checks["database"] = "ok"
        checks["migrations"] = "ok" if not pending else f"{len(pending)} not applied: run manage.py migrate"
        health = worker_health(timezone.now()) if not pending else None
    except DatabaseError:
        checks["database"] = "can't be reached"
        health = None
    if health is not None:
        checks["queue"] = "ok" if health.is_running else "no heartbeat: start manage.py worker"
        checks["heartbeat_age_seconds"] = health.heartbeat_age
        checks["oldest_due_work_seconds"] = health.oldest_due_age
        late = health.oldest_due_age is not None and health.oldest_due_age > LATE_AFTER
        checks["due_work"] = "late" if late else "ok"
    failed = [name for name in ("database", "migrations", "queue", "due_work") if checks.get(name, "ok") != "ok"]
    checks["status"] = "ready" if not failed else "not ready"
    return JsonResponse(checks, status=503 if failed else 200)
