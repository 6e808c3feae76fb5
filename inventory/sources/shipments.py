"""What has left a warehouse is counted once, whoever tells it: the warehouse, the channel, a caller of the API.

Confirmations are facts and are kept as they came. What they come to for an order is worked out anew from all of them:
in each warehouse the most that any one reporter has told, for several may speak of one parcel. ``booking`` then brings
the order's reservation there: on hand and reserved fall together. Units for no order that we know leave on hand alone,
*loose*, until the order turns up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from inventory import booking, bundles, codes, ledger
from inventory.booking import Level
from inventory.ledger import Entry
from inventory.models import FormerCode, Movement, Reservation, ReservationLine, Sku, Warehouse
from inventory.sources import mapping
from inventory.sources.contract import ReportedShipment
from inventory.sources.models import ExternalShipment, ExternalShipmentLine, Source, SourceLocation
from inventory.sources.numbers import in_our_clock, storable

MATCHED_FOR = timedelta(days=30)  # how long a shipment waits for its order to turn up
MATCHED_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Units of one SKU, by its code. Without a ``warehouse``: from where the order's units are reserved."""

    line_ref: str
    sku: str
    units: int
    warehouse: Warehouse | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """That units were picked or shipped, as ``reporter`` tells it under its own ``ref``."""

    reporter: str
    ref: str
    order_ref: str
    happened_at: datetime
    lines: tuple[Line, ...]
    kind: ExternalShipment.Kind = ExternalShipment.Kind.SHIPPED
    is_cancelled: bool = False
    source: Source | None = None
    location_ref: str = ""  # the source's place, for lines that name no warehouse


@dataclass(slots=True, kw_only=True)
class Counted:
    """What taking confirmations came to: the SKUs that moved, and sentences on what could not be counted."""

    sku_ids: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def take(source: Source, reported: Iterable[ReportedShipment], *, now: datetime, is_dated: bool) -> Counted:
    """Count what a source reports; what is known already changes nothing. Without exact times it happens ``now``."""
    counted = Counted()
    for each in reported:
        confirmation = Confirmation(
            reporter=f"source:{source.pk}",
            source=source,
            ref=each.ref,
            order_ref=each.order_ref,
            location_ref=each.location_ref,
            kind=ExternalShipment.Kind(each.kind),
            is_cancelled=each.is_cancelled,
            happened_at=_moment(source, each.happened_at, now=now) if is_dated else now,
            lines=tuple(
                Line(line_ref=line.line_ref, sku=line.sku, units=line.units, problem=line.problem)
                for line in each.lines
            ),
        )
        one = confirm(confirmation, actor=source.actor, now=now)
        counted.sku_ids |= one.sku_ids
        counted.problems += one.problems
    return counted


def _moment(source: Source, told: datetime | None, *, now: datetime) -> datetime:
    """Return when it happened by our clock; nothing happens later than we hear of it."""
    return now if told is None else min(in_our_clock(told, source.skew_seconds), now)


@transaction.atomic
def confirm(confirmation: Confirmation, *, actor: str, now: datetime) -> Counted:
    """Keep one confirmation and bring its order to what all confirmations say now.

    The same line of the same shipment counts once, however often it is told; a cancelled shipment stays cancelled.
    """
    order_ref = booking.plain_number(storable(confirmation.order_ref, 200))
    shipment, _created = ExternalShipment.objects.select_for_update().get_or_create(
        reporter=confirmation.reporter,
        kind=confirmation.kind,
        ref=storable(confirmation.ref, 200),
        defaults={
            "source": confirmation.source,
            "order_ref": order_ref,
            "location_ref": storable(confirmation.location_ref, 200),
            "happened_at": confirmation.happened_at,
            "received_at": now,
        },
    )
    known = set(shipment.lines.values_list("line_ref", flat=True))
    fresh = [line for line in _told_apart(confirmation.lines) if line.line_ref not in known]
    is_news = bool(fresh)
    if confirmation.is_cancelled and shipment.state != ExternalShipment.State.CANCELLED:
        shipment.state = ExternalShipment.State.CANCELLED
        is_news = True
    if not is_news:
        return Counted()
    if order_ref and not shipment.order_ref:
        shipment.order_ref = order_ref
    ExternalShipmentLine.objects.bulk_create(
        ExternalShipmentLine(
            shipment=shipment,
            line_ref=line.line_ref,
            sku_code=storable(line.sku, 200),
            warehouse=line.warehouse,
            units=line.units,
            is_unusable=bool(line.problem),
            problem=storable(line.problem, 300),
        )
        for line in fresh
    )
    shipment.save()
    return _account(shipment, actor=actor, now=now)


def _told_apart(lines: Sequence[Line]) -> list[Line]:
    """Return the lines under the ids that they are kept by. One whose id another has had does not count."""
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        ref = storable(line.line_ref, 200)
        seen[ref] += 1
        if seen[ref] > 1:
            problem = line.problem or _("Another line of the shipment has the same id, %(id)s.") % {"id": ref[:100]}
            found.append(replace(line, line_ref=f"{ref[:180]}#{seen[ref]}", problem=problem))
        else:
            found.append(replace(line, line_ref=ref))
    return found


def match_waiting(*, now: datetime) -> int:
    """Count what had to wait for its order, for a SKU or for a mapping that is there by now; return how many did."""
    since = now - MATCHED_FOR
    recent = ExternalShipment.objects.filter(received_at__gt=since, state=ExternalShipment.State.CONFIRMED)
    orders = Reservation.objects.filter(number=OuterRef("order_ref")).exclude(number="")
    lines = ExternalShipmentLine.objects.filter(shipment=OuterRef("pk"))
    mapped = SourceLocation.objects.filter(source=OuterRef("source"), ref=OuterRef("location_ref"))
    mapped = mapped.exclude(warehouse=None)
    has_sku = Exists(Sku.objects.filter(code=OuterRef("sku_code"))) | Exists(
        FormerCode.objects.filter(code=OuterRef("sku_code"))
    )
    asked_for = ReservationLine.objects.filter(
        reservation_id=OuterRef("shipment__reservation_id"), sku_id=OuterRef("sku_id")
    )
    waiting = recent.filter(
        Q(reservation=None, problem="") & Exists(orders)
        | Exists(lines.filter(sku=None).filter(has_sku))
        | Exists(lines.filter(warehouse=None, is_split=False)) & Exists(mapped)
        | Exists(lines.filter(loose__gt=0, shipment__reservation__isnull=False).filter(Exists(asked_for)))
    )
    found = 0
    for pk in waiting.order_by("pk").values_list("pk", flat=True)[:MATCHED_AT_ONCE]:
        with transaction.atomic():
            shipment = ExternalShipment.objects.select_for_update().get(pk=pk)
            actor = shipment.source.actor if shipment.source is not None else shipment.reporter
            _account(shipment, actor=actor, now=now)
            found += 1
    return found


def _account(shipment: ExternalShipment, *, actor: str, now: datetime) -> Counted:
    """Bring the ledger to what all confirmations of the shipment's order come to."""
    _recognise(shipment)
    if shipment.reservation_id is None:
        _find_order(shipment)
    reservation = None
    family = ExternalShipment.objects.filter(pk=shipment.pk)
    if shipment.reservation_id is not None:
        reservation = Reservation.objects.select_for_update().get(pk=shipment.reservation_id)
        family = ExternalShipment.objects.filter(reservation=reservation)
    elif shipment.order_ref:
        family = ExternalShipment.objects.filter(order_ref=shipment.order_ref, reservation=None)
    lines = list(
        ExternalShipmentLine.objects.filter(shipment__in=family, sku__isnull=False, is_split=False)
        .select_related("shipment__source")
        .order_by("pk")
    )
    _place(lines, reservation)
    asked_for = _asked_for(reservation)
    sums = _sums(lines)
    confirmed = {level: units for level, units in sums.items() if level[0] in asked_for}
    moved = _loosen(lines, asked_for, actor=actor, now=now, occurred_at=shipment.happened_at)
    if reservation is not None:
        booking.settle(reservation, confirmed=confirmed, actor=actor, now=now, occurred_at=shipment.happened_at)
        shipment.problem = _too_many(reservation, confirmed)
        shipment.save(update_fields=["problem"])
    problems = list(shipment.lines.exclude(problem="").values_list("problem", flat=True))
    own = {line.sku_id for line in lines if line.shipment_id == shipment.pk and line.sku_id is not None}
    return Counted(sku_ids=own | moved, problems=[*problems, *([shipment.problem] if shipment.problem else [])])


def _recognise(shipment: ExternalShipment) -> None:
    """Give lines the SKU and the warehouse that they name, where we know them by now, or say what lacks."""
    warehouse_id = None
    if shipment.location_ref and shipment.source is not None:
        warehouse = mapping.warehouses(shipment.source).get(shipment.location_ref)
        warehouse_id = warehouse.pk if warehouse is not None else None
    for line in shipment.lines.filter(is_unusable=False, is_split=False).filter(Q(sku=None) | Q(warehouse=None)):
        line.sku = line.sku or codes.sku_named(line.sku_code)
        line.warehouse_id = line.warehouse_id or warehouse_id
        line.problem = ""
        if line.sku is None:
            line.problem = _("No SKU of yours has the code %(code)s: create it, and this counts.")
            line.problem = (line.problem % {"code": line.sku_code})[:300]
        elif shipment.location_ref and line.warehouse_id is None:
            line.problem = _("%(location)s is no warehouse of yours: map it, and this counts.")
            line.problem = (line.problem % {"location": shipment.location_ref})[:300]
        line.save()
    for line in shipment.lines.filter(is_split=False, sku__is_bundle=True).select_related("sku"):
        _split(line)


def _split(line: ExternalShipmentLine) -> None:
    """Have a bundle counted as what it is made of now; what it is made of later does not change it."""
    if line.sku is None:
        return
    ExternalShipmentLine.objects.filter(pk=line.pk).update(is_split=True, problem="")
    ExternalShipmentLine.objects.bulk_create(
        ExternalShipmentLine(
            shipment_id=line.shipment_id,
            line_ref=f"{line.line_ref[:180]}/{component.pk}",
            sku_code=component.code,
            sku=component,
            warehouse_id=line.warehouse_id,
            units=line.units * units,
            problem=line.problem,
        )
        for component, units in bundles.taken_apart(line.sku).items()
    )


def _find_order(shipment: ExternalShipment) -> None:
    """Set the reservation that the shipment's order reference names; a doubtful one is left to a person."""
    ref = shipment.order_ref
    if not ref:
        return
    skus = set(shipment.lines.exclude(sku=None).values_list("sku_id", flat=True))
    found = list(Reservation.objects.filter(Q(number=ref) | Q(key=ref)).exclude(key__startswith="source:")[:10])
    if len(found) > 1:
        fitting = ReservationLine.objects.filter(reservation__in=found, sku_id__in=skus)
        ids = set(fitting.values_list("reservation_id", flat=True))
        found = [each for each in found if each.pk in ids]
        open_ones = [each for each in found if each.state == Reservation.State.OPEN]
        found = open_ones if len(open_ones) == 1 else found
    problem = ""
    if len(found) == 1:
        shipment.reservation = found[0]
    elif found:
        names = ", ".join(sorted(each.reference or each.key for each in found))
        problem = _("Several orders are called %(ref)s: %(names)s. Have the warehouse send the order's key instead.")
        problem %= {"ref": ref, "names": names}
    shipment.problem = problem[:500]
    shipment.save(update_fields=["reservation", "problem"])


def _place(lines: Sequence[ExternalShipmentLine], reservation: Reservation | None) -> None:
    """Give lines that name no place a warehouse: where the order's units are, among those the source speaks for."""
    for line in lines:
        if line.warehouse_id is not None or line.problem:
            continue
        source = line.shipment.source
        own: list[int] = []
        if source is not None:
            mapped = source.locations.exclude(warehouse=None).order_by("position", "pk")
            own = list(dict.fromkeys(mapped.values_list("warehouse_id", flat=True)))
        held: list[int] = []
        if reservation is not None and line.sku_id is not None:
            places = reservation.lines.filter(sku_id=line.sku_id).order_by("pk")
            held = list(places.values_list("warehouse_id", flat=True))
        choices = [place for place in held if place in own or not own] or own or held
        if not choices:
            choices = list(Warehouse.objects.order_by("priority", "code").values_list("pk", flat=True)[:1])
        if choices:
            line.warehouse_id = choices[0]
            line.save(update_fields=["warehouse"])


def _asked_for(reservation: Reservation | None) -> set[int]:
    """Return the SKUs that the order's booked lines ask for."""
    if reservation is None:
        return set()
    told = {sku_id for _ref, sku_id, _sold, _shipped in reservation.told or ()}
    merged = codes.merged_among(told)
    return {merged.get(sku_id, sku_id) for sku_id in told} | set(reservation.lines.values_list("sku_id", flat=True))


def _counts(line: ExternalShipmentLine, *, picks: bool) -> bool:
    shipment = line.shipment
    if shipment.state != ExternalShipment.State.CONFIRMED or line.warehouse_id is None or line.problem:
        return False
    if shipment.kind == ExternalShipment.Kind.SHIPPED:
        return True
    return picks and shipment.source is not None and shipment.source.counts_picks


def _sums(lines: Sequence[ExternalShipmentLine]) -> dict[Level, int]:
    """Return the units that have left, by SKU and warehouse: the most that any one reporter tells.

    A reporter's picks and shipments are the same units at two moments, so of those too the larger sum counts.
    """
    told: dict[Level, dict[tuple[str, str], int]] = {}
    for line in lines:
        if line.sku_id is not None and line.warehouse_id is not None and _counts(line, picks=True):
            by_reporter = told.setdefault((line.sku_id, line.warehouse_id), {})
            teller = (line.shipment.reporter, line.shipment.kind)
            by_reporter[teller] = by_reporter.get(teller, 0) + line.units
    return {level: max(by_reporter.values()) for level, by_reporter in told.items()}


def _loosen(
    lines: Sequence[ExternalShipmentLine], asked_for: set[int], *, actor: str, now: datetime, occurred_at: datetime
) -> set[int]:
    """Take units off on hand that left for no order we know, or give them back where the order has turned up.

    Picks never count here: without an order there is nothing that they could be picked for.
    """
    told: dict[Level, dict[str, int]] = {}
    for line in lines:
        if line.sku_id is not None and line.warehouse_id is not None and _counts(line, picks=False):
            by_reporter = told.setdefault((line.sku_id, line.warehouse_id), {})
            by_reporter[line.shipment.reporter] = by_reporter.get(line.shipment.reporter, 0) + line.units
    tellers = {level: max(by, key=lambda teller: (by[teller], teller)) for level, by in told.items()}
    entries: list[Entry] = []
    for line in lines:
        if line.sku_id is None or line.warehouse_id is None:
            continue
        is_loose = (
            line.sku_id not in asked_for
            and _counts(line, picks=False)
            and tellers[line.sku_id, line.warehouse_id] == line.shipment.reporter
        )
        more = (line.units if is_loose else 0) - line.loose
        if more == 0:
            continue
        line.loose += more
        line.revision += 1
        line.save(update_fields=["loose", "revision"])
        entries.append(
            Entry(
                key=f"shipment:{line.shipment_id}:{line.pk}:r{line.revision}",
                sku_id=line.sku_id,
                warehouse_id=line.warehouse_id,
                kind=Movement.Kind.FULFIL if more > 0 else Movement.Kind.RETURN,
                on_hand=-more,
            )
        )
    ledger.post(entries, actor=actor, now=now, occurred_at=occurred_at, reason=_("Shipped for no order known here."))
    return {entry.sku_id for entry in entries}


def _too_many(reservation: Reservation, confirmed: dict[Level, int]) -> str:
    """Return a sentence where more has left than was ordered."""
    sold: dict[int, int] = {}
    for _ref, sku_id, units, _shipped in reservation.told or ():
        sold[sku_id] = sold.get(sku_id, 0) + units
    left: dict[int, int] = {}
    for (sku_id, _warehouse), units in confirmed.items():
        left[sku_id] = left.get(sku_id, 0) + units
    over = [sku_id for sku_id, units in left.items() if units > sold.get(sku_id, 0)]
    if not over:
        return ""
    codes = ", ".join(Sku.objects.filter(pk__in=over).order_by("code").values_list("code", flat=True))
    return (_("More was shipped than ordered: %(codes)s. On hand follows what was shipped.") % {"codes": codes})[:500]
