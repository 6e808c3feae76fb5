from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import operations
from inventory.models import Sku
from tests.dashboard.conftest import make_listing, oversell


def codes(browser: Client, query: str = "") -> list[str]:
    table = browser.get(f"/skus/{query}").context["table"]
    return [row.record.code for row in table.paginated_rows]


def test_units_are_summed_over_all_warehouses(browser: Client, shop: SimpleNamespace) -> None:
    make_listing(shop.north, shop.tee)
    make_listing(shop.south, shop.tee)

    table = browser.get("/skus/").context["table"]

    rows = {row.record.code: row.record for row in table.paginated_rows}
    tee = rows["TEE-BLK-M"]
    assert (tee.on_hand, tee.reserved, tee.available, tee.channels) == (14, 0, 14, 2)
    assert (rows["CAP-NVY"].on_hand, rows["CAP-NVY"].channels) == (0, 0)


@pytest.mark.parametrize("text", ["blk", "t-shirt", "400638"])
def test_search_looks_at_code_name_and_barcode(browser: Client, shop: SimpleNamespace, text: str) -> None:
    assert codes(browser, f"?q={text}") == ["TEE-BLK-M"]


def test_a_warehouse_narrows_rows_and_units(browser: Client, shop: SimpleNamespace) -> None:
    table = browser.get(f"/skus/?warehouse={shop.back.pk}").context["table"]

    assert [(row.record.code, row.record.on_hand) for row in table.paginated_rows] == [("TEE-BLK-M", 4)]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("in-stock", ["TEE-BLK-M"]),
        ("out-of-stock", ["CAP-NVY", "MUG-11OZ"]),
        ("oversold", ["MUG-11OZ"]),
        ("off-channel", ["CAP-NVY", "MUG-11OZ"]),
    ],
)
def test_states(browser: Client, shop: SimpleNamespace, state: str, expected: list[str]) -> None:
    make_listing(shop.north, shop.tee)
    oversell(shop.mug, shop.main, 5)

    assert codes(browser, f"?state={state}") == expected


@pytest.mark.parametrize("query", ["?warehouse=999", "?state=nothing", "?show=nothing"])
def test_a_choice_that_is_none_narrows_nothing(browser: Client, shop: SimpleNamespace, query: str) -> None:
    assert codes(browser, query) == ["CAP-NVY", "MUG-11OZ", "TEE-BLK-M"]


def test_archived_skus_show_only_when_asked_for(browser: Client, shop: SimpleNamespace) -> None:
    Sku.objects.filter(pk=shop.cap.pk).update(archived_at=timezone.now())

    assert codes(browser) == ["MUG-11OZ", "TEE-BLK-M"]
    assert codes(browser, "?show=archived") == ["CAP-NVY"]
    assert codes(browser, "?show=all") == ["CAP-NVY", "MUG-11OZ", "TEE-BLK-M"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("code", ["CAP-NVY", "MUG-11OZ", "TEE-BLK-M"]),
        ("-available", ["TEE-BLK-M", "MUG-11OZ", "CAP-NVY"]),
        ("name", ["CAP-NVY", "MUG-11OZ", "TEE-BLK-M"]),
        ("nonsense", ["CAP-NVY", "MUG-11OZ", "TEE-BLK-M"]),
    ],
)
def test_sorting(browser: Client, shop: SimpleNamespace, sort: str, expected: list[str]) -> None:
    assert codes(browser, f"?sort={sort}") == expected


def test_the_sorted_column_says_so_and_its_link_keeps_the_filters(browser: Client, shop: SimpleNamespace) -> None:
    html = browser.get("/skus/?q=t&sort=-available&page=1").content.decode()

    assert html.count('aria-sort="descending"') == 1
    assert 'href="?q=t&amp;sort=available"' in html


def test_pages_hold_what_they_are_asked_for(browser: Client, shop: SimpleNamespace) -> None:
    Sku.objects.bulk_create(Sku(code=f"S-{n:03}", match_key=f"s{n:03}") for n in range(60))

    assert len(codes(browser)) == 50
    assert len(codes(browser, "?per_page=25&page=3")) == 13
    assert len(codes(browser, "?per_page=9999")) == 50
    assert codes(browser, "?page=99") == codes(browser, "?page=2")
    assert codes(browser, "?page=x") == codes(browser)


def test_rows_that_tie_are_on_one_page_each(browser: Client, shop: SimpleNamespace) -> None:
    Sku.objects.bulk_create(Sku(code=f"S-{n:03}", match_key=f"s{n:03}") for n in range(60))

    pages = [code for page in (1, 2, 3) for code in codes(browser, f"?sort=on_hand&per_page=25&page={page}")]

    assert len(set(pages)) == 63


def test_the_number_of_queries_does_not_grow_with_rows(browser: Client, shop: SimpleNamespace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            browser.get("/skus/")
        return len(captured)

    few = queries()
    for n in range(20):
        sku = Sku.objects.create(code=f"S-{n}")
        operations.receive(sku=sku, warehouse=shop.main, units=5, key=f"s-{n}", actor="user:ana", now=timezone.now())
        make_listing(shop.north, sku)

    assert queries() == few
    assert few <= 16


def test_htmx_gets_the_table_only(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.get("/skus/?q=tee", headers={"HX-Request": "true", "HX-Target": "results"})

    html = response.content.decode()
    assert "<html" not in html
    assert "TEE-BLK-M" in html
    assert 'id="result-count"' in html
    assert "HX-Request" in response["Vary"]


def test_going_back_gets_the_whole_page(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.get("/skus/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert "<html" in response.content.decode()


def test_nothing_matches_is_not_nothing_there(browser: Client, shop: SimpleNamespace) -> None:
    assert "Nothing matches" in browser.get("/skus/?q=zzz").content.decode()

    Sku.objects.exclude(levels__isnull=False).delete()
    assert "No SKUs yet" not in browser.get("/skus/").content.decode()


def test_an_empty_installation_says_what_to_do(browser: Client) -> None:
    html = browser.get("/skus/").content.decode()

    assert "No SKUs yet" in html
    assert 'href="/skus/new/"' in html
