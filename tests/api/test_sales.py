"""Sales of shops: whatever a till sends, each line is looked at alone, and what can be booked is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Movement, Sku, StockLevel, Warehouse
from inventory.shops.models import SaleLine
from tests.api.conftest import Api
from tests.api.test_errors import assert_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(main: Warehouse) -> Warehouse:
    Warehouse.objects.update(is_shop=True)
    return main


def sale(*lines: Any, **facts: Any) -> dict[str, Any]:
    moment = timezone.now().isoformat()
    return {"sale_id": "T1-88", "location": "MAIN", "occurred_at": moment, "lines": list(lines), **facts}


def line(line_id: str = "1", **facts: Any) -> dict[str, Any]:
    return {"line_id": line_id, "sku": "TEE-BLK-M", "quantity": 1, **facts}


def on_hand() -> int:
    return StockLevel.objects.get().on_hand


def test_each_line_is_answered_for_and_a_repeat_changes_nothing(api: Api, shop: Warehouse, tee: Sku) -> None:
    Sku.objects.update(barcode="4006381333931")
    body = sale(
        line("1", quantity=12),
        {"line_id": "2", "barcode": "4006381333931", "quantity": 1},
        line("3", kind="return", quantity=2),
        line("4", sku="NOBODY"),
        line("5", quantity=0.5),
    )

    answer = api.post("pos/sales/", body)
    again = api.post("pos/sales/", body)

    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [row["status"] for row in results] == ["booked", "booked", "booked", "waiting", "invalid"]
    assert results[0]["sku"] == results[1]["sku"] == "TEE-BLK-M"
    assert results[4]["errors"] == [
        {"field": "quantity", "message": "Send a whole number, not a number with a decimal point."}
    ]
    assert on_hand() == 10 - 12 - 1 + 2  # a fact, whatever was there
    assert [row["repeat"] for row in again.json()["results"]] == [True] * 4 + [False]
    assert on_hand() == -1
    changed = api.post("pos/sales/", sale(line("1", quantity=1))).json()["results"][0]
    assert (changed["status"], changed["repeat"]) == ("conflict", False)


@pytest.mark.parametrize("void", [{"kind": "void"}, {"quantity": -3}, {"kind": "void", "quantity": 3}])
def test_a_void_undoes_its_line(api: Api, shop: Warehouse, tee: Sku, void: dict[str, Any]) -> None:
    api.post("pos/sales/", sale(line(quantity=3)))
    assert on_hand() == 7

    results = api.post("pos/sales/", sale({"line_id": "1", **void})).json()["results"]

    assert (results[0]["status"], on_hand()) == ("voided", 10)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (line(quantity="2"), "quantity"),
        (line(quantity=2.5), "quantity"),
        (line(quantity=0), "quantity"),
        (line(quantity=10**15), "quantity"),
        (line(quantity=10**16), "quantity"),
        (line(quantity=True), "quantity"),
        (line(quantity=None), "quantity"),
        ({"line_id": "1", "sku": "TEE-BLK-M"}, "quantity"),
        ({"line_id": "1", "quantity": 1}, "sku"),
        (line(barcode="4006381333931"), "sku"),
        (line(sku=123), "sku"),
        (line(sku="x" * 201), "sku"),
        (line(line_id=""), "line_id"),
        ({"line_id": 7, "sku": "TEE-BLK-M", "quantity": 1}, "line_id"),
        (line(line_id="a\x00b"), "line_id"),
        (line(kind="gift"), "kind"),
        (line(sellable="no"), "sellable"),
        (line(price=3), "price"),
        ("a line", ""),
        (None, ""),
        ([], ""),
    ],
)
def test_a_bad_line_costs_itself_and_names_its_field(
    api: Api, shop: Warehouse, tee: Sku, bad: object, field: str
) -> None:
    results = api.post("pos/sales/", sale(bad, line("good"))).json()["results"]

    assert [row["status"] for row in results] == ["invalid", "booked"]
    assert field in [error["field"] for error in results[0]["errors"]]
    assert (on_hand(), SaleLine.objects.count()) == (9, 1)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"location": "NOWHERE"}, "location"),
        ({"sale_id": ""}, "sale_id"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"lines": []}, "lines"),
        ({"lines": {}}, "lines"),
        ({"till": 3}, "till"),
        ({"total": 3}, "total"),
    ],
)
def test_a_sale_that_can_t_be_understood_books_nothing(
    api: Api, shop: Warehouse, tee: Sku, facts: dict[str, Any], field: str
) -> None:
    problem = assert_problem(api.post("pos/sales/", {**sale(line()), **facts}), 400, "invalid-input")

    assert problem["errors"][0]["field"] == field
    assert on_hand() == 10


@pytest.mark.parametrize("moment", ["1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
def test_a_till_whose_clock_is_wrong_is_believed_in_everything_but_that(
    api: Api, shop: Warehouse, tee: Sku, moment: str
) -> None:
    results = api.post("pos/sales/", sale(line(), occurred_at=moment)).json()["results"]

    assert results[0]["status"] == "booked"
    assert "can't be" in results[0]["detail"]
    assert abs((Movement.objects.latest("pk").occurred_at - timezone.now()).total_seconds()) < 60


def test_many_sales_are_booked_in_their_order_and_one_that_is_bad_costs_no_other(
    api: Api, shop: Warehouse, tee: Sku
) -> None:
    now = timezone.now()
    late, early = sale(line(), sale_id="2"), sale(line(quantity=2), sale_id="1")
    early["occurred_at"] = (now - timedelta(hours=2)).isoformat()

    answer = api.post("pos/sales/batch/", {"sales": [late, sale(line(), location="NOWHERE"), early, "x"]})

    sales = answer.json()["sales"]
    assert [one["sale_id"] for one in sales] == ["2", None, "1", None]
    assert [bool(one["errors"]) for one in sales] == [False, True, False, True]
    assert list(Movement.objects.filter(kind="sale").order_by("pk").values_list("on_hand_delta", flat=True)) == [-2, -1]


def test_a_till_s_token_sends_sales_and_nothing_else(caller: Any, shop: Warehouse, tee: Sku) -> None:
    till = caller("sales:write")
    results = till.post("pos/sales/", sale(line(sku="OLD"))).json()["results"]

    waiting = SaleLine.objects.get()
    assert results[0]["status"] == "waiting"
    assert_problem(till.get("pos/sales/"), 403, "missing-scope")
    refused = till.post(f"pos/sales/{waiting.pk}/resolve/", {"sku": "TEE-BLK-M"})
    assert assert_problem(refused, 403, "missing-scope")["scope"] == "stock:write"
    clerk = caller("stock:read", "stock:write")
    assert clerk.post(f"pos/sales/{waiting.pk}/resolve/", {"sku": "TEE-BLK-M"}).json()["state"] == "booked"
    assert_problem(clerk.post(f"pos/sales/{waiting.pk}/resolve/", {"sku": "TEE-BLK-M"}), 409, "conflict")
    [row] = clerk.get("pos/sales/", state="booked", sku="TEE-BLK-M").json()["results"]
    assert (row["location"], row["quantity"], row["code"]) == ("MAIN", 1, "OLD")


def test_stock_that_someone_else_keeps_is_not_sold_here(api: Api, shop: Warehouse, tee: Sku) -> None:
    Warehouse.objects.update(kept_by="channel:Amazon")

    assert_problem(api.post("pos/sales/", sale(line())), 409, "kept-elsewhere")
    many = api.post("pos/sales/batch/", {"sales": [sale(line())]}).json()["sales"][0]
    assert many["errors"][0]["field"] == "location"
    assert on_hand() == 10
