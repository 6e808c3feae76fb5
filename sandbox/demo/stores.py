"""The simulated systems of the demo: one merchant's goods on every platform, and where they lie."""

from __future__ import annotations

import secrets
import shlex
import sys
from dataclasses import dataclass, field

WORKSHOP = "WORKS"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStore:
    """One simulated store: how to run it, and how to connect it."""

    platform: str
    label: str
    name: str
    port: int
    catalogue: str
    api_path: str  # where its API begins
    arguments: tuple[str, ...] = field(repr=False)  # of ``python -m sandbox.<platform>``
    credentials: dict[str, str] = field(repr=False)
    options: dict[str, str] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)  # which of its locations a warehouse stands for
    takes_webhook_address: bool = False  # a person would enter it in the store's admin

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def process(self) -> str:
        """Return the name of its process."""
        return f"{self.platform}-{self.port}"

    @property
    def command(self) -> str:
        own = ("--port", str(self.port), "--name", self.name, "--catalogue", self.catalogue)
        return shlex.join([sys.executable, "-m", f"sandbox.{self.platform}", *own, *self.arguments])


def _secret() -> str:
    return secrets.token_hex(20)


def ecwid(*, name: str, catalogue: str, store_id: int, port: int) -> DemoStore:
    token, client_secret = f"secret_{_secret()}", _secret()
    return DemoStore(
        platform="ecwid",
        label="Ecwid",
        name=name,
        port=port,
        catalogue=catalogue,
        api_path="/api/v3",
        arguments=(
            *("--store-id", str(store_id), "--token", token, "--client-secret", client_secret),
            *("--time-scale", "0.01"),
        ),
        credentials={"store_id": str(store_id), "token": token, "client_secret": client_secret},
        takes_webhook_address=True,
    )


def woocommerce(*, name: str, catalogue: str, port: int) -> DemoStore:
    key, secret = f"ck_{_secret()}", f"cs_{_secret()}"
    return DemoStore(
        platform="woocommerce",
        label="WooCommerce",
        name=name,
        port=port,
        catalogue=catalogue,
        api_path="",
        arguments=("--consumer-key", key, "--consumer-secret", secret),
        credentials={"consumer_key": key, "consumer_secret": secret},
    )


def shopify(*, name: str, catalogue: str, domain: str, port: int) -> DemoStore:
    client_id, client_secret = _secret(), _secret()
    return DemoStore(
        platform="shopify",
        label="Shopify",
        name=name,
        port=port,
        catalogue=catalogue,
        api_path="",
        arguments=("--domain", domain, "--client-id", client_id, "--client-secret", client_secret),
        credentials={"client_id": client_id, "client_secret": client_secret},
    )


def amazon(*, name: str, catalogue: str, seller_id: str, port: int) -> DemoStore:
    client_secret, refresh_token, queue = _secret(), f"Atzr|{_secret()}", "evenkeel"
    return DemoStore(
        platform="amazon",
        label="Amazon",
        name=name,
        port=port,
        catalogue=catalogue,
        api_path="",
        # Amazon takes minutes for what a visitor wants to see at once.
        arguments=(
            *("--seller-id", seller_id, "--client-id", "sandbox", "--client-secret", client_secret),
            *("--refresh-token", refresh_token, "--queue", queue, "--held", "TNT-RDG-2=9"),
            *("--accept-seconds", "2", "--pending-seconds", "20", "--orders-told-after", "0", "--quota-scale", "1000"),
        ),
        credentials={
            "seller_id": seller_id,
            "client_id": "sandbox",
            "client_secret": client_secret,
            "refresh_token": refresh_token,
            "marketplace": "A1PA6795UKMFR9",
            "queue_url": f"http://localhost:{port}/123456789012/{queue}",
            "aws_region": "eu-west-1",
            "aws_access_key_id": "sandbox",
            "aws_secret_access_key": "sandbox",
        },
        options={"pace": "simulator"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSource:
    """One simulated stock system: how to run it, and how to connect it for one warehouse."""

    kind: str
    label: str
    name: str
    port: int
    warehouse: str  # the code of ours
    place: str  # what the system calls it
    credentials: dict[str, str] = field(repr=False)
    arguments: tuple[str, ...] = field(default=(), repr=False)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def process(self) -> str:
        """Return the name of its process."""
        return f"{self.kind}-{self.port}"

    @property
    def command(self) -> str:
        own = ("--port", str(self.port), "--name", self.name)
        return shlex.join([sys.executable, "-m", f"sandbox.{self.kind}", *own, *self.arguments])


def all_sources(first_port: int) -> tuple[DemoSource, ...]:
    """Return the stock systems of the demo on consecutive ports."""
    token = _secret()
    return (
        DemoSource(
            kind="wms",
            label="Warehouse",
            name="Quayside Logistics",
            port=first_port,
            warehouse="MAIN",
            place="Quay 1",
            credentials={"token": token},
            arguments=("--token", token, "--location", "Q1=Quay 1"),
        ),
        DemoSource(
            kind="inventree",
            label="InvenTree",
            name="Workshop stock",
            port=first_port + 1,
            warehouse=WORKSHOP,
            place="Workshop",
            credentials={"token": "inv-readonly"},  # the simulated server has this user
        ),
    )


def all_stores(first_port: int) -> tuple[DemoStore, ...]:
    """Return the stores of the demo on consecutive ports."""
    return (
        ecwid(name="North Ridge Outdoor", catalogue="demo-a", store_id=1003, port=first_port),
        ecwid(name="Hearth & Trail", catalogue="demo-b", store_id=2007, port=first_port + 1),
        shopify(name="Ridge & Co", catalogue="demo-a", domain="ridge-and-co.myshopify.com", port=first_port + 2),
        woocommerce(name="Ridge Workshop", catalogue="demo-b", port=first_port + 3),
        amazon(name="Ridge on Amazon", catalogue="demo-a", seller_id="A3TH9S8BH6GOGM", port=first_port + 4),
    )
