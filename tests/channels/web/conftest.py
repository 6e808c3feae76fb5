"""A signed-in person, a running simulated store, and the channel that was connected to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from channels import connect, ingress, tasks
from channels.models import Channel, Listing
from channels.platforms.ecwid import batch, client
from dashboard.models import User
from inventory.models import Warehouse
from sandbox.ecwid import EcwidSimulator
from tests.factories import make_warehouse


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Limits and waits are tested on their own."""
    monkeypatch.setattr(client, "CALLS_PER_SECOND", 100_000.0)
    monkeypatch.setattr(client, "BURST", 100_000)
    monkeypatch.setattr(batch, "FIRST_WAIT", 0.02)
    ingress.forget()
    yield
    ingress.forget()


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner")


@pytest.fixture
def browser(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def sim() -> Iterator[EcwidSimulator]:
    """A store with a tee, a mug and an unlimited gift card."""
    with EcwidSimulator(
        store_id=1003, name="North", client_id="app-1003", time_scale=0.00001, rate_limit=1_000_000
    ) as simulator:
        simulator.add_product(sku="TEE-M", name="Tee, medium", quantity=7, price=20.0, barcode="4006381333931")
        simulator.add_product(sku="MUG", name="Mug", quantity=3, price=9.5)
        simulator.add_product(sku="GIFT", name="Gift card", unlimited=True, price=25.0)
        yield simulator


@pytest.fixture
def main(db: None) -> Warehouse:
    return make_warehouse()


@pytest.fixture
def channel(db: None, sim: EcwidSimulator, main: Warehouse) -> Channel:
    """The store, connected and observing; nothing is imported yet."""
    connected, _ = connect.connect(
        platform="ecwid",
        name="North",
        base_url=sim.base_url,
        credentials=credentials_of(sim),
        warehouses=[main],
        actor="user:ana",
        now=timezone.now(),
    )
    return connected


def credentials_of(sim: EcwidSimulator) -> dict[str, str]:
    return {"store_id": str(sim.store_id), "token": sim.token, "client_secret": sim.client_secret}


def work(channel: Channel, *kinds: str) -> None:
    """Do what the worker would do in these lanes."""
    for kind in kinds:
        tasks.run_lane(f"{kind}:{channel.pk}")


def listing_of(code: str) -> Listing:
    listing: Listing = Listing.objects.select_related("channel", "sku").get(external_sku=code)
    return listing
