"""Events of sources: verified and stored when they come, worked on afterwards, each once.

What can't be booked for want of a SKU or a mapping is said in sentences; the event then waits for a person, who has it
tried again. Whatever of it counts already does not count twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from inventory import bundles, codes, ledger, operations
from inventory.errors import OWN_FAULTS, KeyConflict, LedgerError
from inventory.ledger import Entry
from inventory.models import Movement, Sku, Warehouse
from inventory.sources import comparing, judging, mapping, plans, pulls, shipments
from inventory.sources.contract import (
    AdjustmentEvent,
    BadPayload,
    BadSignature,
    CountEvent,
    Event,
    HintEvent,
    NoEvent,
    ReturnEvent,
    ShipmentEvent,
    StockSource,
)
from inventory.sources.models import Pull, PulledRow, Reading, Source, SourceEvent
from inventory.sources.numbers import in_our_clock, storable
from inventory.sources.registry import capabilities_of, opened

log = structlog.get_logger(__name__)

AT_ONCE = 50


def accept(source: Source, adapter: StockSource, headers: dict[str, str], body: bytes, *, now: datetime) -> bool:
    """Verify an event and keep it; tell whether it was new. Raises BadPayload, BadSignature."""
    envelope = adapter.read_envelope(headers, body)
    adapter.check_signature(headers, body, now=now)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadPayload("The body is not UTF-8.") from None
    if "\x00" in text:
        raise BadPayload("The body is no text.")
    try:
        with transaction.atomic():
            SourceEvent.objects.create(
                source=source,
                delivery_id=storable(envelope.delivery_id, 200),
                topic=storable(envelope.topic, 120),
                body=text,
                received_at=now,
            )
    except IntegrityError:
        return False
    Source.objects.filter(pk=source.pk).update(last_event_at=now)
    return True


def note_refusal(source: Source, error: BadSignature, *, now: datetime) -> None:
    """Count an event that was refused; its body is not kept."""
    Source.objects.filter(pk=source.pk).update(
        refused_events=F("refused_events") + 1, refused_event_at=now, refused_event_reason=str(error)[:200]
    )


def work(source: Source, *, now: datetime) -> bool:
    """Work on pending events, oldest first; tell whether there were any."""
    pending = list(SourceEvent.objects.pending().filter(source=source)[:AT_ONCE])
    if not pending:
        return False
    with opened(source) as (adapter, _connection):
        for event in pending:
            _work_on(source, adapter, event, now=now)
    return True


def try_again(event: SourceEvent) -> bool:
    """Have an event worked on once more; tell whether it had ended."""
    ended = SourceEvent.objects.filter(pk=event.pk).exclude(state=SourceEvent.State.PENDING)
    return bool(ended.update(state=SourceEvent.State.PENDING, problem="", ended_at=None))


def _work_on(source: Source, adapter: StockSource, stored: SourceEvent, *, now: datetime) -> None:
    problems: list[str] = []
    state = SourceEvent.State.DONE
    try:
        event = adapter.parse_event(stored.topic, stored.body.encode())
        if isinstance(event, NoEvent):
            state, problems = SourceEvent.State.IGNORED, [event.why]
        else:
            problems = _effect(source, event, now=now)
            state = SourceEvent.State.PARTLY if problems else SourceEvent.State.DONE
    except (BadPayload, LedgerError) as error:
        state, problems = SourceEvent.State.FAILED, [str(error)]
    except OWN_FAULTS as error:
        # Raised, it would keep every later event of the source waiting, at each round anew.
        log.error("event_not_worked_on", source=source.name, delivery=stored.delivery_id, exc_info=error)
        words = _("It could not be worked on (%(error)s); the server's log has the details.")
        state, problems = SourceEvent.State.FAILED, [words % {"error": type(error).__name__}]
    SourceEvent.objects.filter(pk=stored.pk).update(
        state=state, problem=storable(" ".join(problems), 1000), ended_at=now
    )


def _effect(source: Source, event: Event, *, now: datetime) -> list[str]:
    """Book what an event says and return sentences on what could not be."""
    if isinstance(event, ShipmentEvent):
        return shipments.take(source, [event.shipment], now=now, is_dated=True).problems
    if isinstance(event, AdjustmentEvent):
        return _adjust(source, event, now=now)
    if isinstance(event, CountEvent):
        return _count(source, event, now=now)
    if isinstance(event, ReturnEvent):
        return _take_back(source, event, now=now)
    if isinstance(event, HintEvent):
        _read_again(source, event, now=now)
    return []


class _NotKnown(Exception):
    """A SKU or a location means nothing to us yet; the message says what to do."""


def _sku(code: str) -> Sku:
    sku = codes.sku_named(code)
    if sku is None:
        raise _NotKnown(_("No SKU of yours has the code %(code)s: create it, then try again.") % {"code": code})
    return sku


def _counted(code: str) -> Sku:
    """Return a SKU that holds stock: no bundle."""
    sku = _sku(code)
    if sku.is_bundle:
        words = _("%(code)s is a bundle here and holds no stock: have its components counted instead.")
        raise _NotKnown(words % {"code": code})
    return sku


def _warehouse(source: Source, location_ref: str) -> Warehouse:
    """Return the warehouse of a location; where none is named, the only one that the source speaks for."""
    places = mapping.warehouses(source)
    found = {each.pk: each for ref, each in places.items() if location_ref in ("", ref)}
    if len(found) != 1:
        words = _("%(location)s is no warehouse of yours: map it, then try again.") % {"location": location_ref}
        raise _NotKnown(words if location_ref else _("It names no location, and the source has several warehouses."))
    return next(iter(found.values()))


def _moment(source: Source, told: datetime, now: datetime) -> datetime:
    """Return a moment by our clock; nothing happens later than we hear of it."""
    return min(in_our_clock(told, source.skew_seconds), now)


def _adjust(source: Source, event: AdjustmentEvent, *, now: datetime) -> list[str]:
    try:
        sku, warehouse = _counted(event.sku), _warehouse(source, event.location_ref)
    except _NotKnown as problem:
        return [str(problem)]
    entry = Entry(
        key=f"source:{source.pk}:adjustment:{event.ref}"[:255],
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.ADJUSTMENT,
        on_hand=event.delta,
    )
    earlier = Movement.objects.filter(key=entry.key).first()
    if earlier is not None:
        if not codes.is_now(earlier.sku_id, sku.pk) or earlier.on_hand_delta != event.delta:
            raise KeyConflict(entry.key)
        return []
    ledger.post(
        [entry],
        actor=source.actor,
        now=now,
        occurred_at=_moment(source, event.happened_at, now),
        reason=storable(event.reason, 300),
    )
    return []


def _take_back(source: Source, event: ReturnEvent, *, now: datetime) -> list[str]:
    problems = []
    for number, line in enumerate(event.lines):
        if line.problem:
            problems.append(line.problem)
            continue
        try:
            sku, warehouse = _sku(line.sku), _warehouse(source, event.location_ref)
        except _NotKnown as problem:
            problems.append(str(problem))
            continue
        key = f"source:{source.pk}:return:{event.ref}:{number}"[:240]
        if sku.is_bundle and Movement.objects.filter(key__startswith=f"{key}:").exists():
            continue  # told before, when the bundle may have been made of other things
        for component, units in bundles.taken_apart(sku).items():
            operations.receive_return(
                sku=component,
                warehouse=warehouse,
                units=line.units * units,
                is_sellable=line.is_sellable,
                key=f"{key}:{component.pk}" if sku.is_bundle else key,
                actor=source.actor,
                now=now,
                reason=_("Return %(ref)s") % {"ref": event.ref},
            )
    return problems


def _count(source: Source, event: CountEvent, *, now: datetime) -> list[str]:
    """Compare a count like a reading of one place: as of its own moment, within the same tolerance."""
    try:
        _counted(event.sku), _warehouse(source, event.location_ref)
    except _NotKnown as problem:
        return [str(problem)]
    as_of = _moment(source, event.counted_at, now)
    with transaction.atomic():
        pull = Pull.objects.create(
            source=source,
            state=Pull.State.APPLIED,
            phase=Pull.Phase.APPLY,
            trigger=Pull.Trigger.EVENT,
            is_full=False,
            as_of=as_of,
            pages=1,
            rows=1,
            started_at=now,
            touched_at=now,
            ended_at=now,
        )
        PulledRow.objects.create(
            pull=pull,
            row_ref=event.ref,
            item_ref=event.sku,
            sku_code=event.sku,
            location_ref=event.location_ref or _only_location(source),
            on_hand=event.on_hand,
            as_of=as_of,
        )
    plan = plans.gather(pull, capabilities_of(source))
    comparing.apply(pull, plan, now=now)
    pull.save()
    PulledRow.objects.filter(pull=pull).delete()
    judging.tell(pull)
    flagged = pull.readings.filter(outcome=Reading.Outcome.FLAGGED).exists()
    return [_("The count differs by more than the tolerance: look at it.")] if flagged else []


def _only_location(source: Source) -> str:
    location = source.locations.exclude(warehouse=None).order_by("position", "pk").first()
    return location.ref if location is not None else ""


def _read_again(source: Source, event: HintEvent, *, now: datetime) -> None:
    """Have the items read again at once, or everything soon."""
    refs = event.item_refs if capabilities_of(source).can_reread else ()
    if refs and pulls.begin(source, trigger=Pull.Trigger.EVENT, now=now, item_refs=refs) is not None:
        return
    # One reading is under way, or all is to be read: then the next begins right after it.
    Source.objects.filter(pk=source.pk).update(next_pull_at=now + timedelta(seconds=1))
