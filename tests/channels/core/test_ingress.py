"""The door that platforms call: nothing is believed before it is verified, nothing answered before it is stored."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from django.utils import timezone

from channels import connect, inbox, ingress
from channels.models import Channel, InboundEvent
from sandbox.ecwid.events import sign
from tests import factories

pytestmark = pytest.mark.django_db

SECRET = "signing_north"


def body(event_id: str = "e-1", **fields: Any) -> bytes:
    event = {
        "eventId": event_id,
        "eventCreated": 1_700_000_000,
        "storeId": 1003,
        "entityId": 7,
        "eventType": "order.created",
        "data": {"orderId": "XJ12H"},
    }
    return json.dumps(event | fields).encode()


def signed(event_id: str = "e-1", secret: str = SECRET) -> dict[str, str]:
    return {"X-Ecwid-Webhook-Signature": sign(1_700_000_000, event_id, secret)}


@pytest.fixture
def channel() -> Channel:
    return factories.make_channel(account_ref="1003", credentials={"token": "t", "client_secret": SECRET})


Post = Callable[..., Any]


@pytest.fixture
def post(channel: Channel) -> Post:
    def post_(
        content: bytes,
        headers: dict[str, str] | None = None,
        *,
        path: str = "",
        client: Client | None = None,
        **extra: Any,
    ) -> Any:
        url = path or f"/webhooks/ecwid/{channel.uuid}/"
        return (client or Client()).post(url, content, content_type="application/json", headers=headers or {}, **extra)

    return post_


@pytest.mark.parametrize("slash", ["/", ""])
def test_a_signed_webhook_is_stored_and_answered(channel: Channel, post: Post, slash: str) -> None:
    answer = post(body(), signed(), path=f"/webhooks/ecwid/{channel.uuid}{slash}?eventtype=order.created")

    event = InboundEvent.objects.get()
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert (event.channel, event.delivery_id, event.topic, event.state) == (channel, "e-1", "order.created", "pending")
    assert event.body == body().decode()
    assert event.headers["x-ecwid-webhook-signature"] == signed()["X-Ecwid-Webhook-Signature"]
    assert "cookie" not in event.headers


def test_a_replay_finds_its_row(channel: Channel, post: Post) -> None:
    answers = [post(body(), signed()).status_code for _ in range(3)]

    assert (answers, InboundEvent.objects.count()) == ([200, 200, 200], 1)


@pytest.mark.parametrize("headers", [{}, signed(secret="another"), {"X-Ecwid-Webhook-Signature": "é"}])
def test_a_bad_signature_is_refused_counted_and_not_kept(channel: Channel, post: Post, headers: dict[str, str]) -> None:
    for _ in range(2):
        assert post(body(), headers).status_code == 401

    channel.refresh_from_db()
    assert (channel.refused_webhooks, channel.refused_webhook_at is None) == (2, False)
    assert InboundEvent.objects.count() == 0


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"[1]", b"null", b'"text"', b"\xff\xfe{}", b'{"eventId": 1}', b"{}", b"<html>"]
)
def test_what_is_no_webhook_is_refused(channel: Channel, post: Post, content: bytes) -> None:
    assert post(content, signed()).status_code == 400
    assert InboundEvent.objects.count() == 0


def test_too_large_a_body_is_refused(channel: Channel, post: Post) -> None:
    answer = post(body(filler="x" * 1_100_000), signed())

    assert (answer.status_code, InboundEvent.objects.count()) == (413, 0)


@pytest.mark.parametrize("topic", ["a\x00b", "half \ud800 of a pair", "🦉.hooted", "x" * 500])
def test_odd_topics_are_kept(channel: Channel, post: Post, topic: str) -> None:
    assert post(body(eventType=topic), signed()).status_code == 200
    assert InboundEvent.objects.count() == 1


def test_another_stores_event_is_dropped(channel: Channel, post: Post) -> None:
    assert post(body(storeId=2222), signed()).status_code == 200
    assert InboundEvent.objects.count() == 0

    assert post(body(storeId=2222), signed(secret="another")).status_code == 401


@pytest.mark.parametrize("slash", ["/", ""])
def test_one_address_serves_many_stores(channel: Channel, post: Post, slash: str) -> None:
    south = factories.make_channel("South", account_ref="1004", credentials={"token": "s", "client_secret": SECRET})
    shared = f"/webhooks/ecwid{slash}"

    assert post(body("e-1"), signed("e-1"), path=shared).status_code == 200
    assert post(body("e-2", storeId=1004), signed("e-2"), path=shared).status_code == 200
    assert post(body("e-3", storeId=9999), signed("e-3"), path=shared).status_code == 404
    assert post(body("e-4", storeId=1004), signed("e-4", "another"), path=shared).status_code == 401

    assert list(InboundEvent.objects.order_by("pk").values_list("channel", "delivery_id")) == [
        (channel.pk, "e-1"),
        (south.pk, "e-2"),
    ]


def test_a_disconnected_channel_drops_what_comes(channel: Channel, post: Post) -> None:
    connect.disconnect(channel=channel, actor="user:ana", now=timezone.now())

    assert post(body(), signed()).status_code == 200
    assert InboundEvent.objects.count() == 0


def test_what_is_not_there_is_not_found(channel: Channel, post: Post) -> None:
    nobody = f"/webhooks/ecwid/{uuid.uuid4()}/"

    assert post(body(storeId=9999), signed(), path=nobody).status_code == 404
    assert post(body(), signed(), path=f"/webhooks/nosuch/{channel.uuid}/").status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_only_posts_are_taken(channel: Channel, method: str) -> None:
    answer = getattr(Client(), method)(f"/webhooks/ecwid/{channel.uuid}/")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_without_a_database_the_platform_is_asked_to_try_again(
    channel: Channel, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("could not connect")

    monkeypatch.setattr(inbox, "accept", away)

    answer = post(body(), signed())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


def test_no_redirect_no_session_and_no_cookie(channel: Channel, post: Post) -> None:
    """Behind a proxy that ends TLS a redirect would lose every event."""
    with override_settings(SECURE_SSL_REDIRECT=True, SECURE_REDIRECT_EXEMPT=[r"^webhooks/", r"^healthz$", r"^readyz$"]):
        client = Client(enforce_csrf_checks=True)
        for slash in ("/", ""):
            answer = post(body(), signed(), path=f"/webhooks/ecwid/{channel.uuid}{slash}", client=client)
            assert (answer.status_code, dict(answer.cookies)) == (200, {})
    assert dict(client.cookies) == {}


def test_a_burst_asks_the_database_for_the_channel_once(
    channel: Channel, post: Post, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    post(body("e-0"), signed("e-0"))

    with django_assert_max_num_queries(8):
        post(body("e-1"), signed("e-1"))
    assert len(ingress._known) == 1


def test_new_credentials_are_known_after_a_moment(
    channel: Channel, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(body("e-0"), signed("e-0"))
    channel.credentials = {"token": "t", "client_secret": "renewed"}
    channel.save(update_fields=["credentials"])
    assert post(body("e-1"), signed("e-1", "renewed")).status_code == 401

    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + ingress.REMEMBERED_FOR + 1)
    assert post(body("e-1"), signed("e-1", "renewed")).status_code == 200
