"""Long lists: counted up to a limit, read page by page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory import paging
from inventory.models import Sku


@pytest.fixture
def sixty(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty SKUs, of which thirty are counted."""
    monkeypatch.setattr(paging, "COUNTED_TO", 30)
    Sku.objects.bulk_create(Sku(code=f"S-{n:02}", match_key=f"s{n:02}", name=f"Row {n}") for n in range(60))


def look(browser: Client, query: str) -> tuple[list[str], str]:
    response = browser.get(f"/skus/?per_page=25&{query}")
    table = response.context["table"]
    return [row.record.code for row in table.paginated_rows], " ".join(response.content.decode().split())


def test_more_rows_than_are_counted_are_said_to_be_more(browser: Client, sixty: None) -> None:
    codes, html = look(browser, "")

    assert codes == [f"S-{n:02}" for n in range(25)]
    assert "30+ rows" in html
    assert "1–25 of 30+" in html
    assert '<li class="page-number">Page 1</li>' in html


def test_pages_go_on_beyond_what_is_counted(browser: Client, sixty: None) -> None:
    second, html = look(browser, "page=2")
    assert second == [f"S-{n:02}" for n in range(25, 50)]
    assert 'href="?per_page=25&amp;page=3"' in html

    third, html = look(browser, "page=3")
    assert third == [f"S-{n:02}" for n in range(50, 60)]
    assert "51–60 of 30+" in html
    assert 'rel="next"' not in html
    assert 'href="?per_page=25&amp;page=2"' in html


@pytest.mark.parametrize("page", ["4", "99999999999999999999999999"])
def test_beyond_the_last_page_is_the_last_page(browser: Client, sixty: None, page: str) -> None:
    codes, _html = look(browser, f"page={page}")

    assert codes == [f"S-{n:02}" for n in range(50, 60)]


@pytest.mark.parametrize("page", ["0", "-3", "two"])
def test_what_is_no_page_is_the_first(browser: Client, sixty: None, page: str) -> None:
    codes, _html = look(browser, f"page={page}")

    assert codes[0] == "S-00"


def test_few_rows_are_counted_by_reading_them(browser: Client, sixty: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        _codes, html = look(browser, "q=Row 1")

    assert "11 rows" in html
    assert not [
        query for query in captured if query["sql"].startswith("SELECT COUNT") and "inventory_sku" in query["sql"]
    ]


def test_as_many_as_are_counted_are_counted_to_the_last(browser: Client, sixty: None) -> None:
    Sku.objects.filter(code__gte="S-30").delete()

    _codes, html = look(browser, "")

    assert "30 rows" in html
    assert "Page 1 of 2" in html


def test_ties_are_ordered_in_both_directions(browser: Client, sixty: None) -> None:
    """All have nothing on hand: each stands on one page, whichever way the column is sorted."""
    for sort in ("on_hand", "-on_hand"):
        pages = [code for page in (1, 2, 3) for code in look(browser, f"sort={sort}&page={page}")[0]]
        assert len(set(pages)) == 60
