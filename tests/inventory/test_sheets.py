"""Files that people take out and bring back."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import openpyxl
import pytest
from django.http import HttpResponse, StreamingHttpResponse

from inventory import sheets
from inventory.sheets import UnreadableSheet

DANGEROUS = ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"]


def csv_of(rows: list[tuple[sheets.Cell, ...]]) -> str:
    response = sheets.answer("rows", "csv", ["sku", "units"], rows)
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(response.streaming_content).decode()  # type: ignore[arg-type]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_formula_goes_out_as_text_and_comes_back_as_it_was(text: str) -> None:
    written = csv_of([(text, -3)])

    assert written.startswith("\ufeffsku,units\r\n")
    assert f"'{text}" in written
    [line] = sheets.read_csv(written.encode(), required=["sku", "units"])
    assert line.cells == {"sku": text, "units": "-3"}


def test_a_workbook_has_numbers_as_numbers_and_no_formula() -> None:
    moment = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    response = sheets.answer("rows", "xlsx", ["sku", "units", "at"], [("=1+1", -3, moment), ("TEE", None, None)])

    assert isinstance(response, HttpResponse)
    assert response["Content-Disposition"] == 'attachment; filename="rows.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["sku", "units", "at"],
        ["'=1+1", -3, "2026-11-21T09:00:00+00:00"],
        ["TEE", None, None],
    ]
    assert {cell.data_type for row in sheet.rows for cell in row} == {"s", "n"}


@pytest.mark.parametrize(
    "content",
    [
        b"sku,units\nTEE,1\n",
        b"\xef\xbb\xbfSKU;Units\r\nTEE;1\r\n\r\n",
        b"units\tsku\n1\tTEE\n\t\n",
    ],
)
def test_the_usual_ways_to_write_csv_are_read(content: bytes) -> None:
    [line] = sheets.read_csv(content, required=["sku"], optional=["units"])

    assert (line.number, line.cells) == (2, {"sku": "TEE", "units": "1"})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"code,units\nTEE,1\n", "Missing columns: sku. The first line should be: sku, units."),
        (b"sku,units,colour\nTEE,1,red\n", "Unknown columns: colour. The first line should be: sku, units."),
        (b"sku,units,sku\nTEE,1,TEE\n", "Columns that stand twice: sku."),
        (b"sku,units\nTEE,1\nMUG\n", "Line 3 has 1 cells, the header has 2."),
        (b"sku,units\nT\xe4,1\n", "Line 2 is not UTF-8. Save the file as “CSV UTF-8” and try again."),
        (b"PK\x03\x04\x00\x00", "The file is no text. Save it as “CSV UTF-8” and try again."),
        (b"sku,units\n" + b"TEE,1\n" * 100_001, "The file has more than 100,000 rows. Split it."),
    ],
)
def test_what_is_no_table_is_said_with_its_line(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableSheet) as refused:
        sheets.read_csv(content, required=["sku"], optional=["units"])

    assert str(refused.value) == words


def workbook_of(*rows: tuple[str | float | None, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_is_read_as_a_person_reads_it() -> None:
    content = workbook_of(("SKU", "Units"), ("'=1+1", 3.0), (None, None), (4711, "x"))

    lines = sheets.read(content, required=["sku"], optional=["units"])

    assert [(line.number, line.cells) for line in lines] == [
        (2, {"sku": "=1+1", "units": "3"}),
        (4, {"sku": "4711", "units": "x"}),
    ]
    with pytest.raises(UnreadableSheet, match="Missing columns: sku"):
        sheets.read(workbook_of(("code",)), required=["sku"])


@pytest.mark.parametrize("content", [b"PK\x03\x04 no archive", workbook_of(("sku",))[:-400]])
def test_a_broken_workbook_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(UnreadableSheet, match="can't be read as a workbook"):
        sheets.read(content, required=["sku"])


def test_a_workbook_that_unpacks_beyond_measure_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_UNPACKED", 1000)

    with pytest.raises(UnreadableSheet, match="too large once it is unpacked"):
        sheets.read(workbook_of(("sku",)), required=["sku"])
