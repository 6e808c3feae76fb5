"""How a list is drawn is chosen by its reader, and any list goes out as a file."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from django.test import Client

from inventory.models import Sku


def headers(answer: Any) -> list[str]:
    return [str(column.header) for column in answer.context["table"].columns]


def text_of(answer: Any) -> list[list[str]]:
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body)))


def test_columns_and_density_come_from_the_address_and_stay_for_the_session(
    browser: Client, shop: SimpleNamespace
) -> None:
    chosen = browser.get("/skus/?columns=code&columns=available&density=compact")

    assert headers(chosen) == ["", "Code", "Available"]  # the box that picks a row stays
    assert b"table-compact" in chosen.content
    later = browser.get("/skus/?q=tee")
    assert headers(later) == ["", "Code", "Available"]
    assert b"table-compact" in later.content
    assert len(headers(browser.get("/orders/"))) > 2


def test_the_row_s_name_is_never_hidden_and_nonsense_is_left_out(browser: Client, shop: SimpleNamespace) -> None:
    assert headers(browser.get("/skus/?columns=nonsense")) == ["", "Code"]


def test_all_columns_come_back(browser: Client, shop: SimpleNamespace) -> None:
    every = headers(browser.get("/skus/"))
    browser.get("/skus/?columns=code")

    names = "&".join(f"columns={choice.name}" for choice in browser.get("/skus/").context["table"].choices)

    assert headers(browser.get(f"/skus/?{names}")) == every


def test_the_file_holds_what_the_filter_shows_on_all_pages(browser: Client, shop: SimpleNamespace) -> None:
    Sku.objects.bulk_create(Sku(code=f"BULK-{number:03}", name="=cmd()") for number in range(60))

    answer = browser.get("/skus/?q=bulk&export=csv&per_page=25&columns=name&columns=on_hand")

    rows = text_of(answer)
    assert rows[0] == ["Code", "Name", "On hand"]
    assert [row[0] for row in rows[1:]] == [f"BULK-{number:03}" for number in range(60)]
    assert rows[1][1:] == ["'=cmd()", "0"]
    assert "attachment" in answer["Content-Disposition"]


def test_a_spreadsheet_has_numbers_as_numbers(browser: Client, shop: SimpleNamespace) -> None:
    answer = browser.get("/skus/?q=TEE&export=xlsx")

    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][:3] == ("TEE-BLK-M", shop.tee.name, 14)


@pytest.mark.parametrize("kind", ["pdf", "<b>", "csv "])
def test_an_unknown_kind_is_a_page(browser: Client, shop: SimpleNamespace, kind: str) -> None:
    assert "table" in browser.get("/skus/", {"export": kind}).context
