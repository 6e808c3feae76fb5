"""Shipments that programs tell: on hand and reserved fall once, whoever tells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from api import tokens
from inventory import verify
from inventory.models import Sku, Warehouse
from inventory.sources import shipments
from inventory.sources.models import ExternalShipment
from tests.api.conftest import Api
from tests.api.test_errors import assert_problem
from tests.factories import balances
from tests.inventory.sources.world import order

pytestmark = pytest.mark.django_db


def parcel(ref: str = "S-1", *, units: int = 2, **changes: Any) -> dict[str, Any]:
    line = {"line_id": "1", "sku": "TEE-BLK-M", "units": units, "warehouse": "MAIN"}
    return {"shipment_id": ref, "order": "#1042", "lines": [line], **changes}


def test_a_shipment_lowers_on_hand_and_reserved_once(api: Api, tee: Sku, main: Warehouse) -> None:
    order("1042", tee, main, sold=2)
    assert balances(tee, main) == (10, 2, 0)

    told = api.post("shipments/", parcel())
    again = api.post("shipments/", parcel())

    assert (told.status_code, again.status_code) == (200, 200)
    assert told.json()["reservation"] is not None
    assert (told.json()["order"], told.json()["problem"], again.json()) == ("1042", "", told.json())
    assert balances(tee, main) == (8, 0, 0)
    assert api.get("shipments/", order="1042").json()["results"] == [told.json()]
    assert list(verify.differences()) == []


def test_two_programs_that_tell_one_parcel_move_it_once(
    api: Api, user: AbstractUser, tee: Sku, main: Warehouse
) -> None:
    """A warehouse app and a label printer tell the same parcel under ids of their own; so does the channel."""
    printer = Api(tokens.issue(user=user, scopes=["shipments:write"], name="Label printer"))
    order("1042", tee, main, sold=3)

    api.post("shipments/", parcel("S-1", units=2))
    assert balances(tee, main) == (8, 1, 0)
    printer.post("shipments/", parcel("LABEL-9", units=2))
    order("1042", tee, main, sold=3, fulfilled=2)
    assert balances(tee, main) == (8, 1, 0)
    printer.post("shipments/", parcel("LABEL-10", units=1))  # the second parcel, told by one of them alone

    assert balances(tee, main) == (7, 0, 0)
    assert set(ExternalShipment.objects.values_list("reporter", flat=True)) == {"api:ana", "api:ana/Label printer"}
    assert list(verify.differences()) == []


def test_a_cancelled_shipment_comes_back(api: Api, tee: Sku, main: Warehouse) -> None:
    order("1042", tee, main, sold=2)
    api.post("shipments/", parcel())

    back = api.post("shipments/", {**parcel(), "lines": [], "cancelled": True})

    assert back.json()["state"] == "cancelled"
    assert balances(tee, main) == (10, 2, 0)


def test_what_is_told_before_its_order_or_its_sku_waits_and_then_counts(api: Api, tee: Sku, main: Warehouse) -> None:
    unknown = {"line_id": "2", "sku": "CAP", "units": 1, "warehouse": "MAIN"}
    body = parcel()
    body["lines"].append(unknown)

    told = api.post("shipments/", body).json()
    assert told["lines"][1]["problem"] == "No SKU of yours has the code CAP: create it, and this counts."
    assert [row["id"] for row in api.get("shipments/", waiting="true").json()["results"]] == [told["id"]]
    assert balances(tee, main) == (8, 0, 0)  # they have left, for whichever order
    order("1042", tee, main, sold=2)
    cap = Sku.objects.create(code="CAP")
    shipments.match_waiting(now=timezone.now())

    assert balances(tee, main) == (8, 0, 0)
    assert balances(cap, main) == (-1, 0, 0)
    assert api.get("shipments/", waiting="true").json()["results"] == []


def test_a_pick_is_kept_for_the_record(api: Api, tee: Sku, main: Warehouse) -> None:
    order("1042", tee, main, sold=2)

    assert api.post("shipments/", parcel(kind="picked")).json()["kind"] == "picked"
    assert balances(tee, main) == (10, 2, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"line_id": "1", "sku": "TEE-BLK-M", "units": 0}]}, "lines[0].units"),
        ({"lines": [{"line_id": "1", "sku": "TEE-BLK-M", "units": 10**15}]}, "lines[0].units"),
        ({"lines": [{"line_id": "1", "sku": "TEE-BLK-M", "units": "2"}]}, "lines[0].units"),
        ({"lines": [{"line_id": "1", "sku": "T", "units": 1}, {"line_id": "1", "sku": "U", "units": 1}]}, "lines"),
        ({"lines": [{"line_id": "1", "sku": "T", "units": 1, "warehouse": "NOWHERE"}]}, "lines[0].warehouse"),
        ({"happened_at": "2099-01-01T00:00:00Z"}, "happened_at"),
        ({"kind": "lost"}, "kind"),
        ({"shipment_id": ""}, "shipment_id"),
    ],
)
def test_what_can_not_be_a_shipment_is_refused_by_field(
    api: Api, tee: Sku, changes: dict[str, Any], field: str
) -> None:
    body = assert_problem(api.post("shipments/", parcel(**changes)), 400, "invalid-input")

    assert field in [error["field"] for error in body["errors"]]
    assert not ExternalShipment.objects.exists()


def test_a_line_told_otherwise_than_before_is_refused(api: Api, tee: Sku, main: Warehouse) -> None:
    order("1042", tee, main, sold=2)
    api.post("shipments/", parcel(units=1))

    body = assert_problem(api.post("shipments/", parcel(units=2)), 409, "conflict")

    assert "told before as 1 of TEE-BLK-M" in body["detail"]
    assert balances(tee, main) == (9, 1, 0)


def test_a_shipping_program_needs_one_scope(caller: Callable[..., Api], tee: Sku) -> None:
    assert caller("shipments:write").post("shipments/", parcel()).status_code == 200
    assert caller("stock:write").post("shipments/", parcel()).status_code == 403
