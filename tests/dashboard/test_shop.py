"""The sell page, as it works without JavaScript: the counter, the sale, its void, the day's file, what was unknown."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inventory.models import Movement, StockLevel, Warehouse
from inventory.shops.models import SaleLine
from tests.dashboard.test_pages_under_the_policy import FORBIDDEN

EAN = "4006381333931"  # of the tee


@pytest.fixture
def till(browser: Client, shop: SimpleNamespace) -> SimpleNamespace:
    """The back room as a shop: four tees on the shelf."""
    Warehouse.objects.filter(pk=shop.back.pk).update(is_shop=True)
    path = f"/shop/{shop.back.pk}/"

    def do(verb: str, **fields: str) -> str:
        return str(browser.post(f"{path}{verb}/", fields, follow=True).content, "utf-8")

    return SimpleNamespace(path=path, do=do, browser=browser, shop=shop)


def on_hand(till: SimpleNamespace) -> int:
    units: int = StockLevel.objects.get(sku=till.shop.tee, warehouse=till.shop.back).on_hand
    return units


def sale_id(html: str) -> str:
    return str(re.findall(r'name="sale_id" value="(\w+)"', html)[0])


def test_scanned_counted_and_sold_once(till: SimpleNamespace) -> None:
    assert "Which shop?" not in till.browser.get("/shop/", follow=True).content.decode()  # there is one

    till.do("add", code=EAN)
    html = till.do("add", code="TEE-BLK-M")
    assert "Sell 2 units" in html
    html = till.do("line", place="0", units="3")
    form = sale_id(html)
    sold = till.do("finish", sale_id=form)
    twice = till.do("finish", sale_id=form)

    assert "3 units sold." in sold
    assert "Booked already." in twice
    assert on_hand(till) == 1
    assert Movement.objects.filter(kind="sale").get().on_hand_delta == -3
    assert "Voided: its units are back." in till.do("void", sale_id=form, till="")
    assert on_hand(till) == 4


def test_what_is_not_there_is_sold_all_the_same_and_a_return_gives_back(till: SimpleNamespace) -> None:
    till.do("add", code=EAN)
    html = till.do("line", place="0", units="6")
    till.do("finish", sale_id=sale_id(html))
    assert on_hand(till) == -2

    till.do("kind", kind="return")
    html = till.do("add", code=EAN)
    assert "Take back 1 unit" in html
    till.do("finish", sale_id=sale_id(html))
    assert on_hand(till) == -1


def test_what_nobody_knows_is_offered_a_match_or_sold_and_said_later(till: SimpleNamespace) -> None:
    html = till.do("add", code="tee")
    assert "Which one is it?" in html
    assert "TEE-BLK-M" in html
    till.do("add", code="4009999999999", unknown="1")
    html = till.browser.get(till.path).content.decode()
    assert "No SKU has the barcode “4009999999999”." in html
    assert "say below" in till.do("finish", sale_id=sale_id(html))

    line = SaleLine.objects.get()
    found = till.browser.get(f"/shop/lines/{line.pk}/", {"q": "tee"}).content.decode()
    assert "TEE-BLK-M" in found
    till.browser.post(f"/shop/lines/{line.pk}/", {"sku": "TEE-BLK-M"})
    assert on_hand(till) == 3
    assert till.browser.get(f"/shop/lines/{line.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("add", {"code": ""}),
        ("add", {"code": "\x00"}),
        ("line", {"place": "99", "units": "1"}),
        ("line", {"place": "-1", "units": "x"}),
        ("line", {"place": "0", "units": "9" * 40}),
        ("finish", {"sale_id": "x" * 500}),
        ("finish", {}),
        ("void", {"sale_id": "nobody's"}),
        ("kind", {"kind": "gift"}),
    ],
)
def test_nonsense_changes_nothing(till: SimpleNamespace, verb: str, fields: dict[str, str]) -> None:
    answer = till.browser.post(f"{till.path}{verb}/", fields, follow=True)

    assert answer.status_code == 200
    assert (on_hand(till), SaleLine.objects.count()) == (4, 0)


HEADER = "sale_id,occurred_at,line_id,barcode,sku,quantity,kind,location\n"


def test_a_day_s_file_books_what_can_be_and_names_the_lines_that_can_t(till: SimpleNamespace) -> None:
    lines = [
        f"9,2026-11-20T10:00:00Z,1,{EAN},,2,,",
        "9,2026-11-20T10:00:00Z,2,,00123,1,,",
        "9,2026-11-20T10:00:00+01:00,3,,1E5,1,sale,BACK",
        "10,2026-11-20T11:00:00Z,1,,TEE-BLK-M,1,return,",
        "11,yesterday,1,,TEE-BLK-M,1.5,,",
        "12,2026-11-20T11:00:00Z,1,,TEE-BLK-M,1,,NOWHERE",
        f"13,2026-11-20T11:00:00Z,1,{EAN},,1000000000000000,,",
    ]
    content = "\ufeff" + HEADER + "\n".join(lines) + "\n"

    def bring() -> str:
        file = SimpleUploadedFile("day.csv", content.encode(), content_type="text/csv")
        return str(till.browser.post(f"{till.path}file/", {"file": file}).content, "utf-8")

    first = bring()
    again = bring()

    assert on_hand(till) == 4 - 2 + 1
    assert set(SaleLine.objects.filter(state="waiting").values_list("code", flat=True)) == {"00123", "1E5"}  # as text
    for words in ("Line 6", "“1.5” is no whole number.", "Line 7", "“NOWHERE”", "Line 8", "Send at most 1000000000."):
        assert words in first
    assert re.search(r"Booked</dt><dd>2</dd>", first)
    assert re.search(r"Booked</dt><dd>0</dd>\s*<dt>Known already</dt><dd>4</dd>", again)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"sale_id,when\n1,2\n", "Missing columns"),
        (HEADER.encode() + b"\xff\xfe\n", "not UTF-8"),
        (b"PK\x03\x04\x00\x00", "no text"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(till: SimpleNamespace, content: bytes, words: str) -> None:
    file = SimpleUploadedFile("day.csv", content, content_type="text/csv")

    answer = till.browser.post(f"{till.path}file/", {"file": file})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not SaleLine.objects.exists()


def test_the_pages_keep_to_the_policy_and_are_for_shops(till: SimpleNamespace) -> None:
    till.do("add", code="4009999999999", unknown="1")
    till.do("finish", sale_id=sale_id(till.browser.get(till.path).content.decode()))
    line = SaleLine.objects.get()

    for path in (till.path, f"{till.path}file/", f"{till.path}sales/", f"/shop/lines/{line.pk}/"):
        html = till.browser.get(path).content.decode()
        assert [pattern.pattern for pattern in FORBIDDEN if pattern.search(html)] == [], path
        assert html.count("<h1") == 1
    assert till.browser.get(f"/shop/{till.shop.main.pk}/").status_code == 404
    assert 'href="/shop/"' in html
    Warehouse.objects.update(is_shop=False)
    assert 'href="/shop/"' not in till.browser.get("/skus/").content.decode()
    assert "There is no shop yet" in till.browser.get("/shop/").content.decode()
