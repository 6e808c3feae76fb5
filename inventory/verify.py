"""The proof that every balance equals the sum of its movements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Sum, Window
from django.db.models.functions import Coalesce, Lag

from inventory.models import Movement, ReservationLine, Sku, StockLevel, Warehouse

BALANCES = ("on_hand", "reserved", "unsellable")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDifference:
    """One thing in the ledger that does not add up."""

    sku: str
    warehouse: str
    what: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"{self.sku} in {self.warehouse}: {self.what} should be {self.expected}, is {self.found}"


def differences() -> Iterator[LedgerDifference]:
    """Yield every disagreement: levels against movements, movements against each other, reserved against its lines.

    All of it is read at one moment, so that a ledger which is being written to is not accused of it.
    """
    with _one_moment():
        yield from _unequal_balances()
        yield from _broken_chains()


@contextmanager
def _one_moment() -> Iterator[None]:
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        # Within a caller's transaction it is too late to choose. SQLite's transactions see one moment anyway.
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _unequal_balances() -> Iterator[LedgerDifference]:
    sums = {(row["sku_id"], row["warehouse_id"]): row for row in Movement.objects.all().balances()}
    levels = StockLevel.objects.select_related("sku", "warehouse").order_by("sku__code", "warehouse__code")
    places = set()
    promised = {
        (row["sku_id"], row["warehouse_id"]): row["units"]
        for row in ReservationLine.objects.values("sku_id", "warehouse_id").annotate(units=Sum("reserved"))
    }
    for level in levels.iterator():
        place = (level.sku_id, level.warehouse_id)
        places.add(place)
        row = sums.get(place)
        for name in BALANCES:
            expected, found = (row[name] if row else 0), getattr(level, name)
            if expected != found:
                yield LedgerDifference(
                    sku=level.sku.code,
                    warehouse=level.warehouse.code,
                    what=name,
                    expected=expected,
                    found=found,
                )
        if promised.get(place, 0) != level.reserved:
            yield LedgerDifference(
                sku=level.sku.code,
                warehouse=level.warehouse.code,
                what="reserved by its reservations",
                expected=promised.get(place, 0),
                found=level.reserved,
            )
    for sku_id, warehouse_id in sorted((sums.keys() | promised.keys()) - places):
        yield LedgerDifference(
            sku=Sku.objects.get(pk=sku_id).code,
            warehouse=Warehouse.objects.get(pk=warehouse_id).code,
            what="number of stock levels",
            expected=1,
            found=0,
        )


def _broken_chains() -> Iterator[LedgerDifference]:
    """Yield each movement whose balance after it is not the one before it plus its change."""
    rows = Movement.objects.order_by("pk")
    for name in BALANCES:
        window = {"partition_by": [F("sku_id"), F("warehouse_id")], "order_by": F("pk").asc()}
        broken = rows.annotate(
            expected=Coalesce(Window(Lag(f"{name}_after"), **window), 0) + F(f"{name}_delta")  # type: ignore[arg-type]
        ).exclude(expected=F(f"{name}_after"))
        for movement in broken.select_related("sku", "warehouse").iterator():
            yield LedgerDifference(
                sku=movement.sku.code,
                warehouse=movement.warehouse.code,
                what=f"{name} after movement {movement.key}",
                expected=movement.expected,
                found=getattr(movement, f"{name}_after"),
            )


def balances(*, as_of: datetime) -> Iterator[dict[str, int | str]]:
    """Yield the balances of a past moment, by SKU and warehouse: whole units, as the ledger knew them then."""
    rows = Movement.objects.all().balances(as_of=as_of)
    named = rows.values("sku__code", "warehouse__code", "on_hand", "reserved", "unsellable")
    for row in named.order_by("sku__code", "warehouse__code").iterator():
        yield {
            "sku": row["sku__code"],
            "warehouse": row["warehouse__code"],
            "on_hand": row["on_hand"],
            "reserved": row["reserved"],
            "available": row["on_hand"] - row["reserved"],
            "unsellable": row["unsellable"],
        }
