"""What a person decides about listings, decided by a program: one by one and many at once."""

from __future__ import annotations

import pytest
from django.utils import timezone

from channels.models import Channel, Listing
from inventory.models import Sku, Warehouse
from tests.api.conftest import Api, make_channel, make_listing, make_sku
from tests.api.test_errors import assert_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def north(main: Warehouse) -> Channel:
    return make_channel("North", warehouse=main)


def test_many_listings_are_mapped_and_one_bad_one_stops_no_other(api: Api, north: Channel, tee: Sku) -> None:
    first, second = make_listing(north, "p-1"), make_listing(north, "p-2", sku=tee, mapping="mapped")
    body = {
        "mappings": [
            {"listing": first.pk, "sku": "TEE-BLK-M"},
            {"listing": first.pk, "sku": "NOPE"},
            {"listing": 10**9, "sku": "TEE-BLK-M"},
            "text",
            {"listing": second.pk, "sku": None},
        ]
    }

    answer = api.post("listings/map/", body)

    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["done", "invalid", "refused", "invalid", "done"]
    assert results[0]["listing"]["sku"] == "TEE-BLK-M"
    assert results[1]["errors"] == [{"field": "sku", "message": "No SKU has the code “NOPE”."}]
    assert results[2]["errors"][0]["field"] == "listing"
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.sku, second.sku, second.mapping) == (tee, None, "unmapped")


def test_more_than_500_mappings_are_refused_whole(api: Api, north: Channel) -> None:
    listing = make_listing(north)

    answer = api.post("listings/map/", {"mappings": [{"listing": listing.pk, "sku": None}] * 501})

    assert_problem(answer, 400, "invalid-input")


def test_a_listing_is_ignored_and_that_is_taken_back(api: Api, north: Channel) -> None:
    listing = make_listing(north)

    assert_problem(api.post(f"listings/{listing.pk}/take-back/"), 409, "conflict")
    assert api.post(f"listings/{listing.pk}/ignore/").json()["mapping"] == "ignored"
    assert api.post(f"listings/{listing.pk}/take-back/").json()["mapping"] == "unmapped"


def test_a_sku_is_made_of_a_listing_unless_its_code_is_taken(api: Api, north: Channel, tee: Sku) -> None:
    fresh = make_listing(north, "p-1", external_sku="CAP-1")
    taken = make_listing(north, "p-2", external_sku="TEE-BLK-M")
    nameless = make_listing(north, "p-3")

    assert api.post(f"listings/{fresh.pk}/create-sku/").json()["sku"]["code"] == "CAP-1"
    assert_problem(api.post(f"listings/{fresh.pk}/create-sku/"), 409, "conflict")
    assert_problem(api.post(f"listings/{taken.pk}/create-sku/"), 409, "code-taken")
    assert_problem(api.post(f"listings/{nameless.pk}/create-sku/"), 400, "invalid-input")
    assert Sku.objects.count() == 2


def test_a_parked_listing_is_found_and_tried_again(api: Api, north: Channel, tee: Sku) -> None:
    make_listing(north, "p-1")
    parked = make_listing(
        north, "p-2", sku=tee, mapping="mapped", parked_at=timezone.now(), parked_reason="Refused.", accounted=1
    )

    assert [row["id"] for row in api.get("listings/", parked="true").json()["results"]] == [parked.pk]
    assert [row["id"] for row in api.get("listings/", attention="true").json()["results"]] == [parked.pk]
    assert api.post(f"listings/{parked.pk}/retry/").json()["parked_at"] is None
    assert Listing.objects.get(pk=parked.pk).due_at is not None
    assert api.post(f"listings/{parked.pk}/retry/").status_code == 200
    Listing.objects.filter(pk=parked.pk).update(parked_at=timezone.now())
    asked = {"listings": [parked.pk, parked.pk + 1000]}
    assert api.post("listings/retry/", asked).json() == {"retried": 1}
    assert api.post("listings/retry/", asked).json() == {"retried": 0}


def test_what_waits_is_matched_again(api: Api, north: Channel) -> None:
    listing = make_listing(north, external_sku="CAP-1")
    make_sku("CAP-1")

    assert api.post("listings/match/").status_code == 204

    listing.refresh_from_db()
    assert (listing.mapping, listing.sku and listing.sku.code) == ("mapped", "CAP-1")


def test_skus_are_suggested_with_their_reason(api: Api, north: Channel, tee: Sku) -> None:
    listing = make_listing(north, external_sku="tee blk m")
    make_sku("CAP")

    [found] = api.get(f"listings/{listing.pk}/suggestions/").json()["suggestions"]

    assert found["sku"] == "TEE-BLK-M"
    assert 0 < found["confidence"] <= 100
    assert found["reason"]
