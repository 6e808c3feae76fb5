"""The store's profile and its cheap change counters."""

from __future__ import annotations

from sandbox.ecwid.fields import keep_fields, parse_fields
from sandbox.ecwid.parameters import Parameters
from sandbox.ecwid.store import Store
from sandbox.ecwid.wire import date_text
from sandbox.server import Json, Request, Response, Route, json_response


class ProfileApi:
    """Handlers for ``/profile`` and ``/latest-stats``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._started_at = store.options.clock()

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/profile", self.profile, "read_store_profile"),
            Route("GET", "/latest-stats", self.latest_stats, "read_store_profile"),
        ]

    def profile(self, request: Request, _: dict[str, str]) -> Response:
        options = self._store.options
        features = ["INVENTORY_TRACKING"]
        features += ["API"] if options.plan_has_api else []
        features += ["COMBINATIONS"] if options.plan_has_variations else []
        found: Json = {
            "generalInfo": {
                "storeId": self._store.store_id,
                "storeUrl": f"https://store{self._store.store_id}.example.com",
            },
            "account": {
                "accountName": self._store.name,
                "accountEmail": f"owner{self._store.store_id}@example.com",
                "suspended": options.suspended,
                "availableFeatures": sorted(features),
            },
            "settings": {
                "closed": False,
                "storeName": self._store.name,
                "allowPreordersForOutOfStockProducts": options.allow_preorders,
            },
            "company": {"companyName": self._store.name, "countryCode": "IE", "city": "Dublin"},
            "formatsAndUnits": {"currency": options.currency, "weightUnit": "KILOGRAM", "timezone": "UTC"},
        }
        return json_response(keep_fields(found, parse_fields(request.query.get("responseFields", ""))))

    def latest_stats(self, request: Request, _: dict[str, str]) -> Response:
        store = self._store
        found: Json = {
            "productsUpdated": date_text(store.products.updated_at),
            "ordersUpdated": date_text(store.orders.updated_at),
            "profileUpdated": date_text(self._started_at),
            "categoriesUpdated": date_text(self._started_at),
            "discountCouponsUpdated": date_text(self._started_at),
            "abandonedSalesUpdated": date_text(store.orders.updated_at),
            "customersUpdated": date_text(store.orders.updated_at),
        }
        if Parameters(request.query).flag("productCountRequired"):
            found["productCount"] = len(store.products.all())
        return json_response(found)
