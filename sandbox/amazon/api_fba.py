"""FBA Inventory v1: what lies in Amazon's warehouses. https://developer-docs.amazon.com/sp-api/docs/fba-inventory-api"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sandbox.amazon.errors import invalid_input
from sandbox.amazon.parameters import listed, marketplace_of, moment
from sandbox.amazon.store import Store
from sandbox.amazon.wire import held_json
from sandbox.server import Json, Request, Response, Route, json_response

PAGE = 50
OLDEST = 18 * 30 * 86_400.0  # seconds that startDateTime may lie back


@dataclass(frozen=True, slots=True)
class _Rest:
    skus: tuple[str, ...]
    since: str
    ends_at: float


class FbaApi:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._rests: dict[str, _Rest] = {}

    def routes(self) -> list[Route]:
        return [Route("GET", "/fba/inventory/v1/summaries", self._read, "getInventorySummaries")]

    def _read(self, request: Request, _: dict[str, str]) -> Response:
        marketplace = marketplace_of(request, self._store.options.marketplaces)
        if request.query.get("granularityType") != "Marketplace":
            raise invalid_input("granularityType must be Marketplace")
        if request.query.get("granularityId") != marketplace:
            raise invalid_input("granularityId must be the marketplace")
        token = request.query.get("nextToken", "")
        rest = self._continued(request, token) if token else self._begun(request, marketplace)
        details = request.query.get("details") == "true"
        items = [item for sku in rest.skus[:PAGE] if (item := self._store.items.get(sku)) is not None]
        answer: Json = {
            "payload": {
                "granularity": {"granularityType": "Marketplace", "granularityId": marketplace},
                "inventorySummaries": [held_json(item, details=details) for item in items],
            }
        }
        if rest.skus[PAGE:]:
            following = secrets.token_urlsafe(24)
            self._rests[following] = _Rest(rest.skus[PAGE:], rest.since, self._ends_at())
            answer["pagination"] = {"nextToken": following}
        return json_response(answer)

    def _begun(self, request: Request, marketplace: str) -> _Rest:
        since = moment(request, "startDateTime")
        if since is not None and since < self._store.options.clock() - OLDEST:
            raise invalid_input("startDateTime lies more than 18 months back")
        wanted = listed(request, "sellerSkus", most=50) if since is None else []
        held = [
            item
            for item in self._store.items.all()
            if item.is_held_by_amazon
            and marketplace in item.marketplaces
            and (not wanted or item.sku in wanted)
            and (since is None or item.held.updated_at >= since)
        ]
        if not held and self._store.options.refuses_without_fba:
            raise invalid_input("The seller is not registered for fulfilment by Amazon")
        return _Rest(tuple(item.sku for item in held), request.query.get("startDateTime", ""), self._ends_at())

    def _continued(self, request: Request, token: str) -> _Rest:
        rest = self._rests.get(token)
        if rest is None or rest.ends_at < self._store.options.clock():
            raise invalid_input("The nextToken is not valid or has expired")
        if rest.since != request.query.get("startDateTime", ""):
            raise invalid_input("startDateTime must be sent again with the nextToken")
        return rest

    def _ends_at(self) -> float:
        return self._store.options.clock() + self._store.options.fba_page_seconds
