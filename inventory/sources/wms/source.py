"""A warehouse system behind our own small contract: static/wms-v1.openapi.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from inventory.sources import signatures
from inventory.sources.contract import (
    BadPayload,
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
)
from inventory.sources.http import Caller
from inventory.sources.numbers import SKEW_IGNORED
from inventory.sources.wms import mapping

PAGE = 500


class WmsSource:
    """One bridge."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="wms",
        name="Warehouse system (WMS contract)",
        about="Any warehouse system or 3PL, through a small bridge that speaks our published contract.",
        hears="Events at once; the whole stock on every reading.",
        steps=(
            "Have a bridge made for the warehouse system: the contract, an OpenAPI file, says what it has to answer.",
            "Let its author run manage.py check_wms against it until every line passes.",
            "Enter its address and its token here. Afterwards copy the events address and secret into the bridge.",
        ),
        description="wms-v1.openapi.json",
        credentials=(
            CredentialField(
                name="token",
                label="Token",
                help="What the bridge expects after “Authorization: Bearer”.",
                is_secret=True,
            ),
            CredentialField(
                name="events_secret",
                label="Events secret",
                help="Leave it empty to have one made. It begins with whsec_.",
                is_secret=True,
                is_required=False,
            ),
        ),
        tells_reserved=True,
        tells_shipments=True,
        has_exact_times=True,
        sends_events=True,
        signs_with_ours=True,
        calls_per_second=8.0,
        default_pull_seconds=600,
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._caller = Caller(
            name="The bridge",
            base_url=connection.base_url,
            headers={"Authorization": f"Bearer {connection.credentials.get('token', '').strip()}"},
            calls_per_second=self.capabilities.calls_per_second,
        )

    def close(self) -> None:
        self._caller.close()

    def check(self) -> Report:
        found = self._caller.get("/v1/locations")
        places = list(mapping.locations_of(found.json))
        stock = self._caller.get("/v1/stock", {"limit": 1})
        mapping.stock_page_of(stock.json, skew_seconds=stock.skew_seconds, page="0")
        skew = stock.skew_seconds
        warnings = []
        if not places:
            warnings.append("The bridge lists no location, so nothing can be mapped.")
        if skew is not None and abs(skew) >= SKEW_IGNORED:
            way = "ahead of" if skew > 0 else "behind"
            warnings.append(f"Its clock is {abs(skew):.0f} seconds {way} ours. Set it; until then times are corrected.")
        return Report(
            account=self.connection.base_url,
            facts=(("Locations", str(len(places))),),
            warnings=tuple(warnings),
            skew_seconds=skew,
        )

    def settled_credentials(self) -> Mapping[str, str]:
        kept = {name: value.strip() for name, value in self.connection.credentials.items() if value.strip()}
        kept.setdefault("events_secret", signatures.make_secret())
        return kept

    def locations(self) -> Sequence[ReportedLocation]:
        return list(mapping.locations_of(self._caller.get("/v1/locations").json))

    def stock_page(self, cursor: str) -> StockPage:
        params: dict[str, str | int] = {"limit": PAGE}
        if cursor:
            params["cursor"] = cursor
        answer = self._caller.get("/v1/stock", params)
        # Rows have no id of their own: their page and their place on it tell them apart.
        page = hashlib.sha256(cursor.encode()).hexdigest()[:24]
        return mapping.stock_page_of(answer.json, skew_seconds=answer.skew_seconds, page=page)

    def read_items(self, item_refs: Sequence[str]) -> Sequence[StockRow]:
        raise BadPayload("The contract has no reading of single SKUs: a whole one is a snapshot already.")

    def shipment_page(self, cursor: str, *, since: datetime) -> ShipmentPage:
        params: dict[str, str | int] = {"since": since.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        if cursor:
            params["cursor"] = cursor
        answer = self._caller.get("/v1/shipments", params).json
        items = mapping.items_of(answer, what="/v1/shipments")
        cursor = answer.get("next_cursor") or ""
        if not isinstance(cursor, str):
            raise BadPayload("next_cursor must be a text or null.")
        return ShipmentPage(shipments=tuple(mapping.shipment_of(item) for item in items), next_cursor=cursor)

    def read_envelope(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        delivery_id = headers.get("webhook-id", "")
        if not delivery_id:
            raise BadPayload("The header webhook-id is needed.")
        try:
            said = _object(body)
        except BadPayload:
            said = {}  # the signature is judged first; what it holds, later
        topic = said.get("type")
        return Envelope(delivery_id=delivery_id, topic=topic if isinstance(topic, str) else "")

    def check_signature(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
        signatures.check(signatures.accepted(self.connection.credentials, now=now), headers, body, now=now)

    def parse_event(self, topic: str, body: bytes) -> Event:
        return mapping.event_of(topic, _object(body))


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        raise BadPayload("The body is not JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise BadPayload("The body is not a JSON object.")
    return value
