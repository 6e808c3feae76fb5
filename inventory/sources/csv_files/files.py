"""One CSV file of stock: ``sku,location,on_hand[,allocated,unsellable,as_of]``.

A bad header fails the file, a bad line its SKU. SKUs stay text as they stand there: ``00123`` and ``1E5`` are codes,
while a quantity ``1E5`` is what a spreadsheet has made of a number that it could not show.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from inventory import sheets
from inventory.models import Warehouse
from inventory.sheets import Line, UnreadableSheet
from inventory.sources import plans, pulls
from inventory.sources.contract import StockRow
from inventory.sources.models import Pull, Source, SourceLocation
from inventory.sources.numbers import BadValue, moment_of, text_of, units_of
from inventory.sources.registry import capabilities_of

REQUIRED = ("sku", "location", "on_hand")
OPTIONAL = ("allocated", "unsellable", "as_of")


class SameFile(Exception):
    """The same content was taken before, so nothing is to be done."""


class Busy(Exception):
    """Another file of the source is being read at this moment."""


def rows_of(content: bytes, *, as_of: datetime) -> list[StockRow]:
    """Return the rows of a file, each with its problem where it has one; ``as_of`` is for lines that name no moment.

    Raises UnreadableSheet when the file as a whole can't be taken.
    """
    broken: dict[int, str] = {}
    lines = sheets.read_csv(content, required=REQUIRED, optional=OPTIONAL, broken=broken)
    rows = [_row(line, as_of) for line in lines]
    rows += [
        StockRow(row_ref=f"line {number}", item_ref="", sku="", location_ref="", as_of=as_of, problem=sentence)
        for number, sentence in broken.items()
    ]
    if not rows:
        raise UnreadableSheet(_("The file holds no line below its header."))
    return rows


def _row(line: Line, as_of: datetime) -> StockRow:
    cells, problem = line.cells, ""
    sku, location = cells["sku"][:200], cells["location"][:200]
    numbers: dict[str, int | None] = {"on_hand": 0, "allocated": None, "unsellable": None}
    moment = as_of
    try:
        text_of(cells["sku"], what="sku")
        if sku.startswith(("=", "+", "@")):
            raise BadValue(f"the sku “{sku[:40]}” begins like a formula.")
        text_of(cells["location"], what="location")
        for name in numbers:
            if name == "on_hand" or cells.get(name):
                numbers[name] = units_of(cells.get(name), what=name)
        if cells.get("as_of"):
            moment = min(moment_of(cells["as_of"], what="as_of"), as_of)
    except BadValue as error:
        problem = _("Line %(line)d: %(problem)s") % {"line": line.number, "problem": error}
    return StockRow(
        row_ref=f"line {line.number}",
        item_ref=sku,
        sku=sku,
        location_ref=location,
        on_hand=numbers["on_hand"] or 0,
        reserved=numbers["allocated"],
        unsellable=numbers["unsellable"],
        as_of=moment,
        problem=problem,
    )


def digest_of(content: bytes, *, is_full: bool) -> str:
    return hashlib.sha256(content + (b"\0full" if is_full else b"\0partial")).hexdigest()


def stage(
    source: Source,
    content: bytes,
    *,
    name: str,
    is_full: bool,
    trigger: Pull.Trigger,
    actor: str,
    as_of: datetime,
    now: datetime,
) -> tuple[Pull, plans.Plan]:
    """Keep a file's rows as a pull that waits, and return it with what it says. Nothing is changed yet.

    Raises UnreadableSheet, SameFile, Busy.
    """
    digest = digest_of(content, is_full=is_full)
    if source.pulls.filter(file_digest=digest, state__in=[Pull.State.DECIDED, Pull.State.APPLIED]).exists():
        raise SameFile(_("A file with exactly this content was taken before, so nothing is to be done."))
    rows = rows_of(content, as_of=as_of)
    _note_locations(source, {row.location_ref for row in rows if row.location_ref})
    try:
        with transaction.atomic():
            pull = Pull.objects.create(
                source=source,
                trigger=trigger,
                actor=actor,
                is_full=is_full,
                as_of=min(row.as_of or as_of for row in rows),
                file_name=name[-200:],
                file_digest=digest,
                started_at=now,
                touched_at=now,
            )
            pulls.stage(pull, rows, as_of=as_of)
    except IntegrityError:
        raise Busy(_("Another file of this source is being read. Try again in a moment.")) from None
    plan = plans.gather(pull, capabilities_of(source))
    pulls.wait_for_person(pull, plan, now=now, sentence=_("Look at what it would change, then apply it."))
    return pull, plan


def _note_locations(source: Source, refs: set[str]) -> None:
    """Make the locations that files name known; one that is a warehouse's code is that warehouse, if it is free."""
    known = set(source.locations.values_list("ref", flat=True))
    taken = SourceLocation.objects.filter(source__disconnected_at=None).exclude(source=source)
    free = Warehouse.objects.exclude(pk__in=taken.exclude(warehouse=None).values("warehouse_id"))
    by_code = {warehouse.code: warehouse for warehouse in free}
    for position, ref in enumerate(sorted(refs - known)[:200], len(known)):
        SourceLocation.objects.create(source=source, ref=ref, name=ref, position=position, warehouse=by_code.get(ref))
