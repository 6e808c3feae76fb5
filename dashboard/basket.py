"""What lies on a shop's counter: the lines that a person has scanned and not sold yet. It lives in the session."""

from __future__ import annotations

import uuid
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from dashboard import shops
from inventory.models import MAX_UNITS, Sku, StockLevel, Warehouse
from inventory.shops.finding import find_skus
from inventory.shops.selling import Verb

MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line on the counter; ``sku`` is None while nobody knows what the code is, and ``why`` says so."""

    place: int
    code: str
    is_barcode: bool
    units: int
    sku: Sku | None
    why: str
    on_hand: int


class Basket:
    """The counter of one shop for one person. ``sale_id`` names the sale it will become, once."""

    def __init__(self, session: MutableMapping[str, Any], shop: Warehouse) -> None:
        self._session, self._shop, self._name = session, shop, f"counter:{shop.pk}"
        stored = session.get(self._name) or {}
        self.sale_id: str = stored.get("sale_id") or uuid.uuid4().hex
        self.verb = Verb(stored.get("verb") or Verb.SALE)
        self._lines: list[tuple[str, bool, int]] = [
            (code, flag, units) for code, flag, units in stored.get("lines", [])
        ]

    def __bool__(self) -> bool:
        return bool(self._lines)

    @property
    def units(self) -> int:
        return sum(units for _code, _flag, units in self._lines)

    def lines(self) -> list[tuple[str, bool, int]]:
        """Return code, whether it is a barcode, and units of each line."""
        return list(self._lines)

    def add(self, code: str, *, is_barcode: bool) -> None:
        """Add a unit; of what lies there already, one more."""
        for place, (known, flag, units) in enumerate(self._lines):
            if (known, flag) == (code, is_barcode):
                self.set_units(place, units + 1)
                return
        if len(self._lines) < MOST_LINES:
            self._lines.append((code, is_barcode, 1))
        self._keep()

    def set_units(self, place: int, units: int) -> None:
        """Set the units of a line; without any it is gone."""
        if 0 <= place < len(self._lines):
            code, flag, _units = self._lines[place]
            self._lines[place : place + 1] = [(code, flag, min(units, MAX_UNITS))] if units > 0 else []
        self._keep()

    def become(self, verb: Verb) -> None:
        """Make it a sale or a return."""
        self.verb = verb
        self._keep()

    def clear(self) -> None:
        self._session.pop(self._name, None)

    def rows(self) -> list[Row]:
        found = find_skus({(code, flag) for code, flag, _units in self._lines})
        skus = [sku for sku in found.values() if isinstance(sku, Sku)]
        levels = StockLevel.objects.filter(warehouse=self._shop, sku__in=skus)
        on_hand = dict(levels.values_list("sku_id", "on_hand")) | shops.made_there(skus, self._shop)
        rows = []
        for place, (code, flag, units) in enumerate(self._lines):
            sku = found[code, flag]
            known = sku if isinstance(sku, Sku) else None
            rows.append(
                Row(
                    place=place,
                    code=code,
                    is_barcode=flag,
                    units=units,
                    sku=known,
                    why="" if known else str(sku),
                    on_hand=on_hand.get(known.pk, 0) if known else 0,
                )
            )
        return rows

    def _keep(self) -> None:
        self._session[self._name] = {
            "sale_id": self.sale_id,
            "verb": str(self.verb),
            "lines": [list(line) for line in self._lines],
        }
