"""Reading a file of counts: ``sku,on_hand[,warehouse]``. A bad header fails the file, a bad line only itself."""

from __future__ import annotations

from django.utils.translation import gettext as _

from inventory import sheets
from inventory.batches.taking import Counted
from inventory.models import Sku, Warehouse
from inventory.sheets import Line
from inventory.sources.numbers import BadValue, units_of

REQUIRED = ("sku", "on_hand")
OPTIONAL = ("warehouse",)
MAX_LINES = 20_000  # more belongs to a stock source
AT_ONCE = 500


class TooLong(Exception):
    """The file has more lines than one page can take; the message says what to do."""


def read(content: bytes, *, warehouse: Warehouse | None) -> tuple[list[Counted], list[str]]:
    """Return the counts of a CSV file or workbook, and a sentence for each line that can't be used.

    ``warehouse`` is for lines that name none. Raises UnreadableSheet, TooLong.
    """
    lines = sheets.read(content, required=REQUIRED, optional=OPTIONAL)
    if len(lines) > MAX_LINES:
        raise TooLong(
            _("The file has more than %(most)d lines. Split it, or connect it as a stock source.") % {"most": MAX_LINES}
        )
    if not lines:
        raise sheets.UnreadableSheet(_("The file holds no line below its header."))
    skus = _skus(lines)
    warehouses = {each.code: each for each in Warehouse.objects.all()}
    found: dict[tuple[int, int], Counted] = {}
    problems = []
    for line in lines:
        try:
            counted = _counted(line, skus, warehouses, warehouse)
            place = (counted.sku_id, counted.warehouse_id)
            if place in found:
                raise BadValue(_("this SKU stands twice for the same warehouse; its first line counts."))
            found[place] = counted
        except BadValue as error:
            problems.append(_("Line %(line)d: %(problem)s") % {"line": line.number, "problem": error})
    return list(found.values()), problems


def _skus(lines: list[Line]) -> dict[str, Sku]:
    codes = sorted({line.cells["sku"] for line in lines})
    found: dict[str, Sku] = {}
    for start in range(0, len(codes), AT_ONCE):
        rows = Sku.objects.active().filter(code__in=codes[start : start + AT_ONCE])
        found |= {sku.code: sku for sku in rows}
    return found


def _counted(line: Line, skus: dict[str, Sku], warehouses: dict[str, Warehouse], fallback: Warehouse | None) -> Counted:
    code, place = line.cells["sku"], line.cells.get("warehouse", "")
    sku = skus.get(code)
    if sku is None:
        raise BadValue(_("there is no SKU “%(code)s”.") % {"code": code[:60]})
    if sku.is_bundle:
        raise BadValue(_("%(code)s is a bundle: count its components.") % {"code": code})
    warehouse = warehouses.get(place) if place else fallback
    if warehouse is None:
        if place:
            raise BadValue(_("there is no warehouse with the code “%(code)s”.") % {"code": place[:60]})
        raise BadValue(_("it names no warehouse: add a column, or choose one for all lines."))
    if warehouse.kept_by:
        raise BadValue(_("the stock of %(warehouse)s is kept elsewhere.") % {"warehouse": warehouse.name})
    return Counted(sku_id=sku.pk, warehouse_id=warehouse.pk, units=units_of(line.cells["on_hand"], what=_("on_hand")))
