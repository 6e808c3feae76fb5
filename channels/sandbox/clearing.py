"""Clearing the sandbox: every row that loading made, or that hangs on one of those, is removed, and nothing else.

The ledger's law holds before and after, for balances go together with all of their movements. Nothing of it happens
where something real hangs on the sandbox too: that is said, and waits for a person. See docs/adr.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import ingress
from channels.lanes import Lease
from channels.models import Channel, Lane, Listing, Order, Sandbox
from channels.sandbox import closure, loading
from inventory import audit
from inventory.batches.models import CountBatch
from inventory.models import Movement, Reservation, ReservationLine, Sku, Warehouse

log = structlog.get_logger(__name__)

QUIET_AFTER = timedelta(seconds=2)  # for lanes that are at work on a sandbox channel to find it disconnected
TRIES_AGAIN_AFTER = timedelta(seconds=3)
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What clearing would remove, and the sentences that say why it can't."""

    channels: int
    listings: int
    orders: int
    skus: int
    warehouses: int
    movements: int
    obstacles: tuple[str, ...]
    more: int


def preview() -> Preview:
    """Count what clearing would remove, and find what is real among it."""
    rows, obstacles = _look()
    return Preview(
        channels=len(rows.get(Channel, ())),
        listings=len(rows.get(Listing, ())),
        orders=len(rows.get(Order, ())),
        skus=len(rows.get(Sku, ())),
        warehouses=len(rows.get(Warehouse, ())),
        movements=len(rows.get(Movement, ())),
        obstacles=tuple(obstacles[:SHOWN]),
        more=max(0, len(obstacles) - SHOWN),
    )


class CantClear(Exception):
    """Something real hangs on the sandbox; the message says what and what to do."""


def request(*, actor: str, now: datetime) -> None:
    """Disconnect the sandbox's stores and have the worker remove it. Raises CantClear; nothing is changed then."""
    _rows, obstacles = _look()
    if obstacles:
        raise CantClear(" ".join(obstacles[:SHOWN]))
    with transaction.atomic():
        changed = Sandbox.objects.exclude(state=Sandbox.State.CLEARING).update(
            state=Sandbox.State.CLEARING, due_at=now + QUIET_AFTER, problem=""
        )
        if not changed:
            return
        Channel.objects.filter(is_sandbox=True).update(disconnected_at=now, next_poll_at=None)
        audit.record(actor=actor, action="sandbox.clear", subject="sandbox", before={}, after={})
    ingress.forget()


def clear(row: Sandbox, lease: Lease) -> bool:
    """Remove the sandbox if it is being cleared; tell whether there was anything to do."""
    now = timezone.now()
    if row.state != Sandbox.State.CLEARING or row.due_at is None or row.due_at > now:
        return False
    try:
        with transaction.atomic():
            rows, obstacles = _look()
            if obstacles:  # somebody was faster than we
                problem = " ".join(obstacles[:SHOWN])[:500]
                Sandbox.objects.filter(pk=row.pk).update(state=Sandbox.State.FAILED, problem=problem, due_at=None)
                return True
            for channel_id in rows.get(Channel, ()):
                Lane.objects.filter(name__endswith=f":{channel_id}", holder="").delete()
            closure.remove(rows)
            _forget_batches(rows.get(Sku, set()))
            Sandbox.objects.filter(pk=row.pk).delete()
    except DatabaseError as error:
        # A lane that was still at work has added a row in this moment.
        log.warning("sandbox_not_cleared", error=type(error).__name__)
        Sandbox.objects.filter(pk=row.pk).update(due_at=now + TRIES_AGAIN_AFTER)
    return True


def _look() -> tuple[closure.Rows, list[str]]:
    """Return the rows that would go, and a sentence for each real thing among them."""
    roots: dict[type[models.Model], set[int]] = {
        model: set(model._default_manager.filter(is_sandbox=True).values_list("pk", flat=True))
        for model in (Channel, Sku, Warehouse)
    }
    own = Q(pk__in=[])
    for channel_id in roots[Channel]:
        own |= Q(key__startswith=f"order:{channel_id}:")
    held = ReservationLine.objects.filter(sku__in=roots[Sku]).values("reservation")
    reservations = set(Reservation.objects.filter(own | Q(pk__in=held)).values_list("pk", flat=True))
    rows = closure.closure({**roots, Reservation: reservations})
    sentences = [_sentence(row, name) for row, name in closure.strangers(rows, roots)]
    return rows, list(dict.fromkeys(sentences))


def _sentence(row: models.Model, name: str) -> str:
    """Say what is real, and how it comes apart from the sandbox."""
    if isinstance(row, Movement):
        facts = {"sku": row.sku.code, "warehouse": row.warehouse.name}
        return _("Stock of %(sku)s was booked in %(warehouse)s: one of them is real, and its history stays.") % facts
    if isinstance(row, Listing):
        return _("The listing “%(listing)s” of %(channel)s is linked across: unlink it.") % {
            "listing": row.title or row.ref,
            "channel": row.channel.name,
        }
    other = getattr(row, name, None) if name else row
    return _("%(what)s of %(other)s hangs on the sandbox: take them apart first.") % {
        "what": str(row._meta.verbose_name).capitalize(),
        "other": other,
    }


def _forget_batches(skus: set[int]) -> None:
    """Remove batches of counts that held nothing else, and discard what waits and would count a SKU that is gone."""
    for batch in CountBatch.objects.all():
        if batch.lines and any(sku in skus for sku, _place, _units in batch.lines):
            CountBatch.objects.filter(pk=batch.pk).update(state=CountBatch.State.DISCARDED, lines=[])
        elif batch.state in {CountBatch.State.DONE, CountBatch.State.UNDONE} and not batch.counts.exists():
            batch.delete()


def work(lease: Lease) -> bool:
    """Do one round of the sandbox's lane."""
    row = Sandbox.objects.first()
    return row is not None and (clear(row, lease) or loading.load(row, lease))
