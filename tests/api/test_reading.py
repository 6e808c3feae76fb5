"""What all lists share: pages by cursor, strict parameters, and a number of queries that does not grow."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import CatalogImport
from inventory import audit, reservations
from inventory.models import Sku, Warehouse
from inventory.sources import shipments
from inventory.sources.shipments import Confirmation, Line
from tests.api.conftest import Api, make_channel, make_event, make_listing, make_order, make_push, make_sku

LISTS = [
    "warehouses",
    "skus",
    "stock",
    "movements",
    "reservations",
    "channels",
    "listings",
    "orders",
    "inbox",
    "pushes",
    "imports",
    "shipments",
    "changes",
    "pos/sales",
]


def test_pages_are_turned_newest_first_and_do_not_shift(api: Api) -> None:
    skus = [make_sku(f"S-{n}") for n in range(5)]

    first = api.get("skus/", limit="2").json()
    make_sku("S-NEW")
    second = api.client.get(first["next"]).json()
    third = api.client.get(second["next"]).json()
    back = api.client.get(second["previous"]).json()

    codes = [[row["code"] for row in page["results"]] for page in (first, second, third)]
    assert codes == [["S-4", "S-3"], ["S-2", "S-1"], ["S-0"]]
    assert (first["previous"], third["next"]) == (None, None)
    assert [row["code"] for row in back["results"]] == ["S-4", "S-3"]
    assert len(skus) == 5


def test_a_page_keeps_its_filters(api: Api) -> None:
    for n in range(3):
        make_sku(f"CAP-{n}")
        make_sku(f"TEE-{n}")

    page = api.get("skus/", search="CAP", limit="2").json()
    rest = api.client.get(page["next"]).json()

    assert "search=CAP" in urlsplit(page["next"]).query
    assert [row["code"] for row in rest["results"]] == ["CAP-0"]


@pytest.mark.parametrize("limit", ["0", "-1", "501", "x", "1.5", "٣", "9" * 30])
def test_a_limit_is_1_to_500(api: Api, limit: str) -> None:
    answer = api.get("skus/", limit=limit)

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "limit", "message": "Ask for 1 to 500 rows."}]


@pytest.mark.parametrize(
    "cursor", ["x", "%%%", "cD1hYmM=", "cD0tMQ==", "bz05OTk5OTk5OTk5OTk5", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "é"]
)
def test_a_made_up_cursor_is_refused_or_harmless(api: Api, cursor: str) -> None:
    make_sku("TEE")

    answer = api.get("skus/", cursor=cursor)

    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    ("path", "parameter", "value"),
    [
        ("stock", "warehose", "MAIN"),
        ("stock", "available_lt", "5.5"),
        ("stock", "available_gt", "many"),
        ("stock", "available_gt", "9" * 40),
        ("movements", "kind", "teleport"),
        ("movements", "recorded_from", "yesterday"),
        ("movements", "recorded_from", "2026-01-01T00:00:00 01:00"),
        ("movements", "recorded_until", "9999-12-31T23:59:59-14:00"),
        ("movements", "recorded_from", "0001-01-01T00:00:00+14:00"),
        ("skus", "archived", "yes"),
        ("skus", "code", "a\x00b"),
        ("orders", "waiting", "1"),
        ("orders", "channel", "9" * 40),
        ("pushes", "listing", "x"),
        ("reservations", "state", "OPEN"),
    ],
)
def test_a_parameter_that_can_not_be_meant_is_refused_by_name(api: Api, path: str, parameter: str, value: str) -> None:
    answer = api.get(f"{path}/", **{parameter: value})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [parameter]


def test_a_parameter_given_twice_is_refused(api: Api) -> None:
    answer = api.client.get("/api/v1/stock/?sku=A&sku=B")

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "sku", "message": "Give this parameter once."}]


@pytest.mark.parametrize(
    "path", ["skus/?code=", "skus/?search=%20", "stock/?sku=", "orders/?placed_from=", "skus/?limit="]
)
def test_an_empty_parameter_is_refused_instead_of_widening_the_answer(api: Api, path: str) -> None:
    answer = api.client.get(f"/api/v1/{path}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "Give it a value, or leave it out."


def _fill(main: Warehouse, first: int, last: int) -> None:
    now = timezone.now()
    for n in range(first, last):
        sku = make_sku(f"S-{n}", at=main, on_hand=9)
        Warehouse.objects.create(code=f"W-{n}", name="W")
        reservations.reserve(
            [reservations.Request(sku=sku, units=1)], key=f"r-{n}", actor="user:test", now=now, reference="R"
        )
        channel = make_channel(f"C-{n}", warehouse=main)
        listing = make_listing(channel, f"p-{n}", sku=sku, mapping="mapped")
        make_order(channel, f"o-{n}", sku=sku, now=now)
        make_event(channel, f"d-{n}", now=now)
        make_push(listing, now=now)
        CatalogImport.objects.create(channel=channel, state="done", started_at=now)
        audit.record(actor="user:ana", action="channel.mode", subject=f"channel:{n}", before={}, after={})
        shipments.confirm(
            Confirmation(
                reporter="api:ana",
                ref=f"s-{n}",
                order_ref="",
                happened_at=now,
                lines=(Line(line_ref="1", sku=sku.code, units=1, warehouse=main),),
            ),
            actor="user:ana",
            now=now,
        )


def test_no_list_asks_more_for_more_rows(api: Api, main: Warehouse) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            answer: Any = api.get(f"{path}/")
        assert answer.status_code == 200
        return len(captured)

    _fill(main, 0, 2)
    api.get("skus/")  # the first call stamps the token
    few = {path: queries(path) for path in LISTS}
    _fill(main, 2, 12)
    many = {path: queries(path) for path in LISTS}

    assert many == few
    assert max(few.values()) <= 4
    assert Sku.objects.count() == 12
