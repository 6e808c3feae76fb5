"""A small shop: two warehouses, three SKUs, two channels."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from channels.models import Channel, ChannelWarehouse, Heartbeat, Listing
from dashboard.models import User
from inventory import ledger, operations
from inventory.models import Movement, Sku, Warehouse


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner")


@pytest.fixture
def browser(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def make_channel(name: str, **facts: object) -> Channel:
    now = timezone.now()
    defaults: dict[str, object] = {
        "platform": "ecwid",
        "base_url": "https://store.example",
        "account_ref": name,
        "credentials": {},
        "mode": Channel.Mode.LIVE,
        "started_at": now - timedelta(days=1),
        "orders_polled_to": now,
        "last_event_at": now,
    }
    return Channel.objects.create(name=name, **{**defaults, **facts})


def make_listing(channel: Channel, sku: Sku | None, **facts: object) -> Listing:
    code = sku.code if sku else f"unmapped-{Listing.objects.count()}"
    defaults: dict[str, object] = {
        "product_ref": f"p-{code}",
        "title": f"Listing of {code}",
        "mapping": "mapped" if sku else "unmapped",
        "tracked": True,
    }
    return Listing.objects.create(channel=channel, ref=f"p-{code}", sku=sku, **{**defaults, **facts})


def beat(*, ago: timedelta = timedelta()) -> None:
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": timezone.now() - ago})


def oversell(sku: Sku, warehouse: Warehouse, units: int) -> None:
    """Record a sale that a platform has accepted: a fact, whatever is there."""
    entry = ledger.Entry(
        key=f"order:1:over-{sku.pk}:r0",
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.RESERVE,
        reserved=units,
    )
    ledger.post([entry], actor="channel:North", now=timezone.now())


@pytest.fixture
def shop(db: None) -> SimpleNamespace:
    now = timezone.now()
    main = Warehouse.objects.create(code="MAIN", name="Main", priority=10)
    back = Warehouse.objects.create(code="BACK", name="Back room", priority=20)
    tee = Sku.objects.create(code="TEE-BLK-M", name="T-shirt, black, M", barcode="4006381333931")
    mug = Sku.objects.create(code="MUG-11OZ", name="Mug, 11 oz")
    cap = Sku.objects.create(code="CAP-NVY", name="Cap, navy")
    operations.receive(sku=tee, warehouse=main, units=10, key="t1", actor="user:ana", now=now)
    operations.receive(sku=tee, warehouse=back, units=4, key="t2", actor="user:ana", now=now)
    operations.receive(sku=mug, warehouse=main, units=3, key="m1", actor="user:ana", now=now)
    north, south = make_channel("North"), make_channel("South")
    for channel in (north, south):
        ChannelWarehouse.objects.create(channel=channel, warehouse=main)
    beat()
    return SimpleNamespace(main=main, back=back, tee=tee, mug=mug, cap=cap, north=north, south=south)
