"""Events of sources: believed only when signed, kept once, worked on afterwards."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import Movement, StockLevel, Warehouse
from inventory.sources import connecting, events, signatures
from inventory.sources.models import Source, SourceEvent
from sandbox.wms.bridge import sign
from tests.factories import make_sku
from tests.inventory.sources.world import level, order, work

pytestmark = pytest.mark.django_db

NOW = "2026-11-21T09:00:00Z"


def envelope(
    source: Source, kind: str, data: dict[str, Any], *, event_id: str = "evt_1", ahead: int = 0, body: bytes = b""
) -> tuple[bytes, dict[str, str]]:
    body = body or json.dumps({"type": kind, "timestamp": NOW, "data": data}).encode()
    stamp = str(int(time.time()) + ahead)
    signature = signatures.sign(source.credentials["events_secret"], event_id=event_id, timestamp=int(stamp), body=body)
    return body, {"webhook-id": event_id, "webhook-timestamp": stamp, "webhook-signature": signature}


def send(client: Client, source: Source, kind: str, data: dict[str, Any], **how: Any) -> Any:
    body, headers = envelope(source, kind, data, **how)
    return post(client, source, body, headers)


def post(client: Client, source: Source | None, body: bytes, headers: dict[str, str]) -> Any:
    url = "/api/wms/v1/events" + (f"/{source.uuid}" if source is not None else "")
    return client.post(url, body, content_type="application/json", headers=headers)


def test_our_signature_is_the_standards_own(wms: Source) -> None:
    secret = wms.credentials["events_secret"]
    assert sign(secret, "evt_1", "1763715600", "{}") == signatures.sign(
        secret, event_id="evt_1", timestamp=1763715600, body=b"{}"
    )
    from standardwebhooks import Webhook

    body, headers = envelope(wms, "stock.counted", {})
    assert Webhook(secret).verify(body, headers) == json.loads(body)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"webhook-signature": "v2,abc="}, "no signature of the form"),
        ({"webhook-signature": "abcdef"}, "no signature of the form"),
        ({"webhook-signature": "v1,!!!"}, "No signature fits"),
        ({"webhook-signature": "v1," + "A" * 43 + "="}, "No signature fits"),
        ({"webhook-signature": ""}, "are needed"),
        ({"webhook-timestamp": "soon"}, "Unix seconds"),
        ({"webhook-timestamp": "1"}, "No signature fits"),
        ({"webhook-id": "evt_2"}, "No signature fits"),
    ],
)
def test_what_is_not_signed_is_refused_and_counted(
    wms: Source, client: Client, change: dict[str, str], words: str
) -> None:
    body, headers = envelope(wms, "stock.counted", {})

    answer = post(client, wms, body, {**headers, **change})

    assert answer.status_code == 401
    assert words in answer.json()["detail"]
    wms.refresh_from_db()
    assert (wms.refused_events, SourceEvent.objects.count()) == (1, 0)
    assert words in wms.refused_event_reason


def test_clocks_may_differ_by_five_minutes_and_no_more(wms: Source, client: Client) -> None:
    late = send(client, wms, "x", {}, ahead=-310)
    early = send(client, wms, "x", {}, ahead=310)

    assert (late.status_code, early.status_code) == (401, 401)
    assert "seconds behind our clock" in late.json()["detail"]
    assert "ahead of our clock" in early.json()["detail"]
    assert send(client, wms, "x", {}, ahead=-290).status_code == 202


def test_several_signatures_are_tried_as_while_a_secret_is_rotated(wms: Source, client: Client) -> None:
    body, headers = envelope(wms, "stock.counted", {})
    headers["webhook-signature"] = "v1,AAAA v1a,BBBB " + headers["webhook-signature"]

    assert post(client, None, body, headers).status_code == 202, "without the source in its address too"


def test_an_old_secret_is_accepted_for_a_day_or_until_it_is_ended(
    wms: Source, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"adjustment_id": "1", "sku": "TEE", "location": "Q1", "delta": 1, "reason": "x", "occurred_at": NOW}
    before = envelope(wms, "stock.adjusted", told, event_id="evt_old")
    renewed = connecting.renew_secret(wms, actor="user:ana", now=timezone.now())
    assert renewed.credentials["events_secret"] not in str(wms.credentials)

    assert post(client, wms, *before).status_code == 202
    assert send(client, renewed, "stock.adjusted", told, event_id="evt_new").status_code == 202

    with monkeypatch.context() as later:
        later.setattr(signatures, "OLD_FOR", -timedelta(seconds=1))
        connecting.renew_secret(wms, actor="user:ana", now=timezone.now())
        renewed.refresh_from_db()
    assert signatures.accepted(renewed.credentials, now=timezone.now()) == [renewed.credentials["events_secret"]]

    again = connecting.renew_secret(wms, actor="user:ana", now=timezone.now())
    old = envelope(renewed, "stock.adjusted", told, event_id="evt_ended")
    connecting.end_old_secret(wms, actor="user:ana")
    assert post(client, wms, *old).status_code == 401
    assert send(client, again, "stock.adjusted", told, event_id="evt_newest").status_code == 202


@pytest.mark.parametrize("body", [b'{"type": "x", "data": {"sku": "\xff\xfe"}}', b'{"a": "\x00"}'])
def test_what_is_no_text_is_refused(wms: Source, client: Client, body: bytes) -> None:
    assert post(client, wms, *envelope(wms, "", {}, body=body)).status_code == 400
    assert post(client, wms, body, {"webhook-id": "e"}).status_code == 401
    assert post(client, wms, body, {}).status_code == 400


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"type": "stock.adjusted"}', b'{"type": 7, "data": {}}'])
def test_what_makes_no_sense_is_kept_and_shown(wms: Source, client: Client, body: bytes) -> None:
    assert post(client, wms, *envelope(wms, "", {}, body=body)).status_code == 202
    work(wms)
    event = SourceEvent.objects.get()
    assert event.state in {"failed", "ignored"}
    assert event.problem


def test_a_repeated_event_counts_once(wms: Source, client: Client, main: Warehouse) -> None:
    tee = make_sku("TEE", on_hand=10)
    data = {"adjustment_id": "a1", "sku": "TEE", "location": "Q1", "delta": "-3", "reason": "Lost", "occurred_at": NOW}

    first = send(client, wms, "stock.adjusted", data)
    again = send(client, wms, "stock.adjusted", data)
    other_envelope = send(client, wms, "stock.adjusted", data, event_id="evt_2")
    work(wms)

    assert [answer.status_code for answer in (first, again, other_envelope)] == [202, 202, 202]
    assert again.json() == {"status": "known already"}
    assert level(tee, main) == (7, 0)
    assert Movement.objects.get(actor="source:Central").reason == "Lost"


def test_each_kind_of_event_has_its_effect(wms: Source, client: Client, main: Warehouse) -> None:
    tee = make_sku("TEE", on_hand=10)
    order("1042", tee, main, sold=2)
    line = {"line_id": "1", "sku": "TEE", "quantity": 2}
    shipped = {"shipment_id": "s1", "order_ref": "#1042", "location": "Q1", "shipped_at": NOW, "lines": [line]}
    returned = [{"sku": "TEE", "quantity": 1, "sellable": True}, {"sku": "TEE", "quantity": 1, "sellable": False}]

    steps: list[tuple[str, dict[str, Any], tuple[int, int]]] = [
        ("shipment.confirmed", shipped, (8, 0)),
        ("return.received", {"return_id": "r1", "lines": returned}, (9, 0)),
        ("shipment.cancelled", {"shipment_id": "s1"}, (11, 2)),
        ("shipment.confirmed", shipped, (11, 2)),  # told again after it was taken back
        ("something.new", {}, (11, 2)),
    ]
    for number, (kind, data, expected) in enumerate(steps):
        send(client, wms, kind, data, event_id=f"evt_{number}")
        work(wms)
        assert level(tee, main) == expected, kind
    assert StockLevel.objects.get(sku=tee).unsellable == 1
    assert set(SourceEvent.objects.values_list("state", flat=True)) == {"done", "ignored"}


def test_a_count_is_compared_as_of_its_moment(wms: Source, client: Client, main: Warehouse) -> None:
    Source.objects.filter(pk=wms.pk).update(on_difference="flag", tolerance_units=2)
    tee = make_sku("TEE", on_hand=10)
    for ref, counted in (("c1", 9), ("c2", 3)):
        data = {
            "count_id": ref,
            "sku": "TEE",
            "location": "Q1",
            "on_hand": counted,
            "counted_at": "2099-01-01T00:00:00Z",
        }
        send(client, wms, "stock.counted", data, event_id=ref)
        work(wms)

    assert level(tee, main) == (9, 0)
    assert SourceEvent.objects.get(delivery_id="c2").problem.startswith("The count differs by more")


def test_an_event_that_lacks_a_sku_waits_and_is_tried_again(wms: Source, client: Client, main: Warehouse) -> None:
    tee = make_sku("TEE", on_hand=1)
    lines = [{"sku": "TEE", "quantity": 1, "sellable": True}, {"sku": "NEW", "quantity": 2, "sellable": True}]
    lines.append({"sku": "TEE", "quantity": 1.5, "sellable": True})
    send(client, wms, "return.received", {"return_id": "r1", "location": "Q1", "lines": lines})
    work(wms)
    event = SourceEvent.objects.get()
    assert event.state == "partly"
    assert "code NEW: create it" in event.problem
    assert "no whole number" in event.problem

    new = make_sku("NEW")
    events.try_again(event)
    work(wms)

    assert (level(tee, main), level(new, main)) == ((2, 0), (2, 0))


@pytest.mark.parametrize("odd", ["a\x00b", "half \ud800 of a pair"])
def test_words_that_no_database_keeps_are_kept_as_far_as_they_can_be(
    wms: Source, client: Client, main: Warehouse, odd: str
) -> None:
    tee = make_sku("TEE", on_hand=10)
    told = {"adjustment_id": "a1", "sku": "TEE", "location": "Q1", "delta": -3, "reason": odd, "occurred_at": NOW}
    line = {"line_id": odd, "sku": odd, "quantity": 1}
    shipped = {"shipment_id": "s1", "order_ref": "", "location": "Q1", "shipped_at": NOW, "lines": [line]}

    send(client, wms, "stock.adjusted", told, event_id="e1")
    send(client, wms, "shipment.confirmed", shipped, event_id="e2")
    work(wms)

    assert dict(SourceEvent.objects.values_list("delivery_id", "state")) == {"e1": "done", "e2": "partly"}
    assert level(tee, main) == (7, 0)
    assert Movement.objects.get(actor="source:Central").reason in {"a�b", "half ? of a pair"}


@pytest.mark.parametrize("line_id", ["1", None, 7])
def test_of_lines_with_one_id_the_first_counts_and_the_others_are_shown(
    wms: Source, client: Client, main: Warehouse, line_id: object
) -> None:
    tee = make_sku("TEE", on_hand=10)
    lines = [{"line_id": line_id, "sku": "TEE", "quantity": units} for units in (2, 3, 4)]
    shipped = {"shipment_id": "s1", "order_ref": "", "location": "Q1", "shipped_at": NOW, "lines": lines}

    for number in range(2):
        send(client, wms, "shipment.confirmed", shipped, event_id=f"evt_{number}")
        work(wms)

    first = SourceEvent.objects.get(delivery_id="evt_0")
    assert first.state == "partly"
    assert ("Another line of the shipment has the same id" in first.problem) == (line_id is not None)
    assert level(tee, main) == (8 if line_id is not None else 10, 0)
    assert not SourceEvent.objects.pending().exists()


def test_an_event_that_nobody_thought_of_is_shown_and_holds_up_no_other(
    wms: Source, client: Client, main: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    tee = make_sku("TEE", on_hand=10)

    def unthought_of(*_args: object, **_named: object) -> list[str]:
        raise KeyError("on_hand")

    monkeypatch.setattr(events, "_count", unthought_of)
    counted = {"count_id": "c1", "sku": "TEE", "location": "Q1", "on_hand": 5, "counted_at": NOW}
    told = {"adjustment_id": "a1", "sku": "TEE", "location": "Q1", "delta": -3, "reason": "Lost", "occurred_at": NOW}

    send(client, wms, "stock.counted", counted, event_id="e1")
    send(client, wms, "stock.adjusted", told, event_id="e2")
    work(wms)

    failed = SourceEvent.objects.get(delivery_id="e1")
    assert (failed.state, "KeyError" in failed.problem, level(tee, main)) == ("failed", True, (7, 0))
