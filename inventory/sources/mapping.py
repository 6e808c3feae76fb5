"""Which place of a source is which warehouse of ours. A warehouse has one source: two would undo each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from inventory import audit
from inventory.actors import name_of
from inventory.models import Warehouse
from inventory.sources.contract import ReportedLocation
from inventory.sources.models import Source, SourceLocation
from inventory.sources.numbers import storable

IGNORED = "ignored"


class LocationGone(Exception):
    """A location that stands for a warehouse is not listed any more; its stock must not be taken for 0."""


class WarehouseTaken(Exception):
    """Another source speaks for the warehouse already."""


def refresh(source: Source, reported: Sequence[ReportedLocation], *, now: datetime) -> None:
    """Keep the source's locations as it lists them now: names follow, new ones wait for a person, lost ones are marked.

    A mapping stays on its location, however that is renamed.
    """
    known = {location.ref: location for location in source.locations.all()}
    for position, each in enumerate(reported):
        told = {
            "name": storable(each.name, 300),
            "note": storable(each.note, 200),
            "parent_ref": each.parent_ref,
            "position": position,
            "gone_at": None,
        }
        location = known.pop(each.ref, None)
        if location is None:
            SourceLocation.objects.create(source=source, ref=each.ref, **told)
        elif any(getattr(location, name) != value for name, value in told.items()):
            SourceLocation.objects.filter(pk=location.pk).update(**told)
    lost = [location.pk for location in known.values() if location.gone_at is None]
    SourceLocation.objects.filter(pk__in=lost).update(gone_at=now)


def deciding(source: Source) -> dict[str, SourceLocation]:
    """Return, by the ref of each location, the one that decides what it counts as: itself or its nearest parent.

    Locations about which nothing is decided are left out.
    """
    known = {location.ref: location for location in source.locations.select_related("warehouse")}
    found: dict[str, SourceLocation] = {}
    for ref in known:
        seen: set[str] = set()
        at: SourceLocation | None = known[ref]
        while at is not None and at.ref not in seen:
            if at.warehouse_id is not None or at.is_ignored:
                found[ref] = at
                break
            seen.add(at.ref)
            at = known.get(at.parent_ref) if at.parent_ref else None
    return found


def warehouses(source: Source) -> dict[str, Warehouse]:
    """Return the warehouse of each location that counts as one, by ref."""
    return {ref: each.warehouse for ref, each in deciding(source).items() if each.warehouse is not None}


def check(source: Source) -> None:
    """Raise LocationGone when a mapped location is not there any more."""
    gone = source.locations.exclude(gone_at=None).exclude(warehouse=None).first()
    if gone is not None:
        raise LocationGone(
            _("The location %(location)s is not there any more. Map %(warehouse)s to another one, or ignore it.")
            % {"location": gone.name, "warehouse": gone.warehouse}
        )


@transaction.atomic
def set_locations(source: Source, wanted: Mapping[str, Warehouse | str | None], *, actor: str) -> None:
    """Map locations by ref: to a warehouse, to IGNORED, or to None (not decided). Raises WarehouseTaken."""
    warehouses = sorted({each.pk for each in wanted.values() if isinstance(each, Warehouse)})
    # Locked, so that two sources can't take one warehouse at the same time.
    list(Warehouse.objects.select_for_update().filter(pk__in=warehouses).order_by("pk"))
    taken = (
        SourceLocation.objects.filter(warehouse_id__in=warehouses, source__disconnected_at=None)
        .exclude(source=source)
        .select_related("source", "warehouse")
        .first()
    )
    if taken is not None:
        raise WarehouseTaken(
            _("%(source)s speaks for %(warehouse)s already: a warehouse has one source.")
            % {"source": taken.source, "warehouse": taken.warehouse}
        )
    kept = next((each for each in wanted.values() if isinstance(each, Warehouse) and each.kept_by), None)
    if kept is not None:
        raise WarehouseTaken(
            _("%(keeper)s keeps %(warehouse)s: its stock is told from there.")
            % {"keeper": name_of(kept.kept_by), "warehouse": kept}
        )
    before, after = {}, {}
    for location in source.locations.select_related("warehouse"):
        if location.ref not in wanted:
            continue
        choice = wanted[location.ref]
        warehouse = choice if isinstance(choice, Warehouse) else None
        is_ignored = choice == IGNORED
        if (location.warehouse_id, location.is_ignored) == (warehouse.pk if warehouse else None, is_ignored):
            continue
        before[location.name] = location.warehouse.code if location.warehouse else location.is_ignored
        after[location.name] = warehouse.code if warehouse else is_ignored
        SourceLocation.objects.filter(pk=location.pk).update(warehouse=warehouse, is_ignored=is_ignored)
    if after:
        audit.record(actor=actor, action="source.locations", subject=f"source:{source.pk}", before=before, after=after)
