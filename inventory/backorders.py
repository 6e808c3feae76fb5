"""Units that are promised and not there: a person decides which of them wait for the next delivery.

Whose line is put on backorder stands behind all others in the queue for what is on hand. Nothing is released: the
units stay reserved, and a delivery covers them like any other.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inventory import audit
from inventory.models import ReservationLine


@transaction.atomic
def put(*, line: ReservationLine, actor: str, now: datetime) -> bool:
    """Have the line wait for the next delivery; tell whether it did not already, and holds units at all."""
    rows = ReservationLine.objects.filter(pk=line.pk, reserved__gt=0, backordered_at=None)
    return bool(rows.update(backordered_at=now)) and _record(line, actor, "order.backorder")


@transaction.atomic
def take_off(*, line: ReservationLine, actor: str) -> bool:
    """Let the line stand in the queue by its time again; tell whether it was on backorder."""
    rows = ReservationLine.objects.filter(pk=line.pk, backordered_at__isnull=False)
    return bool(rows.update(backordered_at=None)) and _record(line, actor, "order.backorder_off")


def _record(line: ReservationLine, actor: str, action: str) -> bool:
    about = {"sku": line.sku.code, "order": str(line.reservation), "units": line.reserved}
    audit.record(actor=actor, action=action, subject=f"sku:{line.sku_id}", before={}, after=about)
    return True
