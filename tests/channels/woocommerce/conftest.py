"""A running simulated store with a client on it. One server for all tests: each starts with an empty store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from channels.contract import Store
from channels.platforms.woocommerce import client
from channels.platforms.woocommerce.platform import WooCommercePlatform
from sandbox.woocommerce import Options, WooCommerceSimulator
from tests.certificates import make_certificate

WEBHOOK_SECRET = "a" * 48

Opener = Callable[..., WooCommercePlatform]


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CALLS_PER_SECOND", 100_000.0)
    monkeypatch.setattr(client, "BURST", 100_000)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def plain_server() -> Iterator[WooCommerceSimulator]:
    with WooCommerceSimulator(name="Corner Shop") as simulator:
        yield simulator


@pytest.fixture(scope="module")
def secure_server(certificate: tuple[str, str]) -> Iterator[WooCommerceSimulator]:
    with WooCommerceSimulator(name="Corner Shop", certificate=certificate) as simulator:
        yield simulator


def emptied(simulator: WooCommerceSimulator) -> WooCommerceSimulator:
    """Bring a store back to what it was when it was new."""
    for name, value in vars_of(Options(sends_webhooks=False)).items():
        setattr(simulator.options, name, value)
    simulator.webhooks.clear()
    simulator.reset()
    return simulator


def vars_of(options: Options) -> dict[str, Any]:
    return {name: getattr(options, name) for name in Options.__dataclass_fields__}


@pytest.fixture
def shop(plain_server: WooCommerceSimulator) -> WooCommerceSimulator:
    """A store by http: calls are signed."""
    return emptied(plain_server)


@pytest.fixture
def secure(
    secure_server: WooCommerceSimulator, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> WooCommerceSimulator:
    """A store by https, whose certificate the client trusts."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", certificate[0])
    return emptied(secure_server)


def store_of(shop: WooCommerceSimulator, **fields: Any) -> Store:
    credentials = {
        "consumer_key": shop.consumer_key,
        "consumer_secret": shop.consumer_secret,
        "webhook_secret": WEBHOOK_SECRET,
        **fields.pop("credentials", {}),
    }
    return Store(base_url=fields.pop("base_url", shop.url), account_ref="", credentials=credentials, **fields)


@pytest.fixture
def open_platform(db: None) -> Iterator[Opener]:
    """Open clients and close them afterwards. The limiter's row lives in the database."""
    opened: list[WooCommercePlatform] = []

    def open_(shop: WooCommerceSimulator, **fields: Any) -> WooCommercePlatform:
        opened.append(WooCommercePlatform(store_of(shop, **fields)))
        return opened[-1]

    yield open_
    for platform in opened:
        platform.close()


@pytest.fixture
def platform(shop: WooCommerceSimulator, open_platform: Opener) -> WooCommercePlatform:
    return open_platform(shop)
