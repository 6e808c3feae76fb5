"""A running simulated Amazon seller account, and a client that knows nothing of it but the documentation."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import requests

from sandbox.amazon import AmazonSimulator

DE, UK = "A1PA6795UKMFR9", "A1F83G8C2ARO7P"


class Clock:
    """The time, and what a test has skipped of it."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def __call__(self) -> float:
        return time.time() + self.skipped

    def skip(self, seconds: float) -> None:
        self.skipped += seconds


class Api(requests.Session):
    """Calls one seller's API; paths begin after the host. ``token`` is the seller's or, if asked for, the app's."""

    def __init__(self, sim: AmazonSimulator) -> None:
        super().__init__()
        self.sim = sim
        self.headers.update({"User-Agent": "Tests/1.0 (Language=Python)", "x-amz-access-token": self.token()})

    def token(self, *, grantless: bool = False) -> str:
        form = {"client_id": self.sim.access.client_id, "client_secret": self.sim.access.client_secret}
        if grantless:
            form |= {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"}
        else:
            form |= {"grant_type": "refresh_token", "refresh_token": self.sim.access.refresh_token}
        answer = requests.post(f"{self.sim.url}/auth/o2/token", data=form, timeout=5)
        return str(answer.json()["access_token"])

    def as_app(self) -> Api:
        """Return a client with the app's own token."""
        found = Api(self.sim)
        found.headers["x-amz-access-token"] = self.token(grantless=True)
        return found

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        kwargs.setdefault("timeout", 5)
        return super().request(method, self.sim.url + url if url.startswith("/") else url, **kwargs)

    # Short words for the calls of the tests

    def item(self, sku: str, data: str = "fulfillmentAvailability") -> Any:
        path = f"/listings/2021-08-01/items/{self.sim.seller_id}/{quote(sku, safe='')}"
        return self.get(path, params={"marketplaceIds": DE, "includedData": data}).json()

    def quantity(self, sku: str) -> int | None:
        found: int | None = self.item(sku)["fulfillmentAvailability"][0].get("quantity")
        return found

    def patch_item(
        self, sku: str, value: Any, *, op: str = "merge", place: str = DE, **params: str
    ) -> requests.Response:
        path = f"/listings/2021-08-01/items/{self.sim.seller_id}/{quote(sku, safe='')}"
        patches = [{"op": op, "path": "/attributes/fulfillment_availability", "value": value}]
        return self.patch(
            path, params={"marketplaceIds": place, **params}, json={"productType": "PRODUCT", "patches": patches}
        )

    def orders(self, **params: str) -> Any:
        return self.get("/orders/2026-01-01/orders", params={"includedData": "FULFILLMENT", **params}).json()


def merchant(quantity: int, **more: Any) -> list[dict[str, Any]]:
    return [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity, **more}]
