"""``python -m sandbox.stand``: a merchant's simulated stores in one process, for whoever wants to try the product.

It tells in a file where the stores listen, how to connect them and what the merchant stocks, and runs until SIGTERM
or until whoever started it is gone: its standard input then ends.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import signal
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import catalogue
from sandbox.ecwid import EcwidSimulator
from sandbox.server import PortTaken
from sandbox.shopify import ShopifySimulator
from sandbox.woocommerce import WooCommerceSimulator

STORES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """One store: the simulator, and how it is connected. ``mode`` is the one in which a visitor learns most."""

    platform: str
    name: str
    mode: str
    simulator: Any
    api_path: str = ""
    credentials: dict[str, str] = field(default_factory=dict, repr=False)

    def described(self) -> dict[str, object]:
        return {
            "platform": self.platform,
            "name": self.name,
            "mode": self.mode,
            "base_url": f"{self.simulator.url.rstrip('/')}{self.api_path}",
            "page": self.simulator.url,
            "credentials": self.credentials,
        }


def stalls(*, seed: str, ports: list[int], webhook_base: str = "") -> list[Stall]:
    """Return the stores on ``ports`` (0 takes a free one). The same ``seed`` makes the same credentials.

    All of them show what the merchant has, but for one product of the observed store, where a hand has slipped.
    """

    def secret(name: str) -> str:
        return hmac.new(seed.encode(), name.encode(), hashlib.sha256).hexdigest()[:40]

    without_orders = {**catalogue.store("demo-a"), "orders": []}
    ecwid = EcwidSimulator(
        store_id=1003,
        name="North Ridge Outdoor",
        token=f"secret_{secret('ecwid')}",
        client_secret=secret("ecwid signing"),
        webhook_url=f"{webhook_base}/webhooks/ecwid/" if webhook_base else "",
        catalogue=catalogue.store("demo-a"),
        port=ports[0],
        time_scale=0.01,
    )
    shopify = ShopifySimulator(
        domain="ridge-and-co.myshopify.com",
        name="Ridge & Co",
        client_id=secret("shopify"),
        client_secret=secret("shopify signing"),
        catalogue=without_orders,  # type: ignore[arg-type]
        port=ports[1],
    )
    key, signing = f"ck_{secret('woocommerce')}", f"cs_{secret('woocommerce signing')}"
    woocommerce = WooCommerceSimulator(
        name="Ridge Workshop",
        consumer_key=key,
        consumer_secret=signing,
        catalogue=_with_a_slip(catalogue.store("demo-b")),
        port=ports[2],
    )
    return [
        Stall(
            platform="ecwid",
            name="North Ridge Outdoor",
            mode="live",
            simulator=ecwid,
            api_path="/api/v3",
            credentials={
                "store_id": "1003",
                "token": f"secret_{secret('ecwid')}",
                "client_secret": secret("ecwid signing"),
            },
        ),
        Stall(
            platform="shopify",
            name="Ridge & Co",
            mode="live",
            simulator=shopify,
            credentials={"client_id": secret("shopify"), "client_secret": secret("shopify signing")},
        ),
        Stall(
            platform="woocommerce",
            name="Ridge Workshop",
            mode="observe",
            simulator=woocommerce,
            credentials={"consumer_key": key, "consumer_secret": signing},
        ),
    ]


def _with_a_slip(store: catalogue.StoreDescription) -> catalogue.StoreDescription:
    for product in store.get("products", []):
        if not product.get("variations") and not product.get("unlimited") and product.get("quantity", 0) > 5:
            product["quantity"] -= 3
            break
    return store


def told(stores: list[Stall]) -> dict[str, object]:
    """Return what whoever connects the stores has to know."""
    return {
        "stores": [stall.described() for stall in stores],
        "warehouses": [{"code": code, "name": name} for code, name in catalogue.WAREHOUSES.items()],
        "skus": catalogue.merchant_skus(),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.stand", description="Run a merchant's simulated stores.")
    parser.add_argument("--tell", required=True, help="the file that is written once all of them listen")
    parser.add_argument("--ports", default="", help="three ports, separated by commas; free ones when empty")
    parser.add_argument("--webhook-base", default="", help="the product's address, for the webhooks of Ecwid")
    return parser.parse_args()


def main() -> int:
    """Return 0 after a signal or the end of standard input, 1 when a port was taken. The seed is in SANDBOX_SEED."""
    arguments = _arguments()
    ports = [int(port) for port in arguments.ports.split(",") if port] or [0] * STORES
    over = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: over.set())
    stores = stalls(seed=os.environ.get("SANDBOX_SEED", ""), ports=ports, webhook_base=arguments.webhook_base)
    try:
        for stall in stores:
            stall.simulator.start()
    except PortTaken as error:
        print(f"The simulated stores can't start: {error}.", file=sys.stderr)
        return 1
    _tell(Path(arguments.tell), told(stores))
    threading.Thread(target=_wait_for_the_end, args=(over,), daemon=True).start()
    over.wait()
    for stall in stores:
        stall.simulator.stop()
    return 0


def _tell(file: Path, words: dict[str, object]) -> None:
    """Write the file whole or not at all; it holds credentials."""
    part = file.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as writer:
        json.dump(words, writer)
    part.replace(file)


def _wait_for_the_end(over: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    over.set()


if __name__ == "__main__":
    sys.exit(main())
