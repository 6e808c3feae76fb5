"""The search index behind ``GET /products``: it may lag behind the products themselves."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from sandbox.ecwid.options import Options
from sandbox.ecwid.records import Product
from sandbox.ecwid.wire import product_json
from sandbox.server import Json


@dataclass(frozen=True, slots=True)
class Entry:
    """What search knows of a product from ``visible_at`` (UNIX seconds) on; ``wire`` empty once deleted."""

    visible_at: float
    sequence: int
    wire: Json


class SearchIndex:
    """Keeps each product's versions until a newer one has become visible."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._versions: dict[int, deque[Entry]] = {}

    def record(self, product: Product, *, at_once: bool = False) -> None:
        lag = 0.0 if at_once else self._options.search_lag_seconds
        self._append(product.id, Entry(self._options.clock() + lag, product.sequence, product_json(product)))

    def forget(self, product_id: int) -> None:
        self._append(product_id, Entry(self._options.clock() + self._options.search_lag_seconds, 0, {}))

    def visible(self) -> list[Entry]:
        """Return what search sees now, one entry for each product."""
        now = self._options.clock()
        found: list[Entry] = []
        for product_id in list(self._versions):
            versions = self._versions[product_id]
            while len(versions) > 1 and versions[1].visible_at <= now:
                versions.popleft()
            if versions[0].visible_at > now:
                continue
            if versions[0].wire:
                found.append(versions[0])
            elif len(versions) == 1:
                del self._versions[product_id]
        return found

    def _append(self, product_id: int, entry: Entry) -> None:
        versions = self._versions.setdefault(product_id, deque())
        if entry.visible_at <= self._options.clock():
            versions.clear()
        versions.append(entry)
