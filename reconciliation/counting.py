"""Counts that someone should go and make. A count that is booked ends its task: see ``queue.wake``."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inventory import audit
from inventory.models import Sku, Warehouse
from inventory.operations import check_counted, check_keeper
from reconciliation.models import CountTask, Discrepancy


@transaction.atomic
def ask(*, sku: Sku, warehouse: Warehouse, reason: str, actor: str, now: datetime) -> CountTask:
    """Ask for a count; one that is asked for already is returned as it is.

    Raises InvalidQuantity for a bundle, and KeptElsewhere where nobody counts here.
    """
    check_counted(sku)
    check_keeper(warehouse, actor)
    task, is_new = task_of(sku=sku, warehouse=warehouse, reason=reason, actor=actor, now=now)
    if is_new:
        _record(task, "count.ask", actor)
    return task


def task_of(
    *,
    sku: Sku,
    warehouse: Warehouse,
    reason: str,
    actor: str,
    now: datetime,
    discrepancy: Discrepancy | None = None,
) -> tuple[CountTask, bool]:
    """Return the open task, and whether it was made now: whoever asked first stands on it."""
    asked = {"discrepancy": discrepancy, "reason": reason[:300], "asked_by": actor, "asked_at": now}
    made: tuple[CountTask, bool] = CountTask.objects.get_or_create(
        sku=sku, warehouse=warehouse, state=CountTask.State.OPEN, defaults=asked
    )
    return made


@transaction.atomic
def cancel(task: CountTask, *, actor: str, now: datetime) -> bool:
    """Ask for the count no longer; tell whether it was still asked for. A difference that waited for it comes back."""
    rows = CountTask.objects.filter(pk=task.pk, state=CountTask.State.OPEN)
    if not rows.update(state=CountTask.State.CANCELLED, ended_at=now):
        return False
    _record(task, "count.cancel", actor)
    return True


def _record(task: CountTask, action: str, actor: str) -> None:
    about = {"sku": task.sku.code, "warehouse": task.warehouse.code, "reason": task.reason}
    audit.record(actor=actor, action=action, subject=f"sku:{task.sku_id}", before={}, after=about)
