"""Requests that hold many items: each gets its result, one bad one stops no other, and all are done once."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import Movement, Sku, Warehouse
from tests.api.conftest import Api
from tests.api.test_errors import assert_problem
from tests.factories import balances

pytestmark = pytest.mark.django_db


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [result["status"] for result in answer.json()["results"]]


def test_many_skus_are_made_and_each_refusal_has_its_reason(api: Api, tee: Sku) -> None:
    skus: list[Any] = [
        {"code": "CAP-1", "name": "Cap", "low_at": 3},
        {"code": "TEE-BLK-M"},
        {"code": "CAP-1"},
        {"code": " CAP"},
        {"code": "CAP-2", "colour": "red"},
        None,
        {"code": "CAP-3", "barcode": "4006381333931"},
    ]

    answer = api.post("skus/batch/", {"skus": skus})

    assert statuses(answer) == ["done", "refused", "refused", "invalid", "invalid", "invalid", "done"]
    results = answer.json()["results"]
    assert (results[0]["sku"]["code"], results[0]["sku"]["low_at"]) == ("CAP-1", 3)
    assert results[1]["detail"] == "There is a SKU with the code “TEE-BLK-M” already."
    assert results[4]["errors"][0]["field"] == "colour"
    assert set(Sku.objects.values_list("code", flat=True)) == {"TEE-BLK-M", "CAP-1", "CAP-3"}


def test_many_adjustments_are_posted_once_each(api: Api, tee: Sku, main: Warehouse) -> None:
    place = {"sku": "TEE-BLK-M", "warehouse": "MAIN", "reason": "Damage"}
    body = {
        "adjustments": [
            {**place, "units": -2, "key": "a"},
            {**place, "units": -50, "key": "b"},
            {**place, "units": 0, "key": "c"},
            {**place, "units": -1},
            {**place, "units": 1, "key": "d", "warehouse": "NOWHERE"},
            {**place, "units": 3, "key": "e"},
            {**place, "units": 4, "key": "a"},
        ]
    }

    first = api.post("stock/adjustments/batch/", body)

    assert statuses(first) == ["done", "refused", "invalid", "invalid", "invalid", "done", "refused"]
    assert balances(tee, main) == (11, 0, 0)
    assert "asked 50, available 8" in first.json()["results"][1]["detail"]
    again = api.post("stock/adjustments/batch/", body)
    assert statuses(again) == statuses(first)
    assert [result["repeat"] for result in again.json()["results"]][:6] == [True, False, False, False, False, True]
    assert balances(tee, main) == (11, 0, 0)
    # The same key in a request of its own is the same change.
    single = api.post("stock/adjustments/", {**place, "units": -2}, key="a")
    assert (single.status_code, single.headers["Idempotent-Replayed"]) == (201, "true")
    assert Movement.objects.filter(kind="adjustment").count() == 2


def test_units_become_unsellable_and_sellable_again(api: Api, tee: Sku, main: Warehouse) -> None:
    body = {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 3, "reason": "Torn"}

    assert api.post("stock/reclassifications/", body, key="r-1").status_code == 201
    assert balances(tee, main) == (7, 0, 3)
    assert api.post("stock/reclassifications/", body, key="r-1").headers["Idempotent-Replayed"] == "true"
    assert api.post("stock/reclassifications/", {**body, "units": -1}, key="r-2").status_code == 201
    assert balances(tee, main) == (8, 0, 2)
    assert_problem(api.post("stock/reclassifications/", {**body, "units": -9}, key="r-3"), 409, "insufficient-stock")
    assert_problem(api.post("stock/reclassifications/", {**body, "units": 0}, key="r-4"), 400, "invalid-input")


@pytest.mark.parametrize(
    ("path", "name", "most"), [("skus/batch/", "skus", 500), ("stock/adjustments/batch/", "adjustments", 200)]
)
def test_too_many_or_none_are_refused_whole(api: Api, path: str, name: str, most: int) -> None:
    for items in ([], [{"code": "A"}] * (most + 1), "text", None):
        assert_problem(api.post(path, {name: items}), 400, "invalid-input")
    assert not Sku.objects.exists()
