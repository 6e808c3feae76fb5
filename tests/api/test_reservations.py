"""Reservations: all lines or none, every shortage named, one key one reservation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inventory import verify
from inventory.models import AuditEntry, Movement, Reservation, ReservationLine, Sku, StockLevel, Warehouse
from tests.api.conftest import Api, make_sku
from tests.api.test_errors import assert_problem


def reserved() -> int:
    return sum(StockLevel.objects.values_list("reserved", flat=True))


def test_units_are_reserved_read_and_fulfilled(api: Api, tee: Sku) -> None:
    body = {"reference": "Quote 7", "lines": [{"sku": "TEE-BLK-M", "units": 3}]}

    made = api.post("reservations/", body, key="quote-7")

    assert made.status_code == 201
    uuid = made.json()["uuid"]
    line = {"sku": "TEE-BLK-M", "warehouse": "MAIN", "reserved": 3, "fulfilled": 0, "backordered_at": None}
    line["id"] = ReservationLine.objects.get().pk
    assert made.json()["lines"] == [line]
    assert (made.json()["state"], made.json()["expires_at"]) == ("open", None)
    assert api.get(f"reservations/{uuid}/").json() == made.json()
    assert api.get("reservations/", state="open", sku="TEE-BLK-M", reference="Quote 7").json()["results"] == [
        made.json()
    ]

    fulfilled = api.post(f"reservations/{uuid}/fulfil/", {"reason": "Parcel 9"})
    again = api.post(f"reservations/{uuid}/fulfil/")

    assert fulfilled.status_code == 200
    assert fulfilled.json()["state"] == "fulfilled"
    assert fulfilled.json()["lines"] == [{**line, "reserved": 0, "fulfilled": 3}]
    assert again.json() == fulfilled.json()
    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (7, 0)
    assert Movement.objects.get(kind="fulfil").reason == "Parcel 9"


def test_released_units_are_free_and_stay_so(api: Api, tee: Sku) -> None:
    uuid = api.post("reservations/", {"lines": [{"sku": "TEE-BLK-M", "units": 3}]}, key="k").json()["uuid"]

    released = api.post(f"reservations/{uuid}/release/")
    late = api.post(f"reservations/{uuid}/fulfil/")

    assert (released.status_code, released.json()["state"]) == (200, "released")
    assert late.status_code == 409
    assert late.json()["type"] == "urn:evenkeel:problem:reservation-ended"
    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (10, 0)
    assert list(verify.differences()) == []


def test_a_refusal_names_every_shortage_and_changes_nothing(
    api: Api, tee: Sku, main: Warehouse, annex: Warehouse
) -> None:
    make_sku("CAP", at=annex, on_hand=2)
    movements = Movement.objects.count()
    lines = [
        {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 11},
        {"sku": "CAP", "warehouse": "ANNEX", "units": 2},
        {"sku": "CAP", "warehouse": "MAIN", "units": 1},
    ]

    answer = api.post("reservations/", {"lines": lines}, key="k")

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:evenkeel:problem:insufficient-stock"
    assert sorted(answer.json()["shortages"], key=lambda s: s["sku"]) == [
        {"sku": "CAP", "warehouse": "MAIN", "asked": 1, "available": 0},
        {"sku": "TEE-BLK-M", "warehouse": "MAIN", "asked": 11, "available": 10},
    ]
    assert reserved() == 0
    assert Reservation.objects.count() == 0
    assert Movement.objects.count() == movements
    assert StockLevel.objects.count() == 2


def test_a_line_that_names_no_warehouse_is_short_everywhere(
    api: Api, tee: Sku, main: Warehouse, annex: Warehouse
) -> None:
    make_sku("CAP", at=annex, on_hand=2)
    lines = [{"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 11}, {"sku": "CAP", "units": 3}]

    answer = api.post("reservations/", {"lines": lines}, key="k")

    assert answer.status_code == 409
    assert sorted(answer.json()["shortages"], key=lambda s: s["sku"]) == [
        {"sku": "CAP", "warehouse": None, "asked": 3, "available": 2},
        {"sku": "TEE-BLK-M", "warehouse": "MAIN", "asked": 11, "available": 10},
    ]


def test_a_refused_key_can_be_tried_again(api: Api, tee: Sku, main: Warehouse) -> None:
    body = {"lines": [{"sku": "TEE-BLK-M", "units": 12}]}
    assert api.post("reservations/", body, key="k").status_code == 409
    api.post("stock/receipts/", {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 2}, key="k")

    assert api.post("reservations/", body, key="k").status_code == 201


def test_a_repeat_is_answered_the_same(api: Api, tee: Sku) -> None:
    body = {"reference": "Quote 7", "lines": [{"sku": "TEE-BLK-M", "units": 3}]}
    first = api.post("reservations/", body, key="k")

    repeat = api.post("reservations/", body, key="k")

    assert (repeat.status_code, repeat.json()) == (201, first.json())
    assert repeat.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert reserved() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [{"sku": "TEE-BLK-M", "units": 4}]},
        {"lines": [{"sku": "TEE-BLK-M", "units": 3, "warehouse": "MAIN"}]},
        {"reference": "Quote 8"},
        {"expires_at": "2999-01-01T00:00:00Z"},
    ],
)
def test_another_body_under_the_same_key_is_refused(api: Api, tee: Sku, change: dict[str, Any]) -> None:
    body = {"reference": "Quote 7", "lines": [{"sku": "TEE-BLK-M", "units": 3}]}
    api.post("reservations/", body, key="k")

    answer = api.post("reservations/", {**body, **change}, key="k")

    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:evenkeel:problem:idempotency-key-reused"
    assert reserved() == 3


def test_a_repeat_after_its_time_still_gets_its_answer(api: Api, tee: Sku) -> None:
    soon = timezone.now() + timedelta(seconds=0.2)
    body = {"expires_at": soon.isoformat(), "lines": [{"sku": "TEE-BLK-M", "units": 3}]}
    first = api.post("reservations/", body, key="k")
    while timezone.now() <= soon:
        pass

    repeat = api.post("reservations/", body, key="k")
    late = api.post("reservations/", body, key="another")

    assert (first.status_code, repeat.status_code) == (201, 201)
    assert repeat.json()["uuid"] == first.json()["uuid"]
    assert late.status_code == 400
    assert late.json()["errors"] == [{"field": "expires_at", "message": "This time has passed."}]


def test_without_a_key_nothing_is_reserved(api: Api, tee: Sku) -> None:
    answer = api.post("reservations/", {"lines": [{"sku": "TEE-BLK-M", "units": 3}]})

    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:evenkeel:problem:idempotency-key-missing"
    assert reserved() == 0


def test_every_bad_line_is_named(api: Api, tee: Sku) -> None:
    good = {"sku": "TEE-BLK-M", "units": 1}
    bad_units = api.post("reservations/", {"lines": [good, {**good, "units": 1.5}, {"units": True}]}, key="k")
    bad_codes = api.post(
        "reservations/", {"lines": [good, {**good, "sku": "tee"}, {**good, "warehouse": "main"}]}, key="k"
    )

    assert bad_units.status_code == bad_codes.status_code == 400
    fields = [error["field"] for error in bad_units.json()["errors"]]
    assert fields == ["lines[1].units", "lines[2].sku", "lines[2].units"]
    assert bad_codes.json()["errors"] == [
        {"field": "lines[1].sku", "message": "No SKU has the code “tee”."},
        {"field": "lines[2].warehouse", "message": "No warehouse has the code “main”."},
    ]
    assert reserved() == 0


@pytest.mark.parametrize("lines", [None, [], {}, "TEE", [5], [None], [{"sku": "TEE-BLK-M", "units": 1}] * 501], ids=str)
def test_lines_are_a_list_of_one_to_500(api: Api, tee: Sku, lines: object) -> None:
    answer = api.post("reservations/", {"lines": lines}, key="k")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith("lines")
    assert reserved() == 0


def test_what_a_stock_source_holds_only_it_gives_back(api: Api, tee: Sku, main: Warehouse) -> None:
    held = Reservation.objects.create(key="source:1", reference="Central", created_at=timezone.now())
    ReservationLine.objects.create(reservation=held, sku=tee, warehouse=main, reserved=3)
    movements = Movement.objects.count()

    for verb in ("release", "fulfil"):
        problem = assert_problem(api.post(f"reservations/{held.uuid}/{verb}/"), 409, "kept-elsewhere")
        assert "Central" in problem["detail"]

    held.refresh_from_db()
    assert (held.state, held.lines.get().reserved, Movement.objects.count()) == ("open", 3, movements)


def test_the_reservation_of_an_order_follows_its_order(api: Api, tee: Sku) -> None:
    held = Reservation.objects.create(key="order:1:77", reference="#77", created_at=timezone.now())

    for verb in ("release", "fulfil"):
        answer = api.post(f"reservations/{held.uuid}/{verb}/")
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:evenkeel:problem:reservation-of-an-order"
    held.refresh_from_db()
    assert held.state == "open"


def test_a_line_waits_for_the_next_delivery_until_it_is_put_back_in_the_queue(api: Api, tee: Sku) -> None:
    made = api.post("reservations/", {"lines": [{"sku": "TEE-BLK-M", "units": 3}]}, key="k").json()
    address, wanted = f"reservations/{made['uuid']}/backorder/", {"lines": [made["lines"][0]["id"]]}
    assert api.get("reservations/", backordered="true").json()["results"] == []

    put = api.post(address, wanted)

    assert put.status_code == 200
    assert put.json()["lines"][0]["backordered_at"] is not None
    assert (put.json()["lines"][0]["reserved"], reserved()) == (3, 3)
    assert api.post(address, wanted).json() == put.json()
    assert api.get("reservations/", backordered="true").json()["results"] == [put.json()]
    assert api.get("reservations/", backordered="false").json()["results"] == []
    assert api.post(address, {**wanted, "backordered": False}).json() == made
    trail = list(AuditEntry.objects.filter(action__startswith="order.").order_by("pk").values_list("action", "actor"))
    assert trail == [("order.backorder", "user:ana"), ("order.backorder_off", "user:ana")]


def test_what_can_not_be_backordered_is_named_and_changes_nothing(api: Api, tee: Sku) -> None:
    made = api.post("reservations/", {"lines": [{"sku": "TEE-BLK-M", "units": 3}]}, key="k").json()
    address, line = f"reservations/{made['uuid']}/backorder/", made["lines"][0]["id"]

    unknown = assert_problem(api.post(address, {"lines": [line, line + 1]}), 400, "invalid-input")
    assert_problem(api.post(address, {"lines": []}), 400, "invalid-input")
    api.post(f"reservations/{made['uuid']}/release/")
    ended = assert_problem(api.post(address, {"lines": [line]}), 409, "conflict")

    assert unknown["errors"][0]["field"] == "lines[1]"
    assert ended["detail"] == f"Line {line} holds no units any more."
    assert not ReservationLine.objects.filter(backordered_at__isnull=False).exists()


def test_a_code_from_before_a_sku_was_renamed_or_merged_means_what_it_is_now(
    api: Api, tee: Sku, main: Warehouse
) -> None:
    make_sku("TEE", at=main, on_hand=1)
    body = {"lines": [{"sku": "TEE-BLK-M", "units": 3}]}
    api.post("reservations/", body, key="first")
    assert api.patch(f"skus/{tee.pk}/", {"code": "OLD-TEE"}).status_code == 200

    renamed = api.post("reservations/", body, key="renamed")
    assert api.post(f"skus/{tee.pk}/merge/", {"into": "TEE"}, key="merge").status_code == 200
    by_each = {"lines": [{"sku": code, "units": 1} for code in ("TEE-BLK-M", "OLD-TEE", "TEE")]}
    merged = api.post("reservations/", by_each, key="merged")

    assert [line["sku"] for line in renamed.json()["lines"]] == ["OLD-TEE"]
    assert [(line["sku"], line["reserved"]) for line in merged.json()["lines"]] == [("TEE", 3)]
    assert reserved() == 9
    assert list(verify.differences()) == []
    answer = api.post("reservations/", {"lines": [{"sku": "OLD-TEE", "units": 3}]}, key="short")
    assert [(s["sku"], s["available"]) for s in answer.json()["shortages"]] == [("TEE", 2)]
