"""The end-of-day file of a shop: every line is booked once, whether or not the till has sent it before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from inventory.errors import KeptElsewhere
from inventory.models import Warehouse
from inventory.shops import reading, selling
from inventory.shops.reading import BadLine
from inventory.shops.selling import Status, Taken, Told

SHOWN = 100  # refused lines that the report names


@dataclass(slots=True)
class Report:
    """What a file brought: lines by what became of them, and those that could not be taken, with their numbers."""

    booked: int = 0
    repeated: int = 0
    waiting: int = 0
    voided: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)

    def count(self, number: int, taken: Taken) -> None:
        if taken.status == Status.CONFLICT:
            self.refused.append((number, taken.problem))
        elif taken.is_repeat:
            self.repeated += 1
        elif taken.status == Status.WAITING:
            self.waiting += 1
        elif taken.status == Status.VOIDED:
            self.voided += 1
        else:
            self.booked += 1


def take(content: bytes, *, shop: Warehouse, actor: str, now: datetime) -> Report:
    """Book the lines of a file; a line without a location belongs to ``shop``. A bad line costs that line alone.

    Raises UnreadableSheet, having booked nothing, for a file that can't be read as a whole.
    """
    lines = reading.read_file(content)
    places = reading.shops_by_code({line.cells.get("location", "") for line in lines} - {""})
    report = Report()
    groups: dict[tuple[int, str], list[tuple[int, Told]]] = {}
    shops = {shop.pk: shop}
    for line in lines:
        code = line.cells.get("location", "")
        place = places.get(code) if code else shop
        if place is None:
            report.refused.append((line.number, _("No warehouse has the code “%s”.") % code[:50]))
            continue
        shops[place.pk] = place
        try:
            item = reading.from_cells(line.cells, now=now)
        except BadLine as error:
            report.refused.append((line.number, str(error)))
            continue
        groups.setdefault((place.pk, line.cells.get("till", "")), []).append((line.number, item))
    for (place_id, till), items in groups.items():
        try:
            taken = selling.take(
                [item for _n, item in items], warehouse=shops[place_id], till=till, actor=actor, now=now
            )
        except KeptElsewhere as error:
            report.refused += [(number, str(error)) for number, _item in items]
            continue
        for (number, _item), one in zip(items, taken, strict=True):
            report.count(number, one)
    report.refused.sort()
    return report
