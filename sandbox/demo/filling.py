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
from sandbox.demo.stores import WORKSHOP

if TYPE_CHECKING:
    from sandbox.demo.installation import Demo
    from sandbox.demo.stores import DemoSource, DemoStore


class FillingFailed(Exception):
    """A step of the preparation went wrong; the message says which."""


# What the merchant makes lies in its workshop, and not in the main warehouse.
_MADE = frozenset(
    {
        *("KNF-CRV-BIR", "SAW-FLD-21", "BSK-LOG-WIL", "CND-BEES", "FIR-LGT-24"),
        *("SLP-FELT-S", "SLP-FELT-M", "SLP-FELT-L", "BLK-WOOL-GRY", "BLK-WOOL-TAN"),
    }
)
# In the order in which they ship: what stands on the shop floor goes last.
_WAREHOUSES = {
    "MAIN": catalogue.WAREHOUSES["MAIN"],
    WORKSHOP: "Workshop",
    "SHOP": catalogue.WAREHOUSES["SHOP"],
}
_PULL_SECONDS = 30


def fill(demo: Demo) -> None:
    """Make warehouses and SKUs, have their stock read or received, connect the stores, wait until all is settled."""
    _wait_for(f"{demo.url}/healthz")
    for system in demo.systems:
        _wait_for(f"{system.url}/")
    token = demo.manage("token", demo.username, "--scopes", "all", "--name", "What filled the demo")
    for priority, (code, name) in enumerate(_WAREHOUSES.items(), 1):
        place = {"code": code, "name": name, "priority": priority, "is_shop": code == "SHOP"}
        _call(demo, token, "POST", "warehouses", place)
    skus = catalogue.merchant_skus()
    read = {source.warehouse for source in demo.sources}
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda sku: _stock(demo, token, sku, without=read), skus))
        list(threads.map(lambda source: _connect_source(demo, source, skus), demo.sources))
        list(threads.map(lambda store: _connect(demo, store), demo.stores))
    _wait_until_settled(demo, token, skus)


def _lies(sku: catalogue.MerchantSku) -> dict[str, int]:
    """Return the units on hand by warehouse, where there are any."""
    moved = {"MAIN": WORKSHOP} if sku["code"] in _MADE else {}
    return {moved.get(code, code): units for code, units in sku["on_hand"].items() if units}


def _stock(demo: Demo, token: str, sku: catalogue.MerchantSku, *, without: set[str]) -> None:
    """Make a SKU and receive its units, but for warehouses that a source speaks of."""
    described = {"code": sku["code"], "name": sku["name"], "barcode": sku["barcode"]}
    _call(demo, token, "POST", "skus", described)
    for warehouse, units in _lies(sku).items():
        if warehouse not in without:
            receipt = {"sku": sku["code"], "warehouse": warehouse, "units": units, "reason": "Opening stock"}
            _call(demo, token, "POST", "stock/receipts", receipt, key=f"demo-{sku['code']}-{warehouse}")


def _connect_source(demo: Demo, source: DemoSource, skus: list[catalogue.MerchantSku]) -> None:
    """Put the warehouse's goods into the stock system, and connect it: their units come in by being read."""
    there = [(sku, _lies(sku).get(source.warehouse, 0)) for sku in skus if sku["tracked"]]
    control = f"{source.url}/_control"
    if source.kind == "wms":
        rows = [{"sku": sku["code"], "location": "Q1", "on_hand": units} for sku, units in there if units]
        _request("POST", f"{control}/stock", {"items": rows}, {})
    else:
        place = _request("POST", f"{control}/locations", {"name": source.place}, {})["pk"]
        parts = [{"name": sku["name"], "IPN": sku["code"], "barcode": sku["barcode"]} for sku, units in there if units]
        _request("POST", f"{control}/parts", {"items": parts}, {})
        rows = [{"IPN": sku["code"], "quantity": units, "location": place} for sku, units in there if units]
        _request("POST", f"{control}/stock", {"items": rows}, {})
    facts = _manage_with(
        demo,
        source.process,
        source.credentials,
        *("connect_source", source.kind, "--name", source.name, "--base-url", source.url, "--json"),
        *("--warehouse", f"{source.warehouse}={source.place}", "--pull-seconds", str(_PULL_SECONDS)),
    )
    if facts["events_url"]:
        _request("POST", f"{control}/events", {"url": facts["events_url"], "secret": facts["events_secret"]}, {})


def _manage_with(demo: Demo, name: str, credentials: dict[str, str], *arguments: str) -> Any:
    """Run a command with credentials in a file that is gone afterwards, and return the JSON that it printed."""
    file = Path(demo.folder, f"{name}.json")
    file.write_text(json.dumps(credentials))
    try:
        return json.loads(demo.manage(*arguments, "--credentials", str(file)))
    finally:
        file.unlink()


def _connect(demo: Demo, store: DemoStore) -> None:
    places = [f"{code}={store.locations[code]}" if store.locations else code for code in _WAREHOUSES]
    facts = _manage_with(
        demo,
        store.process,
        store.credentials,
        *("connect", store.platform, "--name", store.name, "--base-url", f"{store.url}{store.api_path}", "--json"),
        *("--mode", "live", "--warehouse", *places),
        *(text for name, value in store.options.items() for text in ("--option", f"{name}={value}")),
    )
    if store.takes_webhook_address:
        _request("POST", f"{store.url}/_control/webhook", {"url": facts["webhook_url"]}, {})
    demo.manage("import_catalog", store.name)


def _wait_until_settled(demo: Demo, token: str, skus: list[catalogue.MerchantSku], *, seconds: float = 60) -> None:
    """Wait until all stock has come in, and every mapped, counted listing was read and shows what it should."""
    give_up_at = time.monotonic() + seconds
    expected = {(sku["code"], warehouse): units for sku in skus for warehouse, units in _lies(sku).items()}
    while time.monotonic() < give_up_at:
        levels = _call(demo, token, "GET", "stock?limit=500", None)["results"]
        on_hand = {(level["sku"], level["warehouse"]): level["on_hand"] for level in levels if level["on_hand"]}
        listings = _call(demo, token, "GET", "listings?mapping=mapped&limit=500", None)["results"]
        waiting = [ls for ls in listings if ls["tracked"] and (ls["accounted"] is None or ls["due_at"])]
        if listings and not waiting and expected.items() <= on_hand.items():
            return
        time.sleep(0.3)
    raise FillingFailed("Everything was connected, but the quantities did not settle within a minute.")


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
