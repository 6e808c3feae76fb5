"""A running simulated shop with a client on it, put back to the start before each test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from channels.contract import QuantityChange, Store
from channels.platforms.shopify import bulk, client, transport, writes
from channels.platforms.shopify.platform import ShopifyPlatform
from channels.platforms.shopify.refs import PoolRef
from sandbox.shopify import ShopifySimulator
from sandbox.shopify.options import Options

DOMAIN = "north-ridge.myshopify.com"
TOKEN = "shpat_sandbox"
SECRET = "sandbox_client_secret"


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits and waits are tested on their own."""
    monkeypatch.setattr(client, "POINTS_PER_SECOND", 1_000_000.0)
    monkeypatch.setattr(client, "BUCKET", 1_000_000.0)
    monkeypatch.setattr(transport, "READ_SECONDS", 10.0)
    monkeypatch.setattr(writes, "REPEAT_AFTER", 0.0)
    monkeypatch.setattr(bulk, "WAIT_SECONDS", 0.01)


@pytest.fixture(scope="module")
def running() -> Iterator[ShopifySimulator]:
    with ShopifySimulator(domain=DOMAIN, name="North", time_scale=0.00001) as simulator:
        yield simulator


def at_the_start(simulator: ShopifySimulator) -> ShopifySimulator:
    """Put a simulated shop back: knobs, goods, subscriptions, logs."""
    fresh = Options(time_scale=0.00001, bulk_seconds=0.01, bucket=1_000_000, restore_rate=100_000)
    for name in Options.__dataclass_fields__:
        setattr(simulator.options, name, getattr(fresh, name))
    simulator.webhooks.subscriptions.clear()
    simulator.reset()
    return simulator


@pytest.fixture
def shop(running: ShopifySimulator) -> ShopifySimulator:
    return at_the_start(running)


def store_at(base_url: str, **fields: Any) -> Store:
    """Return a shop as the core describes it to a client; ``credentials`` replace the pasted token."""
    credentials: Mapping[str, str] = fields.pop("credentials", {"access_token": TOKEN, "client_secret": SECRET})
    return Store(base_url=base_url, account_ref=fields.pop("account_ref", DOMAIN), credentials=credentials, **fields)


Opener = Callable[..., ShopifyPlatform]


@pytest.fixture
def open_platform(db: None) -> Iterator[Opener]:
    """Open clients and close them afterwards. The limiter's row lives in the database."""
    opened: list[ShopifyPlatform] = []

    def open_(base_url: str, **fields: Any) -> ShopifyPlatform:
        opened.append(ShopifyPlatform(store_at(base_url, **fields)))
        return opened[-1]

    yield open_
    for platform in opened:
        platform.close()


@pytest.fixture
def platform(shop: ShopifySimulator, open_platform: Opener) -> ShopifyPlatform:
    return open_platform(shop.base_url)


def pool(shop: ShopifySimulator, sku: str, place: int = 0) -> str:
    """Return the ref of a SKU's pool at one of the shop's locations."""
    return str(PoolRef(str(shop.variant(sku).item_id), str(list(shop.shop.locations)[place])))


def change(ref: str, accounted: int, target: int, key: str = "k") -> QuantityChange:
    return QuantityChange(ref=ref, accounted=accounted, target=target, key=f"{key}:{ref}")


def available(shop: ShopifySimulator, ref: str) -> int | None:
    """Return what a pool has available, switched off or not; None where the item was never stocked."""
    item, _, location = ref.partition("@")
    level = shop.shop.levels.get((int(item), int(location)))
    return None if level is None else level.available


def operations(shop: ShopifySimulator) -> list[str]:
    """Return the names of the GraphQL operations that were sent, oldest first."""
    return [json.loads(call.body)["operationName"] for call in shop.requests if call.path.endswith("/graphql.json")]
