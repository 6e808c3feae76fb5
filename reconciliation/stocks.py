"""Stock sources in the queue: what a warehouse system counts, beside what the ledger had at that moment.

Sources are read and compared by ``inventory.sources``, as of each reading's own time. What they leave to a person
because it is beyond the tolerance becomes a discrepancy here; one that a later reading finds in order heals.
"""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from channels.readings import Reading as Numbers
from inventory import formats
from inventory.sources import comparing
from inventory.sources.models import Pull, Reading, Source
from reconciliation import queue
from reconciliation.models import Cause, Discrepancy, Run, Tolerance, Verb
from reconciliation.queue import Diagnosis


def tolerance(source: Source, sku_id: int) -> tuple[int, int] | None:
    """Return the units and percent that a SKU's own tolerance allows; None leaves it to the source's.

    A source knows no direction that is harmless, so of the two of a SKU the narrower one counts.
    """
    row = Tolerance.objects.filter(sku=sku_id).first()
    if row is None:
        return None
    units = [value for value in (row.over_units, row.under_units) if value is not None]
    percents = [value for value in (row.over_percent, row.under_percent) if value is not None]
    if not units and not percents:
        return None
    return min(units, default=0), min(percents, default=0)


def follow(pull: Pull) -> None:
    """Bring the queue to what an applied pull says: what it flags is shown, what it finds in order has healed."""
    source, now = pull.source, timezone.now()
    live = Discrepancy.objects.live().filter(kind=Run.Kind.SOURCE, source_ref=source.lane)
    flagged = source.readings.filter(outcome=Reading.Outcome.FLAGGED)
    still: set[tuple[int, int]] = set()
    for reading in flagged.select_related("sku", "warehouse").order_by("pk"):
        still.add((reading.sku_id, reading.warehouse_id))
        queue.show_level(source, reading, diagnose(source, reading), now=now)
    over = [pk for pk, *place in live.values_list("pk", "sku_id", "warehouse_id") if tuple(place) not in still]
    if over:
        queue.close(Discrepancy.objects.live().filter(pk__in=over), now=now)


def diagnose(source: Source, reading: Reading) -> Diagnosis:
    """Return what is known of a difference: no channel's cause fits, so the two counts speak for themselves."""
    sentence = _("%(source)s counted %(reported)s at %(at)s UTC; the ledger had %(expected)s on hand then.")
    words = {
        "source": source.name,
        "reported": formats.units(reading.on_hand),
        "at": f"{reading.as_of:%Y-%m-%d %H:%M}",
        "expected": formats.units(reading.expected),
    }
    return Diagnosis(
        cause=Cause.UNKNOWN,
        evidence=({"kind": "source", "id": source.pk, "sentence": sentence % words},),
        proposal=Verb.RECOUNT,
        proposal_reason=_("It is more than the tolerance: count before one of the two is believed."),
    )


def reading_of(row: Discrepancy) -> Reading | None:
    """Return the source's last word on the discrepancy's place; None where it says nothing of it any more."""
    _kind, _mark, number = row.source_ref.partition(":")
    if not number.isdecimal():
        return None
    found: Reading | None = (
        Reading.objects.filter(
            source=int(number), source__disconnected_at=None, sku=row.sku_id, warehouse=row.warehouse_id
        )
        .select_related("source")
        .first()
    )
    return found


def numbers_of(reading: Reading) -> Numbers:
    """Return a reading beside the ledger as of its moment, worked out anew: what has moved since stays moved."""
    difference = comparing.difference_now(reading)
    return Numbers(quantity=reading.on_hand, accounted=reading.on_hand - difference, version=0)
