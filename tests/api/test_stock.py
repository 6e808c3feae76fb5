"""Levels, movements, and the endpoints that post them: done once, refused whole."""

from __future__ import annotations

from typing import Any

import pytest

from api import tokens
from dashboard.models import User
from inventory import verify
from inventory.models import Movement, Sku, StockLevel, Warehouse
from tests.api.conftest import Api, make_sku


def balances(sku: Sku) -> dict[str, tuple[int, int, int]]:
    rows = StockLevel.objects.filter(sku=sku).select_related("warehouse")
    return {level.warehouse.code: (level.on_hand, level.reserved, level.unsellable) for level in rows}


def test_a_receipt_raises_on_hand(api: Api, user: User, tee: Sku) -> None:
    answer = api.post("stock/receipts/", {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 5}, key="po-77")

    assert answer.status_code == 201
    movement = Movement.objects.get(pk=answer.json()["id"])
    assert answer.json()["on_hand_delta"] == 5
    assert answer.json()["on_hand_after"] == 15
    assert (movement.key, movement.actor, movement.kind) == (
        f"api:{user.pk}:receipts:po-77",
        "user:ana",
        "receipt",
    )
    assert balances(tee) == {"MAIN": (15, 0, 0)}


def test_an_adjustment_needs_a_reason_and_stops_at_zero(api: Api, tee: Sku) -> None:
    place = {"sku": "TEE-BLK-M", "warehouse": "MAIN"}

    assert api.post("stock/adjustments/", {**place, "units": -4, "reason": "Broken"}, key="a").status_code == 201
    assert api.post("stock/adjustments/", {**place, "units": -4}, key="b").json()["errors"][0]["field"] == "reason"
    refused = api.post("stock/adjustments/", {**place, "units": -7, "reason": "Broken"}, key="c")

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:evenkeel:problem:insufficient-stock"
    assert refused.json()["shortages"] == [{**place, "asked": 7, "available": 6}]
    assert balances(tee) == {"MAIN": (6, 0, 0)}


def test_a_transfer_moves_units_or_none(api: Api, tee: Sku, annex: Warehouse) -> None:
    body = {"sku": "TEE-BLK-M", "source": "MAIN", "destination": "ANNEX", "units": 4}

    answer = api.post("stock/transfers/", body, key="t1")
    refused = api.post("stock/transfers/", {**body, "units": 7}, key="t2")
    same = api.post("stock/transfers/", {**body, "destination": "MAIN"}, key="t3")

    assert answer.status_code == 201
    assert (answer.json()["out"]["on_hand_delta"], answer.json()["into"]["on_hand_delta"]) == (-4, 4)
    assert (answer.json()["out"]["warehouse"], answer.json()["into"]["warehouse"]) == ("MAIN", "ANNEX")
    assert refused.status_code == 409
    assert same.json()["errors"] == [{"field": "destination", "message": "A transfer needs two different warehouses."}]
    assert balances(tee) == {"MAIN": (6, 0, 0), "ANNEX": (4, 0, 0)}


def test_a_count_posts_the_difference(api: Api, tee: Sku) -> None:
    answer = api.post("stock/counts/", {"sku": "TEE-BLK-M", "warehouse": "MAIN", "counted": 8}, key="c1")

    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in ("counted", "expected", "difference")} == {
        "counted": 8,
        "expected": 10,
        "difference": -2,
    }
    assert balances(tee) == {"MAIN": (8, 0, 0)}


@pytest.mark.parametrize(("sellable", "after"), [(True, (13, 0, 0)), (False, (10, 0, 3))])
def test_a_return_goes_where_it_belongs(api: Api, tee: Sku, sellable: bool, after: tuple[int, int, int]) -> None:
    body = {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 3, "sellable": sellable}

    assert api.post("stock/returns/", body, key="r1").status_code == 201
    assert balances(tee) == {"MAIN": after}


WRITES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("receipts", {"warehouse": "MAIN", "units": 5}, {"units": 6}),
    ("receipts", {"warehouse": "MAIN", "units": 5}, {"reason": "Another"}),
    ("receipts", {"warehouse": "MAIN", "units": 5}, {"occurred_at": "2026-01-01T00:00:00Z"}),
    ("adjustments", {"warehouse": "MAIN", "units": -5, "reason": "Lost"}, {"units": 5}),
    ("adjustments", {"warehouse": "MAIN", "units": -5, "reason": "Lost"}, {"reason": "Found"}),
    ("transfers", {"source": "MAIN", "destination": "ANNEX", "units": 5}, {"units": 4}),
    ("transfers", {"source": "MAIN", "destination": "ANNEX", "units": 5}, {"reason": "Another"}),
    ("counts", {"warehouse": "MAIN", "counted": 7}, {"counted": 8}),
    ("counts", {"warehouse": "MAIN", "counted": 7}, {"reason": "Another"}),
    ("returns", {"warehouse": "MAIN", "units": 5, "sellable": True}, {"sellable": False}),
    ("returns", {"warehouse": "MAIN", "units": 5, "sellable": True}, {"reason": "Another"}),
]


@pytest.mark.parametrize(("endpoint", "body", "change"), WRITES)
def test_a_key_is_worth_one_change(
    api: Api, tee: Sku, annex: Warehouse, endpoint: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    body = {"sku": "TEE-BLK-M", **body}
    first = api.post(f"stock/{endpoint}/", body, key="k-1")
    after = balances(tee)

    repeat = api.post(f"stock/{endpoint}/", body, key='"k-1"')
    other = api.post(f"stock/{endpoint}/", {**body, **change}, key="k-1")

    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    assert (repeat.status_code, repeat.json()) == (201, first.json())
    assert repeat.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert other.json()["type"] == "urn:evenkeel:problem:idempotency-key-reused"
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"
    assert balances(tee) == after
    assert list(verify.differences()) == []


def test_a_key_belongs_to_one_user_and_one_endpoint(api: Api, tee: Sku) -> None:
    other = Api(tokens.issue(user=User.objects.create_user("bo", role="owner"), scopes=["stock:write"]))
    body = {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 1}

    assert api.post("stock/receipts/", body, key="1").status_code == 201
    assert other.post("stock/receipts/", body, key="1").status_code == 201
    assert api.post("stock/adjustments/", {**body, "reason": "Found"}, key="1").status_code == 201
    assert balances(tee) == {"MAIN": (13, 0, 0)}


@pytest.mark.parametrize("key", [None, "", "  ", '""', "ключ", "x" * 201])
@pytest.mark.parametrize("endpoint", ["receipts", "adjustments", "transfers", "counts", "returns"])
def test_without_a_usable_key_nothing_happens(api: Api, tee: Sku, endpoint: str, key: str | None) -> None:
    answer = api.post(f"stock/{endpoint}/", {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 1}, key=key)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]
    assert balances(tee) == {"MAIN": (10, 0, 0)}


@pytest.mark.parametrize("units", [0, -1, 1.5, 5.0, "5", True, None, [], {}, 10**9 + 1, 10**15, 10**40])
@pytest.mark.parametrize(
    ("endpoint", "place", "field"),
    [
        ("receipts", {"warehouse": "MAIN"}, "units"),
        ("transfers", {"source": "MAIN", "destination": "ANNEX"}, "units"),
        ("returns", {"warehouse": "MAIN", "sellable": True}, "units"),
    ],
)
def test_units_are_whole_positive_and_bounded(
    api: Api, tee: Sku, annex: Warehouse, endpoint: str, place: dict[str, Any], field: str, units: object
) -> None:
    answer = api.post(f"stock/{endpoint}/", {"sku": "TEE-BLK-M", **place, field: units}, key="k")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert balances(tee) == {"MAIN": (10, 0, 0)}


@pytest.mark.parametrize("units", [0, 1.5, "5", False, -(10**9) - 1])
def test_an_adjustment_is_a_signed_whole_number(api: Api, tee: Sku, units: object) -> None:
    body = {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": units, "reason": "Lost"}

    answer = api.post("stock/adjustments/", body, key="k")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["units"]


@pytest.mark.parametrize(
    "code", ["tee-blk-m", "TEE-BLK-M ", "nothing/here", '"', "👕", "\x00", "\ud800", 7, True, None]
)
def test_an_unknown_sku_is_named(api: Api, tee: Sku, code: object) -> None:
    answer = api.post("stock/receipts/", {"sku": code, "warehouse": "MAIN", "units": 1}, key="k")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["sku"]
    if code == "👕":
        assert answer.json()["errors"][0]["message"] == "No SKU has the code “👕”."


def test_what_lies_in_the_future_has_not_happened(api: Api, tee: Sku) -> None:
    body = {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 1, "occurred_at": "2999-01-01T00:00:00Z"}

    assert api.post("stock/receipts/", body, key="k").json()["errors"][0]["field"] == "occurred_at"


def test_levels_are_filtered_by_code_warehouse_and_available(
    api: Api, tee: Sku, main: Warehouse, annex: Warehouse
) -> None:
    odd = make_sku('A/B "x" 👕', at=annex, on_hand=3)

    row = {"warehouse": "ANNEX", "on_hand": 3, "reserved": 0, "available": 3, "unsellable": 0}
    [found] = api.get("stock/", sku='A/B "x" 👕').json()["results"]
    assert {name: found[name] for name in row} == row
    assert found["sku"] == odd.code
    assert [r["sku"] for r in api.get("stock/", warehouse="MAIN").json()["results"]] == ["TEE-BLK-M"]
    assert [r["sku"] for r in api.get("stock/", available_lt="10").json()["results"]] == [odd.code]
    assert [r["sku"] for r in api.get("stock/", available_gt="3").json()["results"]] == ["TEE-BLK-M"]
    assert api.get("stock/", sku="a/b").json()["results"] == []


def test_movements_are_filtered_by_kind_and_time(api: Api, tee: Sku) -> None:
    place = {"sku": "TEE-BLK-M", "warehouse": "MAIN"}
    posted = api.post("stock/adjustments/", {**place, "units": -1, "reason": "Lost"}, key="k").json()

    assert api.get("movements/", kind="adjustment").json()["results"] == [posted]
    assert api.get("movements/", key=posted["key"], **place).json()["results"] == [posted]
    assert api.get(f"movements/{posted['id']}").json() == posted
    later = api.get("movements/", recorded_from=posted["recorded_at"]).json()["results"]
    earlier = api.get("movements/", recorded_until=posted["recorded_at"]).json()["results"]
    assert [row["id"] for row in later] == [posted["id"]]
    assert [row["kind"] for row in earlier] == ["receipt"]


def test_what_runs_out_is_told_with_its_days(api: Api, tee: Sku) -> None:
    api.post("reservations/", {"lines": [{"sku": "TEE-BLK-M", "units": 7}]}, key="k")  # 3 are left, 7 sold in 28 days

    row = {"sku": "TEE-BLK-M", "available": 3, "sold": 7, "days_left": 12}
    assert api.get("stock/runs-out/", within_days="12").json() == {"skus": [row]}
    assert api.get("stock/runs-out/").json() == {"skus": []}
    for bad in ({"within_days": "0"}, {"within_days": "x"}, {"days": "7"}):
        assert api.get("stock/runs-out/", **bad).status_code == 400
