"""How a person wants a list drawn: which columns, how dense; and the list as a file.

The address says it, so that a link shows what was seen; what was chosen last is remembered for the session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.text import slugify
from django_tables2.rows import BoundRows

from inventory import sheets

if TYPE_CHECKING:
    from inventory.tables import ListTable

COLUMNS = "columns"
DENSITY = "density"
EXPORT = "export"
COMPACT = "compact"
CHUNK = 2000  # rows read at once for a file


@dataclass(frozen=True, slots=True)
class Choice:
    """One column that a person may hide."""

    name: str
    header: str
    is_shown: bool


def apply(request: HttpRequest, table: ListTable) -> None:
    """Hide the columns and set the density that the address, or else the session, asks for."""
    optional = [
        column.name
        for column in table.columns
        if column.name != table.row_header and strip_tags(str(column.header)).strip()
    ]
    key = f"look:{type(table).__name__}"
    if COLUMNS in request.GET:
        wanted = set(request.GET.getlist(COLUMNS))
        look = {
            "hidden": [name for name in optional if name not in wanted],
            "density": COMPACT if request.GET.get(DENSITY) == COMPACT else "",
        }
        if request.session.get(key) != look:
            request.session[key] = look
    else:
        look = request.session.get(key, {})
    hidden = set(look.get("hidden", ()))
    for name in optional:
        if name in hidden:
            table.columns.hide(name)
    table.is_compact = look.get("density") == COMPACT
    table.choices = [Choice(name, strip_tags(str(table.columns[name].header)), name not in hidden) for name in optional]


def as_file(request: HttpRequest, table: ListTable) -> HttpResponseBase | None:
    """Answer with the rows of ``table`` as CSV or XLSX if the address asks for one; else None.

    Exactly what the filter lets through, all pages of it, with the columns that are shown.
    """
    kind = request.GET.get(EXPORT, "")
    if kind not in ("csv", "xlsx"):
        return None
    name = f"{slugify(str(table.caption)) or 'list'}-{timezone.localdate():%Y-%m-%d}"
    columns = [column for column in table.columns if strip_tags(str(column.header)).strip()]
    headers = [strip_tags(str(column.header)).strip() for column in columns]
    try:
        return sheets.answer(name, kind, headers, _cells(table, [column.name for column in columns]))
    except sheets.TooLarge as problem:
        messages.error(request, str(problem))
        query = request.GET.copy()
        query.pop(EXPORT)
        return redirect(f"{request.path}?{query.urlencode()}")


def _cells(table: ListTable, columns: list[str]) -> Iterator[list[sheets.Cell]]:
    data: Any = table.data.data
    rows = data.iterator(chunk_size=CHUNK) if isinstance(data, QuerySet) else data
    for row in BoundRows(rows, table=table):
        yield [_cell(row.get_cell_value(name)) for name in columns]


def _cell(value: object) -> sheets.Cell:
    if value is None or isinstance(value, int | Decimal | datetime):
        return value
    return re.sub(r"\s+", " ", str(value)).strip()
