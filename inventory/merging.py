"""Merging SKUs: one that was counted under two codes is counted under one from now on. Here is what the ledger holds.

Nothing of the past is rewritten: the merged SKU keeps its movements, and what it holds is carried over by new ones.
``reconciliation.merging`` does the whole, in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from inventory import ledger
from inventory.ledger import Entry
from inventory.models import (
    BundleComponent,
    CountBatch,
    FormerCode,
    Movement,
    Reservation,
    ReservationLine,
    Sku,
    StockLevel,
    Warehouse,
)


class CannotMerge(ValidationError):
    """The two can't become one; the message says why, and what would help."""


class MovedMeanwhile(Exception):
    """A promise was made between two locks: what was to be moved is to be looked up anew."""


def obstacles(sku: Sku, into: Sku) -> list[str]:
    """Return why ``sku`` can't be merged into ``into``, a sentence each; none: it can."""
    if sku.pk == into.pk:
        return [_("A SKU can't be merged into itself.")]
    found = [*_states(sku, into), *_bundles(sku, into)]
    batch = _waiting_batch([sku.pk, into.pk])
    if batch is not None:
        words = _("“%(batch)s” is a count that waits for you and counts one of them: take it or discard it first.")
        found.append(words % {"batch": batch.name})
    return found


def _states(sku: Sku, into: Sku) -> list[str]:
    found = []
    for each in (sku, into):
        if each.merged_into is not None:
            words = _("%(sku)s has been merged into %(into)s already.")
            found.append(words % {"sku": each.code, "into": each.merged_into.code})
        elif each.archived_at is not None:
            found.append(_("%(sku)s is archived: unarchive it first.") % {"sku": each.code})
    if sku.is_sandbox != into.is_sandbox:
        found.append(_("The sandbox is kept apart: its SKUs are merged only with each other."))
    return found


def _bundles(sku: Sku, into: Sku) -> list[str]:
    """A bundle holds no stock and is part of none, so it can only become another bundle."""
    if sku.is_bundle == into.is_bundle:
        return []
    bundle, plain = (sku, into) if sku.is_bundle else (into, sku)
    if BundleComponent.objects.filter(bundle=bundle, component=plain).exists():
        words = _("%(bundle)s is a bundle of %(part)s: merged, it would contain itself.")
        return [words % {"bundle": bundle.code, "part": plain.code}]
    words = _("%(bundle)s is a bundle and %(plain)s is not: a bundle holds no stock, and bundles are not nested.")
    return [words % {"bundle": bundle.code, "plain": plain.code}]


def _waiting_batch(sku_ids: Sequence[int]) -> CountBatch | None:
    waiting = CountBatch.objects.filter(state__in=[CountBatch.State.PREVIEW, CountBatch.State.TAKING])
    return next((batch for batch in waiting if {line[0] for line in batch.lines} & set(sku_ids)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What the two hold in one warehouse, and the sum of it: on hand, reserved, unsellable; whole units."""

    warehouse: Warehouse
    of_sku: tuple[int, int, int]
    of_into: tuple[int, int, int]

    @property
    def total(self) -> tuple[int, int, int]:
        one, other = self.of_sku, self.of_into
        return (one[0] + other[0], one[1] + other[1], one[2] + other[2])

    @property
    def on_hand(self) -> int:
        return self.total[0]

    @property
    def reserved(self) -> int:
        return self.total[1]

    @property
    def unsellable(self) -> int:
        return self.total[2]

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


def added(sku: Sku, into: Sku) -> list[Added]:
    """Return the stock of both by warehouse, in the order in which warehouses are shown."""
    levels: dict[Warehouse, dict[int, tuple[int, int, int]]] = {}
    rows = StockLevel.objects.filter(sku__in=[sku, into]).select_related("warehouse")
    for level in rows.order_by("warehouse__priority", "warehouse__code", "pk"):
        levels.setdefault(level.warehouse, {})[level.sku_id] = (level.on_hand, level.reserved, level.unsellable)
    nothing = (0, 0, 0)
    return [
        Added(warehouse=place, of_sku=there.get(sku.pk, nothing), of_into=there.get(into.pk, nothing))
        for place, there in levels.items()
    ]


# Doing it: each inside the transaction of the whole ----------------------------------------------------------------


def lock(sku: Sku, into: Sku) -> tuple[Sku, Sku]:
    """Return both as they are now, locked: neither is merged, archived or made a bundle meanwhile."""
    rows = Sku.objects.filter(pk__in=[sku.pk, into.pk]).order_by("pk").select_for_update(no_key=True)
    found = {row.pk: row for row in rows}
    return found[sku.pk], found[into.pk]


def carry(sku: Sku, into: Sku, *, actor: str, now: datetime) -> list[Movement]:
    """Carry the stock and the promises of ``sku`` over to ``into``: out of the one, into the other, in each warehouse.

    Raises MovedMeanwhile where a promise was made while the locks were taken; the caller begins anew.
    """
    promised = Reservation.objects.filter(pk__in=ReservationLine.objects.filter(sku=sku).values("reservation"))
    promised = promised.order_by("pk")
    list(promised.select_for_update(no_key=True).values_list("pk"))
    for warehouse_id in sorted(StockLevel.objects.filter(sku=sku).values_list("warehouse_id", flat=True)):
        ledger.make_level(sku_id=into.pk, warehouse_id=warehouse_id)
    levels = StockLevel.objects.filter(sku__in=[sku, into]).order_by("sku_id", "warehouse_id").select_for_update()
    held = [level for level in levels if level.sku_id == sku.pk]
    # With the levels locked no promise is made any more. Those made since the first look are locked too, but not waited
    # for: who holds one may wait for the levels.
    locked = set(promised.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    if set(ReservationLine.objects.filter(sku=sku).values_list("reservation_id", flat=True)) - locked:
        raise MovedMeanwhile
    _move_promises(sku, into)
    reason = _("%(sku)s was merged into %(into)s.") % {"sku": sku.code, "into": into.code}
    entries = [entry for level in held for entry in _carried(level, into, now=now)]
    movements = ledger.post(entries, actor=actor, now=now, reason=reason[:300])
    # Also where nothing moved: what bundles of it can be made of may have changed.
    ledger.signal([into.pk], now=now)
    return movements


def _carried(level: StockLevel, into: Sku, *, now: datetime) -> list[Entry]:
    if not (level.on_hand or level.reserved or level.unsellable):
        return []
    return [
        Entry(
            key=f"merge:{level.sku_id}:{into.pk}:{now.isoformat()}:{sku_id}:{level.warehouse_id}",
            sku_id=sku_id,
            warehouse_id=level.warehouse_id,
            kind=Movement.Kind.MERGE,
            on_hand=sign * level.on_hand,
            reserved=sign * level.reserved,
            unsellable=sign * level.unsellable,
        )
        for sku_id, sign in ((level.sku_id, -1), (into.pk, 1))
    ]


def _move_promises(sku: Sku, into: Sku) -> None:
    """Have every promise be one of ``into``; two of one line of an order are added up."""
    own, others = ReservationLine.objects.filter(sku=sku), ReservationLine.objects.filter(sku=into)
    twins = {
        (line.reservation_id, line.line_ref, line.warehouse_id): line.pk
        for line in others.filter(reservation__in=own.values("reservation"))
    }
    for line in own.filter(reservation__in=others.values("reservation")):
        twin = twins.get((line.reservation_id, line.line_ref, line.warehouse_id))
        if twin is not None:
            ReservationLine.objects.filter(pk=twin).update(
                reserved=F("reserved") + line.reserved,
                fulfilled=F("fulfilled") + line.fulfilled,
                returned=F("returned") + line.returned,
            )
            ReservationLine.objects.filter(pk=line.pk).delete()
    own.update(sku=into)


def replace_in_bundles(sku: Sku, into: Sku) -> None:
    """Have every bundle that is made of ``sku`` be made of ``into``; what it had of both is added up."""
    own = dict(BundleComponent.objects.filter(component=into).values_list("bundle_id", "pk"))
    for part in BundleComponent.objects.filter(component=sku):
        if part.bundle_id in own:
            BundleComponent.objects.filter(pk=own[part.bundle_id]).update(units=F("units") + part.units)
            part.delete()
    BundleComponent.objects.filter(component=sku).update(component=into)
    BundleComponent.objects.filter(bundle=sku).delete()  # of two bundles the one that stays is what it is


def close(sku: Sku, into: Sku, *, now: datetime) -> None:
    """Have ``sku`` and every code it ever had mean ``into``, and leave it archived."""
    FormerCode.objects.filter(sku=sku).update(sku=into)
    FormerCode.objects.update_or_create(code=sku.code, defaults={"sku": into, "until": now})
    Sku.objects.filter(merged_into=sku).update(merged_into=into)  # one step leads to where a code means
    Sku.objects.filter(pk=sku.pk).update(merged_into=into, archived_at=now, is_bundle=False)
    if not into.barcode and sku.barcode:
        Sku.objects.filter(pk=into.pk).update(barcode=sku.barcode)


def still_holding() -> QuerySet[Sku]:
    """Return the merged SKUs that the ledger was written for after all: by someone who had read them before."""
    held = StockLevel.objects.filter(sku=OuterRef("pk")).exclude(on_hand=0, reserved=0, unsellable=0)
    promised = ReservationLine.objects.filter(sku=OuterRef("pk"))
    return Sku.objects.filter(Exists(held) | Exists(promised), merged_into__isnull=False)
