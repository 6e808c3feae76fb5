"""Channels, listings, orders, events and pushes: read, filtered, and the two things that can be changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from channels.models import Channel, Listing, Push
from inventory.models import AuditEntry, Sku, Warehouse
from tests.api.conftest import SECRET, Api, make_channel, make_event, make_listing, make_order, make_push, make_sku

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def north(main: Warehouse) -> Channel:
    return make_channel("North", warehouse=main)


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_a_channel_shows_everything_but_its_secrets(api: Api, north: Channel) -> None:
    answer = api.get(f"channels/{north.pk}/")

    assert answer.status_code == 200
    assert answer.json()["uuid"] == str(north.uuid)
    assert answer.json()["warehouses"] == [{"warehouse": "MAIN", "location": ""}]
    assert (answer.json()["mode"], answer.json()["connection"]) == ("observe", "ok")
    assert "credentials" not in answer.json()
    for text in (answer.content, api.get("channels/").content, api.patch(f"channels/{north.pk}/", {}).content):
        assert SECRET.encode() not in text


def test_a_mode_is_changed_and_leaves_its_trail(api: Api, north: Channel) -> None:
    answer = api.patch(f"channels/{north.pk}/", {"mode": "live"})

    assert (answer.status_code, answer.json()["mode"]) == (200, "live")
    north.refresh_from_db()
    assert north.mode == "live"
    assert north.credentials == {"token": SECRET}
    entry = AuditEntry.objects.get(action="channel.mode")
    assert (entry.actor, entry.before, entry.after) == ("user:ana", {"mode": "observe"}, {"mode": "live"})


@pytest.mark.parametrize("body", [{"mode": "LIVE"}, {"mode": None}, {"mode": 1}, {}, {"mode": "live", "nme": "X"}, []])
def test_a_mode_that_does_not_exist_changes_nothing(api: Api, north: Channel, body: object) -> None:
    answer = api.patch(f"channels/{north.pk}/", body)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    north.refresh_from_db()
    assert (north.mode, north.name) == ("observe", "North")


def test_a_listing_is_linked_and_unlinked_by_code(api: Api, north: Channel, tee: Sku) -> None:
    listing = make_listing(north)

    linked = api.patch(f"listings/{listing.pk}/", {"sku": "TEE-BLK-M"})
    assert (linked.status_code, linked.json()["sku"], linked.json()["mapping"]) == (200, "TEE-BLK-M", "mapped")
    assert ids(api.get("listings/", sku="TEE-BLK-M", mapping="mapped")) == [listing.pk]

    unlinked = api.patch(f"listings/{listing.pk}/", {"sku": None})
    assert (unlinked.status_code, unlinked.json()["sku"], unlinked.json()["mapping"]) == (200, None, "unmapped")
    trail = AuditEntry.objects.filter(action__startswith="listing.").order_by("pk")
    assert list(trail.values_list("action", flat=True)) == [
        "listing.link",
        "listing.unlink",
    ]


@pytest.mark.parametrize("code", ["A/B", 'say "hi"', "👕-1", "tee-blk-m"])
def test_a_listing_is_linked_to_an_odd_code(api: Api, north: Channel, tee: Sku, code: str) -> None:
    listing = make_listing(north)
    make_sku(code)

    assert api.patch(f"listings/{listing.pk}/", {"sku": code}).json()["sku"] == code


def test_an_unknown_code_is_named_and_the_mapping_stays(api: Api, north: Channel, tee: Sku) -> None:
    listing = make_listing(north, sku=tee, mapping="mapped")

    answer = api.patch(f"listings/{listing.pk}/", {"sku": "tee-blk-m"})
    empty = api.patch(f"listings/{listing.pk}/", {})

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "sku", "message": "No SKU has the code “tee-blk-m”."}]
    assert (empty.status_code, empty.json()["errors"][0]["field"]) == (400, "sku")
    listing.refresh_from_db()
    assert listing.sku == tee


def test_listings_are_filtered(api: Api, north: Channel, tee: Sku) -> None:
    south = make_channel("South")
    first = make_listing(north, "p-1", sku=tee, mapping="mapped", external_sku="TEE/1")
    second = make_listing(south, "p-2", state=Listing.State.GONE)

    assert ids(api.get("listings/")) == [second.pk, first.pk]
    assert ids(api.get("listings/", channel=str(north.pk))) == [first.pk]
    assert ids(api.get("listings/", channel=str(south.uuid))) == [second.pk]
    assert ids(api.get("listings/", mapping="unmapped")) == [second.pk]
    assert ids(api.get("listings/", state="gone")) == [second.pk]
    assert ids(api.get("listings/", search="blk")) == [first.pk]
    assert ids(api.get("listings/", external_sku="TEE/1")) == [first.pk]
    assert ids(api.get("listings/", external_sku="tee/1")) == []
    assert api.get("listings/", channel="North").json()["errors"] == [
        {"field": "channel", "message": "Send the channel's id or its uuid."}
    ]


def test_orders_come_with_their_lines_and_without_the_buyer(api: Api, north: Channel, tee: Sku) -> None:
    booked = make_order(north, "7", sku=tee, now=T0)
    waiting = make_order(north, "8", now=timezone.now())

    answer = api.get(f"orders/{booked.pk}/").json()
    assert answer["lines"] == [
        {
            "ref": "1",
            "listing": None,
            "sku": "TEE-BLK-M",
            "external_sku": "",
            "title": "",
            "ordered": 2,
            "sold": 2,
            "fulfilled": 0,
            "state": "booked",
            "reason": "",
        }
    ]
    assert answer["channel"] == {"id": north.pk, "uuid": str(north.uuid), "name": "North"}
    assert "payload" not in answer
    assert ids(api.get("orders/", waiting="true")) == [waiting.pk]
    assert ids(api.get("orders/", waiting="false")) == [booked.pk]
    assert ids(api.get("orders/", number="#7", ref="7", sku="TEE-BLK-M", state="open")) == [booked.pk]
    assert ids(api.get("orders/", placed_from="2026-11-21T09:00:00Z", placed_until="2026-11-21T09:00:01Z")) == [
        booked.pk
    ]


def test_only_the_single_event_shows_its_body(api: Api, north: Channel) -> None:
    event = make_event(north, "d-1", now=T0)
    make_event(north, "d-2", now=T0, state="failed")

    [row] = api.get("inbox/", delivery_id="d-1", state="pending", topic="order.created").json()["results"]
    assert "body" not in row
    assert api.get(f"inbox/{event.pk}/").json() == {**row, "body": '{"orderId": 7}'}
    assert SECRET.encode() not in api.get(f"inbox/{event.pk}/").content
    assert len(api.get("inbox/", state="failed", channel=str(north.pk)).json()["results"]) == 1


def test_pushes_say_what_was_sent_and_became_of_it(api: Api, north: Channel, tee: Sku) -> None:
    listing = make_listing(north, sku=tee, mapping="mapped")
    push = make_push(listing, now=T0)
    make_push(make_listing(north, "p-2"), now=T0, state="rejected")

    [row] = api.get("pushes/", listing=str(listing.pk), sku="TEE-BLK-M", state="applied").json()["results"]
    assert api.get(f"pushes/{push.pk}/").json() == row
    assert {name: row[name] for name in ("sku", "listing", "accounted_before", "target", "delta", "state")} == {
        "sku": "TEE-BLK-M",
        "listing": listing.pk,
        "accounted_before": 5,
        "target": 3,
        "delta": -2,
        "state": "applied",
    }
    assert Push.objects.count() == 2


@pytest.mark.parametrize(
    "path", ["orders", "inbox", "pushes", "stock", "movements", "listings", "imports", "changes", "tokens"]
)
def test_what_the_core_writes_can_only_be_read(api: Api, north: Channel, path: str) -> None:
    assert api.post(f"{path}/", {}).status_code == 405


def test_an_emergency_stop_and_the_way_back(api: Api, main: Warehouse, north: Channel) -> None:
    south = make_channel("South", warehouse=main)
    Channel.objects.filter(pk=north.pk).update(mode="live", tags="own")

    answer = api.post("channels/stop/", {"mode": "sell-down", "tag": "own"})
    assert answer.status_code == 200, answer.content
    assert [(row["name"], row["mode"], row["mode_before"]) for row in answer.json()] == [("North", "sell-down", "live")]
    answer = api.post("channels/stop/", {})
    assert sorted(row["name"] for row in answer.json()) == ["North", "South"]
    assert set(Channel.objects.values_list("mode", flat=True)) == {"paused"}

    answer = api.post("channels/resume/", {"channels": [north.pk]})
    assert [(row["name"], row["mode"]) for row in answer.json()] == [("North", "live")]
    assert [row["name"] for row in api.post("channels/resume/", {}).json()] == [south.name]


@pytest.mark.parametrize(
    "body", [{"mode": "live"}, {"tag": "nobody's"}, {"channels": [999999]}, {"channels": []}, {"all": True}]
)
def test_a_stop_that_makes_no_sense_stops_nothing(api: Api, north: Channel, body: object) -> None:
    assert api.post("channels/stop/", body).status_code == 400
    assert Channel.objects.get(pk=north.pk).mode == "observe"
