"""The warehouse behind the bridge: units by SKU and location, shipments, and snapshots for reading it page by page."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.refusals import Refusal

Json = dict[str, Any]


class Unknown(Refusal):
    """There is no such thing here."""

    status = 404


def told(moment: datetime) -> str:
    """Return a moment as RFC 3339 writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Level:
    on_hand: int = 0
    allocated: int = 0
    unsellable: int = 0
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(slots=True)
class Shipment:
    id: str
    order_ref: str
    location: str
    shipped_at: datetime
    changed_at: datetime
    lines: list[Json]
    status: str = "confirmed"

    def as_json(self) -> Json:
        return {
            "shipment_id": self.id,
            "order_ref": self.order_ref,
            "location": self.location,
            "shipped_at": told(self.shipped_at),
            "status": self.status,
            "lines": self.lines,
        }


@dataclass(slots=True)
class Warehouse:
    """All state of the bridge. ``clock`` may be off, as clocks of real systems are."""

    clock: Callable[[], datetime]
    locations: dict[str, Json] = field(default_factory=dict)
    levels: dict[tuple[str, str], Level] = field(default_factory=dict)
    shipments: dict[str, Shipment] = field(default_factory=dict)
    snapshots: OrderedDict[str, tuple[datetime, list[Json]]] = field(default_factory=OrderedDict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def number(self) -> int:
        return int(next(self._numbers))

    def level(self, sku: str, location: str) -> Level:
        if location not in self.locations:
            raise Unknown(f"no location {location}")
        level = self.levels.setdefault((sku, location), Level())
        level.updated_at = self.clock()
        return level

    def rows(self, *, location: str = "", updated_since: datetime | None = None) -> list[Json]:
        """Return the stock as rows of the contract, in an order that never changes."""
        return [
            {
                "sku": sku,
                "location": place,
                "on_hand": level.on_hand,
                "allocated": level.allocated,
                "unsellable": level.unsellable,
                "updated_at": told(level.updated_at),
            }
            for (sku, place), level in sorted(self.levels.items())
            if location in ("", place) and (updated_since is None or level.updated_at >= updated_since)
        ]

    def snapshot(self, rows: list[Json]) -> tuple[str, datetime]:
        """Keep rows for being read page by page; the oldest of many is forgotten."""
        key, at = f"s{self.number()}", self.clock()
        self.snapshots[key] = (at, rows)
        while len(self.snapshots) > 20:
            self.snapshots.popitem(last=False)
        return key, at

    def ship(self, order_ref: str, location: str, lines: list[Json], *, shipment_id: str = "") -> Shipment:
        """Send units off: on hand falls, and what was allocated for them with it."""
        now = self.clock()
        named = []
        for number, line in enumerate(lines, 1):
            units = int(line["quantity"])
            level = self.level(str(line["sku"]), location)
            level.on_hand -= units
            level.allocated = max(0, level.allocated - units)
            named.append({"line_id": str(line.get("line_id", number)), "sku": str(line["sku"]), "quantity": units})
        shipment = Shipment(shipment_id or f"SHP-{self.number()}", order_ref, location, now, now, named)
        self.shipments[shipment.id] = shipment
        return shipment

    def cancel(self, shipment_id: str) -> Shipment:
        """Take a shipment back: the parcel has not left after all."""
        shipment = self.shipments.get(shipment_id)
        if shipment is None:
            raise Unknown(f"no shipment {shipment_id}")
        if shipment.status == "confirmed":
            shipment.status, shipment.changed_at = "cancelled", self.clock()
            for line in shipment.lines:
                self.level(line["sku"], shipment.location).on_hand += int(line["quantity"])
        return shipment
