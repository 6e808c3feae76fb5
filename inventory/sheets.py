"""Tables that people take out as CSV or XLSX and bring back: nothing in them may act when a spreadsheet opens it.

A text that a spreadsheet would run as a formula goes out behind an apostrophe, and comes back without it. What
workbooks need is loaded where one is made or read: most processes never do, and each would start the later for it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

MAX_ROWS = 100_000  # of a file that is brought in
MAX_BYTES = 16 * 1024 * 1024
MAX_WORKBOOK_ROWS = 50_000  # a workbook is built in memory, unlike CSV
MAX_UNPACKED = 256 * 1024 * 1024  # bytes of a workbook that is brought in, once it is unpacked

Cell = str | int | Decimal | datetime | None

# What spreadsheets take for the beginning of a formula, and the full-width forms that some of them fold to it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UnreadableSheet(Exception):
    """A file can't be taken as a table; the message says why, and on which line."""


class TooLarge(Exception):
    """There are more rows than the format can be written with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a file: its number as an editor shows it, and its cells by header."""

    number: int
    cells: dict[str, str]


def neutral(value: Cell) -> Cell:
    """Return ``value`` as it may stand in a sheet: a text never begins as a formula does."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def original(text: str) -> str:
    """Undo ``neutral``, so that what was taken out can be brought back."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA_STARTS) else text


def answer(name: str, kind: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponseBase:
    """Answer with the table as a file ``name``.``kind``; ``kind`` is ``csv`` (streamed) or ``xlsx``.

    Raises TooLarge when a workbook would have more than MAX_WORKBOOK_ROWS rows.
    """
    if kind == "csv":
        response: HttpResponseBase = StreamingHttpResponse(_csv(headers, rows), content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(_xlsx(name, headers, rows), content_type=_XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def _cells(row: Sequence[Cell]) -> list[Cell]:
    return [value.isoformat(timespec="seconds") if isinstance(value, datetime) else neutral(value) for value in row]


def _csv(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    # The mark at the front tells Excel that it is UTF-8.
    buffer.write("\ufeff")
    writer.writerow(headers)
    for row in rows:
        writer.writerow(_cells(row))
        if buffer.tell() > 32_768:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _xlsx(name: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    import tablib

    data = tablib.Dataset(headers=list(headers), title=name[:31])
    for number, row in enumerate(rows, 1):
        if number > MAX_WORKBOOK_ROWS:
            raise TooLarge(
                _("A workbook holds at most %(most)s rows here. Narrow the filter, or take CSV.")
                % {"most": f"{MAX_WORKBOOK_ROWS:,}"}
            )
        data.append([float(value) if isinstance(value, Decimal) else value for value in _cells(row)])
    content: bytes = data.export("xlsx", freeze_panes=True)
    return content


def read(content: bytes, *, required: Sequence[str], optional: Sequence[str] = ()) -> list[Line]:
    """Return the lines of a CSV file or of the first sheet of a workbook, whichever it is; see ``read_csv``."""
    reading = read_xlsx if content.startswith(b"PK\x03\x04") else read_csv
    return reading(content, required=required, optional=optional)


def read_xlsx(content: bytes, *, required: Sequence[str], optional: Sequence[str] = ()) -> list[Line]:
    """Return the lines of a workbook's first sheet by their headers; formulas count as what they last gave.

    Raises UnreadableSheet, naming the line where there is one.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableSheet(_("The file is larger than %(most)d MB.") % {"most": MAX_BYTES // 1024 // 1024})
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise UnreadableSheet(_("The workbook is too large once it is unpacked. Save it as CSV."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        headers = _headers([_typed(value) for value in next(rows, ())], required, optional)
        lines: list[Line] = []
        for number, row in enumerate(rows, 2):
            cells = [_typed(value) for value in row[: len(headers)]]
            if not any(cells):
                continue
            if len(lines) >= MAX_ROWS:
                raise UnreadableSheet(_("The file has more than %(most)s rows. Split it.") % {"most": f"{MAX_ROWS:,}"})
            cells += [""] * (len(headers) - len(cells))
            lines.append(Line(number=number, cells=dict(zip(headers, map(original, cells), strict=True))))
    except UnreadableSheet:
        raise
    except Exception as error:  # openpyxl raises whatever its XML and ZIP readers do
        raise UnreadableSheet(_("The file can't be read as a workbook. Save it as XLSX or CSV again.")) from error
    return lines


def _typed(value: object) -> str:
    """Return a cell as a person reads it: a whole number without decimals, a moment in ISO form."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime) else str(value).strip()


def read_csv(
    content: bytes, *, required: Sequence[str], optional: Sequence[str] = (), broken: dict[int, str] | None = None
) -> list[Line]:
    """Return the lines of a CSV file by their headers, which may stand in any order and case.

    UTF-8 with or without a byte-order mark; comma, semicolon or tab between cells. Empty lines are left out.
    Raises UnreadableSheet, naming the line where there is one. A line with too many or too few cells is refused too,
    unless there is ``broken`` to note it in: a sentence by line.
    """
    text = _decoded(content)
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lines: list[Line] = []
    try:
        headers = _headers(next(reader, []), required, optional)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(lines) >= MAX_ROWS:
                raise UnreadableSheet(_("The file has more than %(most)s rows. Split it.") % {"most": f"{MAX_ROWS:,}"})
            if len(cells) != len(headers):
                words = _("Line %(line)d has %(found)d cells, the header has %(wanted)d.")
                words %= {"line": reader.line_num, "found": len(cells), "wanted": len(headers)}
                if broken is None:
                    raise UnreadableSheet(words)
                broken[reader.line_num] = words
                continue
            values = {name: original(cell.strip()) for name, cell in zip(headers, cells, strict=True)}
            lines.append(Line(number=reader.line_num, cells=values))
    except csv.Error as error:
        raise UnreadableSheet(
            _("Line %(line)d can't be read as CSV: %(why)s.") % {"line": reader.line_num, "why": error}
        ) from error
    return lines


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise UnreadableSheet(_("The file is larger than %(most)d MB.") % {"most": MAX_BYTES // 1024 // 1024})
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableSheet(
            _("Line %(line)d is not UTF-8. Save the file as “CSV UTF-8” and try again.") % {"line": line}
        ) from error
    if "\x00" in text:
        raise UnreadableSheet(_("The file is no text. Save it as “CSV UTF-8” and try again."))
    if not text.strip():
        raise UnreadableSheet(_("The file is empty."))
    return text


def _headers(found: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    names = [original(name.strip()).casefold() for name in found]
    known = [*required, *optional]
    missing = [name for name in required if name not in names]
    unknown = [name for name in names if name not in known]
    twice = sorted({name for name in names if names.count(name) > 1})
    wanted = _("The first line should be: %(headers)s.") % {"headers": ", ".join(known)}
    if missing:
        raise UnreadableSheet(_("Missing columns: %(names)s.") % {"names": ", ".join(missing)} + " " + wanted)
    if unknown:
        raise UnreadableSheet(_("Unknown columns: %(names)s.") % {"names": ", ".join(unknown)} + " " + wanted)
    if twice:
        raise UnreadableSheet(_("Columns that stand twice: %(names)s.") % {"names": ", ".join(twice)})
    return names
