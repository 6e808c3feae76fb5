"""Filling the demo with one merchant's goods, through the same commands and API that everyone uses."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox import catalogue

if TYPE_CHECKING:
    from sandbox.demo.installation import Demo
    from sandbox.demo.stores import DemoStore


class FillingFailed(Exception):
    """A step of the preparation went wrong; the message says which."""


def fill(demo: Demo) -> None:
    """Make warehouses, SKUs and stock, connect the stores and wait until every quantity is settled."""
    _wait_for(f"{demo.url}/healthz")
    for store in demo.stores:
        _wait_for(f"{store.url}/")
    token = demo.manage("token", demo.username, "--scopes", "all")
    for priority, (code, name) in enumerate(catalogue.WAREHOUSES.items(), 1):
        _call(demo, token, "POST", "warehouses", {"code": code, "name": name, "priority": priority})
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda sku: _stock(demo, token, sku), catalogue.merchant_skus()))
        list(threads.map(lambda store: _connect(demo, store), demo.stores))
    _wait_until_settled(demo, token)


def _stock(demo: Demo, token: str, sku: catalogue.MerchantSku) -> None:
    described = {"code": sku["code"], "name": sku["name"], "barcode": sku["barcode"]}
    _call(demo, token, "POST", "skus", described)
    for warehouse, units in sku["on_hand"].items():
        if units:
            receipt = {"sku": sku["code"], "warehouse": warehouse, "units": units, "reason": "Opening stock"}
            _call(demo, token, "POST", "stock/receipts", receipt, key=f"demo-{sku['code']}-{warehouse}")


def _connect(demo: Demo, store: DemoStore) -> None:
    credentials = Path(demo.folder, f"{store.process}.json")
    credentials.write_text(json.dumps(store.credentials))
    places = [f"{code}={store.locations[code]}" if store.locations else code for code in catalogue.WAREHOUSES]
    facts = json.loads(
        demo.manage(
            *("connect", store.platform, "--name", store.name, "--base-url", f"{store.url}{store.api_path}", "--json"),
            *("--credentials", str(credentials), "--mode", "live", "--warehouse", *places),
            *(text for name, value in store.options.items() for text in ("--option", f"{name}={value}")),
        )
    )
    credentials.unlink()
    if store.takes_webhook_address:
        _request("POST", f"{store.url}/_control/webhook", {"url": facts["webhook_url"]}, {})
    demo.manage("import_catalog", store.name)


def _wait_until_settled(demo: Demo, token: str, *, seconds: float = 60) -> None:
    """Wait until every mapped, counted listing was read and shows what it should."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        listings = _call(demo, token, "GET", "listings?mapping=mapped&limit=500", None)["results"]
        waiting = [ls for ls in listings if ls["tracked"] and (ls["accounted"] is None or ls["due_at"])]
        if listings and not waiting:
            return
        time.sleep(0.3)
    raise FillingFailed("The stores were connected, but their quantities did not settle within a minute.")


def _wait_for(url: str, *, seconds: float = 30) -> None:
    give_up_at = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            if time.monotonic() > give_up_at:
                raise FillingFailed(f"{url} did not answer within {seconds:.0f} seconds.") from None
            time.sleep(0.1)


def _call(demo: Demo, token: str, method: str, path: str, body: object, *, key: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    if key:
        headers["Idempotency-Key"] = key
    return _request(method, f"{demo.url}/api/v1/{path}", body, headers)


def _request(method: str, url: str, body: object, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own address
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own address
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        raise FillingFailed(f"{method} {url} answered {error.code}: {error.read().decode()[:300]}") from None
    except OSError as error:
        raise FillingFailed(f"{method} {url} got no answer: {error}") from None
