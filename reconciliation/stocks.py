"""Stock sources beside the ledger: what a warehouse system says is on hand, as of when it said so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import Sum

from inventory.models import Movement, StockLevel
from reconciliation.models import Discrepancy


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelReading:
    """What a source says of one SKU in one warehouse: whole units on hand at ``as_of``."""

    sku_id: int
    warehouse_id: int
    on_hand: int
    as_of: datetime


class StockSource(Protocol):
    """Somewhere that on-hand truth may come from."""

    @property
    def ref(self) -> str:
        """Return what names it for good, for example wms:3."""

    @property
    def name(self) -> str:
        """Return what people call it."""

    def read(self, levels: Iterable[tuple[int, int]] | None) -> Iterable[LevelReading]:
        """Return what it says of these (SKU id, warehouse id), or of all; all of it, or raise."""


SOURCES: dict[str, Callable[[str], StockSource | None]] = {}  # by the kind that a ref begins with; others add theirs


def find(ref: str) -> StockSource | None:
    """Return the source that a ref names; None when it is not there any more."""
    finder = SOURCES.get(ref.partition(":")[0])
    return finder(ref) if finder else None


def look(row: Discrepancy) -> LevelReading | None:
    """Ask the source what it says now of the discrepancy's SKU and warehouse; None when it says nothing of it."""
    source = find(row.source_ref)
    if source is None or row.sku_id is None or row.warehouse_id is None:
        return None
    return next(iter(source.read([(row.sku_id, row.warehouse_id)])), None)


def on_hand_at(reading: LevelReading) -> int:
    """Return what the ledger had on hand when the source said its number: what came after is not undone."""
    level = StockLevel.objects.filter(sku=reading.sku_id, warehouse=reading.warehouse_id).first()
    since = Movement.objects.filter(
        sku=reading.sku_id, warehouse=reading.warehouse_id, occurred_at__gt=reading.as_of
    ).aggregate(units=Sum("on_hand_delta"))["units"]
    return (level.on_hand if level else 0) - (since or 0)
