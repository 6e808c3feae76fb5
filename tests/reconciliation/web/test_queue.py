"""The queue: worst first, narrowed by its address, counted live, taken out as it is filtered."""

from __future__ import annotations

import io
from types import SimpleNamespace

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.models import User
from inventory import sheets
from reconciliation.models import Discrepancy, SavedView
from tests.factories import make_discrepancy, make_listing, make_sku
from tests.reconciliation.web.conftest import codes


def test_what_waits_stands_worst_first(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.get("/reconciliation/")

    assert codes(response) == ["ENDLESS", "OVER", "UNDER", "CHEAP"]
    counts = {view["label"]: view["count"] for view in response.context["views"]}
    assert counts == {"Open": 4, "May oversell": 2, "Mine": 1, "Snoozed": 1, "Ignored": 0, "Resolved": None}


def test_each_number_of_ours_opens_why(browser: Client, shop: SimpleNamespace) -> None:
    listing = shop.over.listing

    rows = browser.get("/reconciliation/?q=OVER").content.decode()
    page = browser.get(f"/reconciliation/{shop.over.pk}/").content.decode()

    for html in (rows, page):
        assert f'class="why-link" href="/listings/{listing.pk}/why/" hx-get="/listings/{listing.pk}/why/"' in html


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=und", ["UNDER"]),
        ("channel={north}", ["ENDLESS", "OVER", "CHEAP"]),
        ("cause=lost-push", ["UNDER"]),
        ("direction=over", ["OVER"]),
        ("direction=under", ["UNDER", "CHEAP"]),
        ("direction=none", ["ENDLESS"]),
        ("severity=3", ["ENDLESS", "OVER"]),
        ("proposal=take-theirs", ["CHEAP"]),
        ("age=1d", ["UNDER", "CHEAP"]),
        ("assignee=me", ["UNDER"]),
        ("assignee=nobody&age=1w", ["CHEAP"]),
        ("warehouse={back}", ["UNDER"]),
        ("sku={sku}", ["OVER"]),
        ("status=snoozed", ["ASLEEP"]),
        ("status=any&cause=hand-edit", ["OVER", "ASLEEP", "OLD", "CHEAP"]),
        ("sort=-first_seen_at", ["ENDLESS", "OVER", "UNDER", "CHEAP"]),
        ("sort=difference", ["UNDER", "CHEAP", "ENDLESS", "OVER"]),
    ],
)
def test_each_filter_narrows_it(browser: Client, shop: SimpleNamespace, query: str, found: list[str]) -> None:
    query = query.format(north=shop.north.pk, back=shop.back.pk, sku=shop.over.sku_id)

    assert codes(browser.get(f"/reconciliation/?{query}")) == found


def test_columns_are_chosen_and_those_of_a_row_follow(browser: Client, shop: SimpleNamespace) -> None:
    def drawn(query: str) -> tuple[int, int]:
        html = browser.get(f"/reconciliation/?{query}").content.decode()
        first = html.split("<tbody", 1)[1].split("</tr>")[0]
        return html.count('<th scope="col"'), first.count("<td role=") + first.count('<th scope="row"')

    assert drawn("") == (9, 9)
    assert drawn("status=resolved") == (10, 10)
    assert drawn("columns=channel&columns=proposal") == (4, 4)


def test_a_filter_that_makes_no_sense_is_no_error(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.get("/reconciliation/?channel=x&age=never&warehouse=999999999999999999999&sku=-1&page=0")

    assert response.status_code == 200


def test_the_number_of_queries_does_not_grow(browser: Client, shop: SimpleNamespace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/reconciliation/")
        return len(captured)

    few = queries()
    for number in range(5):
        make_discrepancy(make_listing(shop.south, make_sku(f"MORE-{number}"), quantity=1), shows=3)

    assert queries() == few
    assert few <= 22


def test_htmx_gets_the_rows_and_what_changes_beside_them(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.get("/reconciliation/?cause=lost-push", headers={"HX-Request": "true"})

    html = response.content.decode()
    assert "<html" not in html
    assert "UNDER" in html
    assert "OVER" not in html
    assert "/reconciliation/export/discrepancies.csv?cause=lost-push" in html
    assert 'id="batch-query" value="cause=lost-push"' in html
    assert "All 1 that matches" in html


def test_counts_follow_the_page_that_the_browser_shows(browser: Client, shop: SimpleNamespace) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/reconciliation/?status=snoozed"}

    response = browser.get("/reconciliation/counts/", headers=headers)

    current = [view["label"] for view in response.context["views"] if view["is_current"]]
    assert current == ["Snoozed"]


def test_files_have_exactly_what_is_filtered_and_no_formula(browser: Client, shop: SimpleNamespace) -> None:
    Discrepancy.objects.filter(pk=shop.cheap.pk).update(proposal_reason="=cmd|'/c calc'!A1")
    query = f"channel={shop.north.pk}&sort=first_seen_at"

    text = browser.get(f"/reconciliation/export/discrepancies.csv?{query}").getvalue()
    book = browser.get(f"/reconciliation/export/discrepancies.xlsx?{query}").content

    lines = sheets.read_csv(text, required=["sku", "difference", "money_at_risk"], optional=_others(text))
    assert [(line.cells["sku"], line.cells["difference"]) for line in lines] == [
        ("CHEAP", "-1"),
        ("OVER", "4"),
        ("ENDLESS", ""),
    ]
    assert b",'=cmd|" in text
    sheet = openpyxl.load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    assert [row[0].value for row in sheet.rows] == ["sku", "CHEAP", "OVER", "ENDLESS"]
    assert "f" not in {cell.data_type for row in sheet.rows for cell in row}


def _others(text: bytes) -> list[str]:
    names = text.decode("utf-8-sig").splitlines()[0].split(",")
    return [name for name in names if name not in {"sku", "difference", "money_at_risk"}]


def test_a_view_is_saved_shown_with_its_count_and_removed(browser: Client, shop: SimpleNamespace) -> None:
    other = User.objects.create_user("ben", role="owner")
    SavedView.objects.create(user=other, name="Ben's own", query="cause=mapping")
    SavedView.objects.create(user=other, name="Everyone's", query="cause=lost-push", is_shared=True)

    form = browser.get(f"/reconciliation/views/save/?channel={shop.north.pk}&page=2").context["form"]
    browser.post("/reconciliation/views/save/", {"name": "North", "query": form.initial["query"]})

    response = browser.get(f"/reconciliation/?channel={shop.north.pk}")
    views = {view["label"]: (view["count"], view["is_current"]) for view in response.context["views"]}
    assert views["North"] == (3, True)
    assert views["Everyone's"] == (1, False)
    assert "Ben's own" not in views

    saved = SavedView.objects.get(name="North")
    assert browser.post(f"/reconciliation/views/{saved.pk}/delete/").status_code == 302
    foreign = SavedView.objects.get(name="Everyone's")
    assert browser.post(f"/reconciliation/views/{foreign.pk}/delete/").status_code == 404
    assert [view.name for view in SavedView.objects.order_by("name")] == ["Ben's own", "Everyone's"]
