"""The envelope, the signature, the events."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import BadPayload, BadSignature, EventKind
from channels.platforms.ecwid.platform import EcwidPlatform
from channels.platforms.ecwid.webhooks import check_signature, normalised, parse_events, read_delivery, signature
from tests.channels.ecwid.conftest import store_at

BODY = (Path(__file__).parent / "payloads" / "webhook-order-updated.json").read_bytes()
SECRET = "test_client_secret"
# Published with the algorithm; recomputed by independent implementations.
SIGNATURE = "ekmGPQc/IpCwO6woAiM+L8uvY6chew4n6JVQCiDrEVw="


def event(**fields: Any) -> bytes:
    return json.dumps({"eventId": "e-1", "eventCreated": 1, "storeId": 1003, **fields}).encode()


def test_the_published_check_value_is_met() -> None:
    assert signature(1234567, "80aece08-40e8-4145-8764-6c2f0d38678", SECRET) == SIGNATURE


@pytest.mark.parametrize("name", ["X-Ecwid-Webhook-Signature", "x-ecwid-webhook-signature"])
def test_a_good_signature_passes(name: str) -> None:
    check_signature({name: SIGNATURE}, BODY, SECRET)


@pytest.mark.parametrize(
    ("headers", "body", "secret"),
    [
        ({}, BODY, SECRET),
        ({"X-Ecwid-Webhook-Signature": ""}, BODY, SECRET),
        ({"X-Ecwid-Webhook-Signature": SIGNATURE}, BODY, "another"),
        ({"X-Ecwid-Webhook-Signature": SIGNATURE}, BODY, ""),
        ({"X-Ecwid-Webhook-Signature": SIGNATURE.lower()}, BODY, SECRET),
        ({"X-Ecwid-Webhook-Signature": "ü" + SIGNATURE}, BODY, SECRET),
        ({"X-Ecwid-Webhook-Signature": SIGNATURE}, BODY.replace(b"1234567", b"1234568"), SECRET),
        ({"X-Ecwid-Webhook-Signature": SIGNATURE}, b"not json", SECRET),
    ],
)
def test_anything_else_is_a_bad_signature(headers: dict[str, str], body: bytes, secret: str) -> None:
    with pytest.raises(BadSignature):
        check_signature(headers, body, secret)


def test_the_platform_checks_with_the_channels_secret() -> None:
    platform = EcwidPlatform(store_at("http://127.0.0.1:1", credentials={"client_secret": SECRET}))

    platform.check_signature({"X-Ecwid-Webhook-Signature": SIGNATURE}, BODY)

    platform.close()


def test_the_envelope_is_read_without_belief(payload: Callable[[str], Any]) -> None:
    delivery = EcwidPlatform.read_delivery({}, BODY)

    assert delivery.delivery_id == "80aece08-40e8-4145-8764-6c2f0d38678"
    assert (delivery.topic, delivery.account_ref) == ("order.updated", "1003")
    uninstalled = read_delivery(json.dumps(payload("webhook-application-uninstalled")).encode())
    assert (uninstalled.topic, uninstalled.account_ref) == ("application.uninstalled", "1003")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{",
        b"[" * 100_000,
        event(eventId=5),
        event(eventId=""),
        event(eventId="x" * 201),
        event(eventId="a\nb"),
        event(eventCreated="1"),
        event(eventCreated=True),
        event(eventCreated=1.5),
        event(eventCreated=-1),
        event(eventCreated=None),
        event(storeId="abc"),
        event(storeId=1.5),
        event(storeId=[1]),
    ],
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(BadPayload):
        read_delivery(body)


@pytest.mark.parametrize(
    ("topic", "fields", "kind", "ref"),
    [
        ("order.created", {"entityId": 516483487, "data": {"orderId": "K8XTQ"}}, EventKind.ORDER, "K8XTQ#516483487"),
        ("order.updated", {"entityId": 516483487}, EventKind.ORDER, "#516483487"),
        ("order.updated", {"data": {"orderId": "A#1"}, "entityId": -1}, EventKind.ORDER, "A%231"),
        ("order.deleted", {"entityId": 7, "data": {"orderId": "K"}}, EventKind.ORDER_DELETED, "K#7"),
        ("unfinished_order.created", {"entityId": -1}, EventKind.OTHER, ""),
        ("product.created", {"entityId": 5}, EventKind.PRODUCT, "5"),
        ("product.updated", {"entityId": 5}, EventKind.PRODUCT, "5"),
        ("product.deleted", {"entityId": 5}, EventKind.PRODUCT_DELETED, "5"),
        ("application.uninstalled", {"entityId": "1003"}, EventKind.DISCONNECTED, ""),
        ("profile.updated", {"entityId": 1003}, EventKind.OTHER, ""),
        ("something.new", {}, EventKind.OTHER, ""),
    ],
)
def test_each_type_hints_at_its_thing(topic: str, fields: dict[str, Any], kind: EventKind, ref: str) -> None:
    [hint] = parse_events(topic, event(eventType=topic, **fields))

    assert (hint.kind, hint.ref) == (kind, ref)


@pytest.mark.parametrize("topic", ["order.updated", "order_updated", "Order.Updated", " order.updated "])
def test_other_spellings_mean_the_same(topic: str) -> None:
    assert normalised(topic) == "order.updated"


def test_both_spellings_of_a_type_we_ignore_are_one() -> None:
    assert normalised("application.subscriptionStatusChanged") == normalised("application.subscription_status_changed")


def test_a_status_change_is_told_in_words() -> None:
    [hint] = parse_events("order.updated", BODY)

    assert hint.description == "order.updated: AWAITING_PAYMENT → PAID, PROCESSING → SHIPPED"
    assert hint.ref == "XJ12H#103878161"


@pytest.mark.parametrize("topic", ["order.created", "order.deleted", "product.updated"])
def test_an_event_that_names_nothing_is_refused(topic: str) -> None:
    with pytest.raises(BadPayload):
        parse_events(topic, event(eventType=topic, entityId="x", data="y"))


@given(st.binary(max_size=200) | st.dictionaries(st.text(max_size=9), st.integers() | st.text(max_size=9)).map(
    lambda fields: json.dumps(fields).encode()
))  # fmt: skip
def test_no_body_causes_another_error(body: bytes) -> None:
    for read in (read_delivery, lambda raw: parse_events("order.created", raw)):
        with contextlib.suppress(BadPayload):
            read(body)
