"""Files of counts and of mappings, and going live with a part: previewed, done, taken back."""

from __future__ import annotations

import pytest

from channels.models import Channel, Listing
from inventory.models import Sku, Warehouse
from tests.api.conftest import Api, make_channel, make_listing
from tests.api.test_errors import assert_problem
from tests.factories import balances

pytestmark = pytest.mark.django_db


@pytest.fixture
def north(main: Warehouse) -> Channel:
    return make_channel("North", warehouse=main)


def test_a_file_of_counts_is_looked_at_taken_and_taken_back(api: Api, tee: Sku, main: Warehouse) -> None:
    body = {"name": "monday.csv", "content": "sku,on_hand\nTEE-BLK-M,7\nNOPE,3\n", "warehouse": "MAIN"}

    waiting = api.post("count-batches/", body)

    assert (waiting.status_code, waiting.json()["state"]) == (201, "preview")
    assert waiting.json()["changes"] == [
        {"sku": "TEE-BLK-M", "warehouse": "MAIN", "before": 10, "after": 7, "reserved": 0}
    ]
    assert "NOPE" in waiting.json()["problems"][0]
    assert balances(tee, main) == (10, 0, 0)
    address = f"count-batches/{waiting.json()['id']}"
    assert api.post(f"{address}/take/").json()["state"] == "done"
    assert balances(tee, main) == (7, 0, 0)
    assert_problem(api.post(f"{address}/take/"), 409, "conflict")
    assert_problem(api.post(f"{address}/discard/"), 409, "conflict")
    assert api.post(f"{address}/undo/").json()["state"] == "undone"
    assert balances(tee, main) == (10, 0, 0)
    assert_problem(api.post(f"{address}/undo/"), 409, "conflict")
    unreadable = assert_problem(api.post("count-batches/", {**body, "content": "a,b"}), 400, "invalid-input")
    assert unreadable["errors"][0]["field"] == "content"
    second = api.post("count-batches/", body).json()
    assert api.post(f"count-batches/{second['id']}/discard/").json()["state"] == "discarded"
    assert [row["state"] for row in api.get("count-batches/").json()["results"]] == ["discarded", "undone"]


def test_a_file_of_mappings_is_checked_applied_and_undone(api: Api, north: Channel, tee: Sku) -> None:
    listing = make_listing(north, "p-1")
    body = {"name": "mappings.csv", "content": "channel,listing,sku\nNorth,p-1,TEE-BLK-M\n"}

    run = api.post("mapping-runs/", body)

    assert run.status_code == 201, run.content
    address = f"mapping-runs/{run.json()['id']}"
    assert api.get(f"{address}/").json()["state"] == "preview"
    assert_problem(api.post(f"{address}/undo/"), 409, "conflict")
    applied = api.post(f"{address}/apply/").json()
    assert (applied["state"], applied["changed"]) == ("done", 1)
    listing.refresh_from_db()
    assert listing.sku == tee
    assert api.post(f"{address}/undo/").json()["state"] == "undone"
    assert Listing.objects.get().sku is None
    second = api.post("mapping-runs/", body).json()
    assert api.post(f"mapping-runs/{second['id']}/discard/").json()["state"] == "discarded"
    assert_problem(api.post("mapping-runs/", {"name": "x", "content": "a"}), 400, "invalid-input")


def test_all_missing_skus_of_a_store_are_made(api: Api, north: Channel, tee: Sku) -> None:
    make_listing(north, "p-1", external_sku="CAP-1")
    make_listing(north, "p-2", external_sku="TEE-BLK-M")

    run = api.post(f"channels/{north.pk}/create-skus/")

    assert (run.status_code, run.json()["kind"]) == (202, "create")
    assert Sku.objects.filter(code="CAP-1").exists()
    assert api.get("mapping-runs/", channel=str(north.pk)).json()["results"][0]["made"] == 1


def test_a_channel_goes_live_with_a_part(api: Api, north: Channel, tee: Sku) -> None:
    chosen = make_listing(north, "p-1", sku=tee, mapping="mapped", accounted=9)
    make_listing(north, "p-2", sku=Sku.objects.create(code="CAP"), mapping="mapped", accounted=5)
    empty = Listing.objects.get(ref="p-2")

    live = api.post(f"channels/{north.pk}/go-live/", {"listings": [chosen.pk]})

    assert (live.status_code, live.json()["mode"]) == (200, "part-live")
    assert list(Listing.objects.filter(is_live=True)) == [chosen]
    refused = api.post(f"channels/{north.pk}/go-live/", {"listings": [empty.pk]})
    assert_problem(refused, 409, "would-empty")
    assert api.post(f"channels/{north.pk}/go-live/", {"listings": [empty.pk], "accept_zeros": True}).status_code == 200
    assert_problem(api.post(f"channels/{north.pk}/go-live/", {"listings": [chosen.pk]}), 409, "conflict")
    assert_problem(api.patch(f"channels/{north.pk}/", {"mode": "part-live"}), 400, "invalid-input")
