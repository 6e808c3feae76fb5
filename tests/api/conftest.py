"""A signed-in caller of the API, and something to call about."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from api import tokens
from api.permissions import SCOPES
from channels.models import Channel, ChannelWarehouse, InboundEvent, Listing, Order, OrderLine, Push
from dashboard.models import User
from inventory import operations
from inventory.models import Sku, Warehouse

SECRET = "secret_5f3a-never-shown"


class Api:
    """A caller with a token. ``call`` gives the answer; ``json`` of it is what the server said."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def get(self, path: str, **parameters: str) -> Any:
        return self.client.get(f"/api/v1/{path}", parameters)

    def send(self, method: str, path: str, body: object = None, *, key: str | None = None, raw: bytes = b"") -> Any:
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            raw or (b"" if body is None else json.dumps(body).encode()),
            content_type="application/json",
            headers={"Idempotency-Key": key} if key is not None else None,
        )

    def post(self, path: str, body: object = None, *, key: str | None = None) -> Any:
        return self.send("POST", path, body, key=key)

    def patch(self, path: str, body: object) -> Any:
        return self.send("PATCH", path, body)


@pytest.fixture(autouse=True)
def _static_files_are_looked_up(settings: Settings) -> None:
    """Without collected files WhiteNoise warns at each client's first call, and warnings are errors here."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ana", role="owner")


@pytest.fixture
def caller(user: User) -> Callable[..., Api]:
    """Make a caller whose token has just these scopes."""

    def make(*scopes: str) -> Api:
        return Api(tokens.issue(user=user, scopes=list(scopes)))

    return make


@pytest.fixture
def api(caller: Callable[..., Api]) -> Api:
    return caller(*SCOPES)


@pytest.fixture
def main(db: None) -> Warehouse:
    return Warehouse.objects.create(code="MAIN", name="Main", priority=1)


@pytest.fixture
def annex(db: None) -> Warehouse:
    return Warehouse.objects.create(code="ANNEX", name="Annex", priority=2)


def make_sku(code: str = "TEE-BLK-M", *, at: Warehouse | None = None, on_hand: int = 0) -> Sku:
    sku = Sku.objects.create(code=code, name=f"Name of {code}"[:300])
    if at is not None:
        operations.receive(
            sku=sku, warehouse=at, units=on_hand, key=f"start:{sku.pk}", actor="user:test", now=timezone.now()
        )
    return sku


@pytest.fixture
def tee(main: Warehouse) -> Sku:
    """Ten on hand in MAIN."""
    return make_sku("TEE-BLK-M", at=main, on_hand=10)


def make_channel(name: str = "North", *, warehouse: Warehouse | None = None) -> Channel:
    secrets: dict[str, Any] = {"credentials": {"token": SECRET}}
    channel = Channel.objects.create(
        platform="ecwid",
        name=name,
        base_url="https://stores.example/api",
        account_ref=name,
        options={"webhook_secret": SECRET},
        started_at=timezone.now(),
        **secrets,
    )
    if warehouse is not None:
        ChannelWarehouse.objects.create(channel=channel, warehouse=warehouse)
    return channel


def make_listing(channel: Channel, ref: str = "p-1", **fields: Any) -> Listing:
    return Listing.objects.create(
        channel=channel, ref=ref, product_ref=ref, title=f"Title of {ref}", tracked=True, **fields
    )


def make_order(channel: Channel, ref: str, *, sku: Sku | None = None, now: datetime) -> Order:
    order = Order.objects.create(channel=channel, ref=ref, number=f"#{ref}", placed_at=now, first_seen_at=now)
    OrderLine.objects.create(
        order=order,
        ref="1",
        variant_ref="p-1",
        sku=sku,
        ordered=2,
        sold=2 if sku else 0,
        state=OrderLine.State.BOOKED if sku else OrderLine.State.WAITING,
    )
    return order


def make_event(channel: Channel, delivery_id: str, *, now: datetime, **fields: Any) -> InboundEvent:
    return InboundEvent.objects.create(
        channel=channel,
        delivery_id=delivery_id,
        topic="order.created",
        headers={"X-Signature": SECRET},
        body='{"orderId": 7}',
        due_at=None,
        received_at=now,
        **fields,
    )


def make_push(listing: Listing, *, now: datetime, state: str = "applied") -> Push:
    return Push.objects.create(
        channel=listing.channel, listing=listing, accounted_before=5, target=3, delta=-2, state=state, created_at=now
    )
