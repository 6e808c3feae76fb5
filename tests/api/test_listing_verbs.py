"""What a person decides about listings, decided by a program: one by one and many at once."""

from __future__ import annotations

import pytest
from django.utils import timezone

from channels.models import Channel, Listing, ListingVariant
from inventory.models import AuditEntry, Sku, Warehouse
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
    many = api.post("listings/retry/", asked).json()
    told = [(each["id"], each["status"], each["detail"]) for each in many["results"]]
    assert (many["retried"], told) == (
        1,
        [(parked.pk, "done", ""), (parked.pk + 1000, "refused", "No parked listing has this id.")],
    )
    assert api.post("listings/retry/", asked).json()["retried"] == 0


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


def test_products_beside_their_variations_are_found_and_ignored_channel_by_channel(api: Api, north: Channel) -> None:
    south = make_channel("South")
    for channel in (north, south):
        for ref in ("p-1", "p-1-red"):
            listing = Listing.objects.create(channel=channel, ref=ref, product_ref="p-1", title=ref, tracked=True)
            options = "" if ref == "p-1" else "Red"
            ListingVariant.objects.create(listing=listing, channel=channel, ref=ref, options=options)

    found = api.get("listings/", beside="true").json()["results"]
    ignored = api.post("listings/ignore-beside/", {"channel": north.pk})

    assert {row["ref"] for row in found} == {"p-1"}
    assert (ignored.status_code, ignored.json()) == (200, {"ignored": 1})
    assert list(Listing.objects.filter(mapping="ignored").values_list("channel", "ref")) == [(north.pk, "p-1")]
    assert api.post("listings/ignore-beside/").json() == {"ignored": 1}
    assert_problem(api.post("listings/ignore-beside/", {"channel": south.pk + 1}), 400, "invalid-input")
    assert AuditEntry.objects.filter(action="listing.ignore", actor="user:ana").count() == 2


def test_a_bundle_is_made_of_a_listing(api: Api, north: Channel, tee: Sku) -> None:
    listing = make_listing(north, external_sku="TRIO")
    address, component = f"listings/{listing.pk}/create-sku/", {"sku": "TEE-BLK-M", "units": 3}

    for components in ([], [component, component], [{**component, "units": 0}]):
        assert_problem(api.post(address, {"components": components}), 400, "invalid-input")
    made = api.post(address, {"components": [component]}).json()

    assert (made["sku"]["code"], made["sku"]["is_bundle"], made["listing"]["sku"]) == ("TRIO", True, "TRIO")
    assert api.get(f"skus/{made['sku']['id']}/components/").json() == {"components": [component]}


def test_the_reports_of_what_is_amiss_are_filters(api: Api, north: Channel, tee: Sku) -> None:
    held = make_listing(north, "p-1", sku=tee, mapping="mapped", accounted=1)  # the channel observes
    sells = make_listing(north, "p-2", shown=4, enabled=True)
    make_listing(north, "p-3", shown=0)

    def found(**parameters: str) -> list[int]:
        return [row["id"] for row in api.get("listings/", **parameters).json()["results"]]

    assert found(not_pushing="true") == [held.pk]
    assert found(pushing_unmapped="true") == [sells.pk]
    assert held.pk not in found(not_pushing="false")
