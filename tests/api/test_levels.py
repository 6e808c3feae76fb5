"""Tolerances and hold-backs over the API: set and cleared at every level, each item with its own result."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.models import Channel, HoldBack, Listing
from inventory.models import AuditEntry, Sku, Warehouse
from reconciliation.models import Tolerance
from tests.api.conftest import Api
from tests.api.test_errors import assert_problem
from tests.factories import make_channel, make_listing


@pytest.fixture
def north(main: Warehouse) -> Channel:
    return make_channel("North", warehouses=[main])


@pytest.fixture
def listing(north: Channel, tee: Sku) -> Listing:
    return make_listing(north, tee, quantity=10)


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["status"] for each in answer.json()["results"]]


def test_a_tolerance_is_set_at_each_level_listed_and_cleared(api: Api, listing: Listing) -> None:
    scopes: list[dict[str, object]] = [
        {"level": "everything"},
        {"level": "channel", "channel": listing.channel_id},
        {"level": "sku", "sku": "TEE-BLK-M"},
        {"level": "listing", "listing": listing.pk},
    ]
    items = [{**scope, "over_units": number, "policy": "correct"} for number, scope in enumerate(scopes)]

    assert statuses(api.post("tolerances/", {"items": items})) == ["changed"] * 4
    assert statuses(api.post("tolerances/", {"items": items})) == ["unchanged"] * 4

    kept = api.get("tolerances/").json()["results"]
    assert {row["level"]: row["over_units"] for row in kept} == {
        "everything": 0,
        "channel": 1,
        "sku": 2,
        "listing": 3,
    }
    assert [row["sku"] for row in api.get("tolerances/", level="sku").json()["results"]] == ["TEE-BLK-M"]
    assert len(api.get("tolerances/", level="everything").json()["results"]) == 1
    assert AuditEntry.objects.filter(action="tolerance.change", actor="user:ana").count() == 4

    assert statuses(api.post("tolerances/", {"items": [{**scopes[2], "under_percent": 5}]})) == ["changed"]
    row = Tolerance.objects.get(sku__isnull=False)
    assert (row.over_units, row.under_percent, row.policy) == (2, 5, "correct")
    cleared = {**scopes[2], "over_units": None, "under_percent": None, "policy": None}
    assert statuses(api.post("tolerances/", {"items": [cleared]})) == ["changed"]
    assert api.get("tolerances/", sku="TEE-BLK-M").json()["results"] == []


def test_a_hold_back_is_set_published_and_cleared(api: Api, listing: Listing) -> None:
    Listing.objects.update(due_at=None)
    items = [{"level": "sku", "sku": "TEE-BLK-M", "units": 3}]

    assert statuses(api.post("hold-backs/", {"items": items})) == ["changed"]

    listing.refresh_from_db()
    assert listing.due_at is not None
    [row] = api.get("hold-backs/").json()["results"]
    assert row == {"level": "sku", "channel": None, "sku": "TEE-BLK-M", "listing": None, "units": 3}
    assert statuses(api.post("hold-backs/", {"items": [{**items[0], "units": None}]})) == ["changed"]
    assert not HoldBack.objects.exists()


BAD: list[object] = [
    {"level": "sku", "sku": "TEE-BLK-M", "over_units": -1},
    {"level": "sku", "sku": "TEE-BLK-M", "over_percent": 101},
    {"level": "sku", "sku": "TEE-BLK-M", "over_units": "abc"},
    {"level": "sku", "sku": "TEE-BLK-M", "over_units": 1.5},
    {"level": "sku", "sku": "TEE-BLK-M", "over_units": 10**12},
    {"level": "sku", "sku": "TEE-BLK-M", "policy": "guess"},
    {"level": "sku", "sku": "TEE-BLK-M"},
    {"level": "sku", "over_units": 1},
    {"level": "sku", "sku": "TEA", "over_units": 1},
    {"level": "channel", "channel": 10**6, "over_units": 1},
    {"level": "everything", "sku": "TEE-BLK-M", "over_units": 1},
    {"level": "planet", "over_units": 1},
    {"level": "everything", "tolerance": 1},
    {"over_units": 1},
    [],
    None,
]


def test_one_bad_item_names_its_field_and_stops_no_other(api: Api, listing: Listing) -> None:
    good = {"level": "everything", "over_units": 2}

    answer = api.post("tolerances/", {"items": [*BAD, good, good]})

    assert statuses(answer) == [*["invalid"] * len(BAD), "changed", "invalid"]
    results = answer.json()["results"]
    assert [each["errors"][0]["field"] for each in results[:6]] == [
        *("over_units", "over_percent", "over_units", "over_units", "over_units", "policy")
    ]
    assert results[8]["errors"] == [{"field": "sku", "message": "No SKU has the code “TEA”."}]
    assert Tolerance.objects.count() == 1


@pytest.mark.parametrize("path", ["tolerances/", "hold-backs/"])
def test_a_body_that_is_none_is_refused(api: Api, listing: Listing, path: str) -> None:
    bad: list[object] = [{}, {"items": []}, {"items": {}}, {"level": "everything", "units": 1}, []]
    for body in bad:
        assert_problem(api.post(path, body), 400, "invalid-input")
    assert_problem(api.post(path, {"items": [{}] * 501}), 400, "invalid-input")


def test_many_scopes_take_no_more_queries_than_few(api: Api, north: Channel) -> None:
    def queries(number: int) -> int:
        codes = [f"S{number}-{each}" for each in range(number)]
        Sku.objects.bulk_create(Sku(code=code) for code in codes)
        items = [{"level": "sku", "sku": code, "units": 1} for code in codes]
        with CaptureQueriesContext(connection) as captured:
            assert set(statuses(api.post("hold-backs/", {"items": items}))) == {"changed"}
        return len(captured)

    assert queries(40) <= queries(2) + 1
