"""What others are told of discrepancies: that one waits for a person, and that it is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet, prefetch_related_objects

from inventory.announcing import Json, News, announce_all
from reconciliation.models import Discrepancy, Severity

FLAGGED = "discrepancy.flagged"
CLOSED = "discrepancy.closed"
_NAMED = ("channel", "sku", "warehouse")


def tell_flagged(rows: Iterable[Discrepancy], *, now: datetime) -> None:
    """Announce that these wait for a decision: they are new, differ anew, or are back from their rest."""
    _tell(FLAGGED, rows, now=now)


def tell_closed(rows: Iterable[Discrepancy], *, now: datetime) -> None:
    """Announce that these are over: decided, or healed."""
    _tell(CLOSED, rows, now=now)


def _tell(kind: str, rows: Iterable[Discrepancy], *, now: datetime) -> None:
    if isinstance(rows, QuerySet):
        rows = rows.defer("channel__credentials").select_related(*_NAMED).order_by("pk")
    found = list(rows)
    prefetch_related_objects(found, *_NAMED)
    announce_all([News(kind=kind, subject=f"discrepancy:{row.pk}", at=now, data=_data(row)) for row in found])


def _data(row: Discrepancy) -> dict[str, Json]:
    return {
        "discrepancy": row.pk,
        "kind": str(row.kind),
        "channel": {"id": row.channel.pk, "name": row.channel.name} if row.channel else None,
        "source": row.source_name,
        "listing": row.listing_id,
        "sku": row.sku.code if row.sku else None,
        "warehouse": row.warehouse.code if row.warehouse else None,
        "ledger_says": row.ledger_says,
        "channel_shows": row.channel_shows,
        "difference": None if row.ledger_says is None or row.channel_shows is None else row.units_apart,
        "severity": Severity(row.severity).name.lower(),
        "cause": str(row.cause),
        "state": str(row.state),
        "resolution": str(row.resolution),
    }
