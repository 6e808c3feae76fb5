"""What tills send, as JSON or as a file, turned into lines; what one line gets wrong costs that line alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from inventory.models import MAX_UNITS, Warehouse
from inventory.sheets import Line, read_csv
from inventory.shops import selling
from inventory.shops.selling import Told, Verb

COLUMNS = ("sale_id", "occurred_at", "line_id", "quantity")
MORE_COLUMNS = ("location", "sku", "barcode", "kind", "sellable", "till")
ID_LENGTH, CODE_LENGTH, TILL_LENGTH = 100, 200, 60
_TRUE, _FALSE = {"", "1", "true", "yes"}, {"0", "false", "no"}


class BadLine(Exception):
    """A line can't be understood; ``problems`` says of each field why."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {words}" for field, words in problems.items()))
        self.problems = dict(problems)


def told(
    *,
    sale_id: str,
    line_id: str,
    occurred_at: datetime,
    now: datetime,
    quantity: int | None,
    kind: str = Verb.SALE,
    sku: str = "",
    barcode: str = "",
    is_sellable: bool = True,
) -> Told:
    """Return the line, or raise BadLine. A quantity below zero is a void, and so needs no code."""
    problems: dict[str, str] = {}
    if not 1 <= len(line_id) <= ID_LENGTH:
        problems["line_id"] = _("Send 1 to %d characters.") % ID_LENGTH
    if kind not in list(Verb):
        problems["kind"] = _("Send sale, return or void.")
    verb = Verb.VOID if kind == Verb.VOID or (quantity or 0) < 0 else kind
    if quantity is not None and abs(quantity) > MAX_UNITS:
        problems["quantity"] = _("Send at most %d.") % MAX_UNITS
    if verb != Verb.VOID:
        if not quantity and "quantity" not in problems:
            problems["quantity"] = _("Send a whole number other than 0.")
        if bool(sku) == bool(barcode):
            problems["sku"] = _("Send the SKU's code or its barcode, one of the two.")
        elif len(sku or barcode) > CODE_LENGTH:
            problems["sku" if sku else "barcode"] = _("Send at most %d characters.") % CODE_LENGTH
    if problems:
        raise BadLine(problems)
    moment, note = selling.believable(occurred_at, now=now)
    return Told(
        sale_id=sale_id,
        line_id=line_id,
        verb=Verb(verb),
        occurred_at=moment,
        code=sku or barcode,
        is_barcode=bool(barcode),
        units=abs(quantity or 0),
        is_sellable=is_sellable,
        note=note,
    )


def read_file(content: bytes) -> list[Line]:
    """Return the lines of an end-of-day CSV. Raises UnreadableSheet for a file that is none or lacks a column."""
    return read_csv(content, required=COLUMNS, optional=MORE_COLUMNS)


def from_cells(cells: Mapping[str, str], *, now: datetime) -> Told:
    """Return the line that stands in a row of a file. Raises BadLine. A time without a zone is UTC."""
    problems: dict[str, str] = {}
    quantity = cells["quantity"]
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", quantity):
        problems["quantity"] = _("“%s” is no whole number.") % quantity[:40]
    try:
        moment = parse_datetime(cells["occurred_at"])
    except ValueError:
        moment = None
    if moment is None:
        problems["occurred_at"] = _("“%s” is no time such as 2026-11-21T09:30:00Z.") % cells["occurred_at"][:40]
    sellable = cells.get("sellable", "").casefold()
    if sellable not in _TRUE | _FALSE:
        problems["sellable"] = _("Send yes or no.")
    if not 1 <= len(cells["sale_id"]) <= ID_LENGTH:
        problems["sale_id"] = _("Send 1 to %d characters.") % ID_LENGTH
    if len(cells.get("till", "")) > TILL_LENGTH:
        problems["till"] = _("Send at most %d characters.") % TILL_LENGTH
    if problems or moment is None:
        raise BadLine(problems)
    return told(
        sale_id=cells["sale_id"],
        line_id=cells["line_id"],
        occurred_at=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        now=now,
        quantity=int(quantity),
        kind=cells.get("kind", "").casefold() or Verb.SALE,
        sku=cells.get("sku", ""),
        barcode=cells.get("barcode", ""),
        is_sellable=sellable in _TRUE,
    )


def shops_by_code(codes: set[str]) -> dict[str, Warehouse]:
    return Warehouse.objects.in_bulk(codes, field_name="code")
