"""Sources at work in tests: connected to running simulators, read as the worker reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from inventory import booking
from inventory.booking import Demand
from inventory.models import Reservation, Sku, StockLevel, Warehouse
from inventory.sources import connecting, lane, mapping
from inventory.sources.models import Pull, Source
from inventory.verify import differences


@dataclass
class Lease:
    """A lease that never ends."""

    is_over: bool = False

    def renew(self) -> None:
        pass


def work(source: Source) -> None:
    """Do all that is due for a source."""
    for _round in range(50):
        if not lane.work(source.pk, Lease()):
            return
    raise AssertionError("the lane never came to rest")


def read(source: Source) -> Pull:
    """Have the source read now and return the pull as it ended."""
    connecting.read_now(source, actor="user:ana", now=timezone.now())
    work(source)
    pull: Pull = Pull.objects.filter(source=source).latest("pk")
    return pull


def connect(
    kind: str,
    base_url: str,
    credentials: Mapping[str, str],
    locations: Mapping[str, Warehouse],
    *,
    name: str = "Central",
    options: Mapping[str, str] | None = None,
    **columns: Any,
) -> Source:
    """Connect a source and map its locations."""
    source, _report = connecting.connect(
        kind=kind,
        name=name,
        base_url=base_url,
        credentials=credentials,
        options=options or {},
        actor="user:ana",
        now=timezone.now(),
        **columns,
    )
    mapping.set_locations(source, locations, actor="user:ana")
    return source


def order(number: str, sku: Sku, warehouse: Warehouse, *, sold: int, fulfilled: int = 0) -> Reservation:
    """Book what a channel says of an order of one line."""
    from django.db import transaction

    now = timezone.now()
    with transaction.atomic():
        booking.book(
            [Demand(line_ref="1", sku_id=sku.pk, sold=sold, fulfilled=fulfilled)],
            key=f"order:1:{number}",
            number=number,
            reference=f"North order {number}",
            warehouse_ids=[warehouse.pk],
            actor="channel:North",
            now=now,
            occurred_at=now,
        )
    return Reservation.objects.get(key=f"order:1:{number}")


def level(sku: Sku, warehouse: Warehouse) -> tuple[int, int]:
    """Return (on hand, reserved)."""
    row = StockLevel.objects.filter(sku=sku, warehouse=warehouse).values_list("on_hand", "reserved").first()
    return row or (0, 0)


@contextmanager
def ledger_adds_up() -> Iterator[None]:
    yield
    assert list(differences()) == []


def now() -> datetime:
    return timezone.now()
