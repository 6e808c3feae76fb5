"""ECOSIRE: on hand, reserved and available, read only. https://docs.ecosire.com/api

Every page of every list is turned, and a reading counts only if all of it came: products whose number changed while
they were read, or a list that does not say how long it is, are discarded whole.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from inventory.sources.contract import (
    BadPayload,
    CantReread,
    Capabilities,
    Connection,
    CredentialField,
    Envelope,
    Event,
    Report,
    ReportedLocation,
    ShipmentPage,
    StockPage,
    StockRow,
    TornRead,
)
from inventory.sources.ecosire import mapping
from inventory.sources.http import Answer, Caller

PAGE = 100  # the most that ECOSIRE gives
CALLS_PER_SECOND = 0.95  # 60 calls a minute for a key
PRODUCTS = "/inventory/products"


class EcosireSource:
    """One ECOSIRE account."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="ecosire",
        name="ECOSIRE",
        about="The hosted ERP: on hand and reserved of every product, read over its REST API.",
        hears="On every reading. Its webhooks tell of checkouts only, which are then read at once.",
        steps=(
            "In ECOSIRE, open Dashboard → API Keys and make a key. It begins with eco_live_ and is shown once.",
            "To hear of checkouts at once: Dashboard → Settings → Webhooks, with the events address shown afterwards.",
        ),
        default_base_url="https://api.ecosire.com/api",
        credentials=(
            CredentialField(
                name="token", label="API key", help="Begins with eco_live_ and is shown once.", is_secret=True
            ),
            CredentialField(
                name="webhook_secret",
                label="Webhook secret",
                help="What ECOSIRE signs its webhooks with. Without it no webhook is believed.",
                is_secret=True,
                is_required=False,
            ),
        ),
        tells_reserved=True,
        sends_events=True,
        can_reread=True,
        calls_per_second=CALLS_PER_SECOND,
        default_pull_seconds=300,
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._caller = Caller(
            name="ECOSIRE",
            base_url=connection.base_url,
            headers={"Authorization": f"Bearer {connection.credentials.get('token', '').strip()}"},
            calls_per_second=CALLS_PER_SECOND,
            rest_after=_rest_after,
        )

    def close(self) -> None:
        self._caller.close()

    def check(self) -> Report:
        answer = self._caller.get(PRODUCTS, {"page": 1, "limit": 1})
        page = mapping.page_of(answer.json, page=1)
        minutes = page.total / PAGE / CALLS_PER_SECOND / 60
        warnings = []
        if minutes > 4:
            warnings.append(
                f"{page.total:,} products take about {minutes:.0f} minutes to read at ECOSIRE's rate limit."
            )
        return Report(
            account=self.connection.base_url,
            facts=(("Products", f"{page.total:,}"),),
            warnings=tuple(warnings),
            skew_seconds=answer.skew_seconds,
        )

    def settled_credentials(self) -> Mapping[str, str]:
        return {name: value.strip() for name, value in self.connection.credentials.items() if value.strip()}

    def locations(self) -> Sequence[ReportedLocation]:
        return mapping.locations_of(self._caller.get("/inventory/locations").json)

    def stock_page(self, cursor: str) -> StockPage:
        """Return one page of one mapped location. The cursor is its number, the page's, and the total so far."""
        refs = self._refs()
        place, page, total = (int(part) for part in cursor.split(":")) if cursor else (0, 1, -1)
        found, answer = self._products(refs[place], page)
        if total not in (-1, found.total):
            raise TornRead("The number of products changed while they were read. Nothing of this reading is used.")
        if found.is_last:
            if (page - 1) * PAGE + len(found.products) != found.total:
                raise TornRead(
                    f"ECOSIRE announced {found.total} products and sent"
                    f" {(page - 1) * PAGE + len(found.products)}. Nothing of this reading is used."
                )
            following = f"{place + 1}:1:-1" if place + 1 < len(refs) else ""
        else:
            if len(found.products) != PAGE:
                raise TornRead(f"Page {page} is short although more follow. Nothing of this reading is used.")
            following = f"{place}:{page + 1}:{found.total}"
        return StockPage(
            rows=tuple(mapping.row_of(product, location_ref=refs[place]) for product in found.products),
            next_cursor=following,
            as_of=answer.asked_at,
            skew_seconds=answer.skew_seconds,
        )

    def _refs(self) -> tuple[str, ...]:
        refs = self.connection.locations or (mapping.ALL,)
        if mapping.ALL in refs and len(refs) > 1:
            raise BadPayload("Map either “All locations together” or single locations: both would count twice.")
        return refs

    def _products(self, ref: str, page: int, **more: str) -> tuple[mapping.ProductPage, Answer]:
        params: dict[str, str | int] = {"page": page, "limit": PAGE, **more}
        if ref != mapping.ALL:
            params["warehouseId"] = ref
        answer = self._caller.get(PRODUCTS, params)
        return mapping.page_of(answer.json, page=page), answer

    def read_items(self, item_refs: Sequence[str]) -> Sequence[StockRow]:
        """Ask for these products alone. The filter is undocumented, so what comes must be exactly what was asked."""
        if self.connection.memory.get("filter_fails") or not 0 < len(item_refs) <= PAGE:
            raise CantReread("Only a whole reading can tell.")
        rows: list[StockRow] = []
        for ref in self._refs():
            found, answer = self._products(ref, 1, productIds=",".join(item_refs))
            came = [str(product.get("productId")) for product in found.products]
            if sorted(came) != sorted(set(item_refs)):
                self.connection.memory["filter_fails"] = True
                raise CantReread("ECOSIRE does not answer for single products.")
            for product in found.products:
                row = mapping.row_of(product, location_ref=ref)
                rows.append(_at(row, answer.asked_at))
        return rows

    def shipment_page(self, cursor: str, *, since: datetime) -> ShipmentPage:
        return ShipmentPage(shipments=(), next_cursor="")

    def read_envelope(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        said = _object(body)
        delivery_id = headers.get("x-ecosire-delivery") or said.get("id")
        topic = headers.get("x-ecosire-event") or said.get("event")
        if not isinstance(delivery_id, str) or not delivery_id:
            raise BadPayload("The event has neither X-Ecosire-Delivery nor an id.")
        return Envelope(delivery_id=delivery_id, topic=topic if isinstance(topic, str) else "")

    def check_signature(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
        secret = self.connection.credentials.get("webhook_secret", "")
        mapping.check_signature(secret, headers.get("x-ecosire-signature", ""), body)

    def parse_event(self, topic: str, body: bytes) -> Event:
        return mapping.event_of(topic, _object(body))


def _at(row: StockRow, moment: datetime) -> StockRow:
    return replace(row, as_of=moment)


def _rest_after(answer: Answer) -> float:
    """Return how long to rest: until X-RateLimit-Reset where nothing remains."""
    try:
        remaining = int(answer.headers.get("X-RateLimit-Remaining", "1"))
        reset = float(answer.headers.get("X-RateLimit-Reset", "0"))
    except ValueError:
        return 0.0
    return max(0.0, min(reset - time.time(), 120.0)) if remaining <= 0 or answer.status == 429 else 0.0


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        raise BadPayload("The body is not JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise BadPayload("The body is not a JSON object.")
    return value
