"""Doing what a person chose: checked against the live number, done at once or not at all, recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _

from channels import mapping, publishing, readings, tracking
from channels.contract import ChannelError
from channels.lanes import wake
from channels.models import Channel, Listing
from channels.readings import Reading
from channels.registry import opened
from inventory import audit, formats, ledger
from inventory.ledger import Entry
from inventory.models import Movement
from inventory.sources import comparing
from reconciliation import counting, news, queue, stocks
from reconciliation.models import Discrepancy, Run, Verb
from reconciliation.verbs.choice import Choice, Effect, NotPossible, Picture, PictureMoved
from reconciliation.verbs.previewing import Surroundings, check

# These write nothing to a store or the ledger: they are done even while the store can't be asked.
HARMLESS = {Verb.SNOOZE, Verb.IGNORE, Verb.RECOUNT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a verb works with, once everything is checked."""

    row: Discrepancy
    choice: Choice
    around: Surroundings
    reading: Reading | None  # None: the store could not be asked, and the verb is harmless
    actor: str
    now: datetime


def act(
    discrepancy: Discrepancy,
    choice: Choice,
    *,
    actor: str,
    now: datetime,
    reading: Reading | None = None,
    around: Surroundings | None = None,
) -> tuple[Effect, ...]:
    """Do it; return what it writes where.

    ``reading``: what the listing was read to show just now, else it is read. ``around``: what was looked up just now
    for this row among others; a choice that names a SKU has it looked up anew.

    Raises PictureMoved, NotPossible, ChannelError, LedgerError and tracking.CantStart; then nothing was done.
    """
    row = _load(discrepancy.pk)
    _check_version(row, choice)
    if around is None or choice.sku is not None:
        around = Surroundings.of([row], choice.sku)
    check(row, choice, around)  # what is impossible anyway needs no call
    if row.kind == Run.Kind.CHANNEL:
        if reading is None:
            reading = _read(row, choice.verb, now=now)
            row = _load(row.pk)  # reading has kept what the product looks like now
        if reading is not None:
            _check_reading(row, reading, now=now)
    elif choice.verb not in HARMLESS:
        reading = _ask_source(row, now=now)
    effects = check(row, choice, around)
    _ACTS[choice.verb](Act(row=row, choice=choice, around=around, reading=reading, actor=actor, now=now))
    if row.channel_id is not None:
        wake(publishing.lane_of(row.channel_id))
    return effects


def _load(pk: int) -> Discrepancy:
    row: Discrepancy = Discrepancy.objects.select_related(
        "listing__channel", "listing__sku", "channel", "sku", "warehouse", "proposed_sku"
    ).get(pk=pk)
    return row


def picture_of(row: Discrepancy) -> Picture:
    """Return the numbers of a row as they stand."""
    return Picture(
        ledger_says=row.ledger_says, channel_shows=row.channel_shows, version=row.version, is_over=not row.is_live
    )


def _check_version(row: Discrepancy, choice: Choice) -> None:
    if not row.is_live:
        words = {"state": row.get_state_display().lower(), "who": row.resolved_by or "—"}
        raise PictureMoved(_("It is decided already: %(state)s (%(who)s).") % words, picture_of(row))
    if row.version != choice.version:
        raise PictureMoved(_("It has changed since you looked. Look at the numbers again."), picture_of(row))
    if row.listing is not None and row.listing.sku_id != row.sku_id:
        sku = row.listing.sku.code if row.listing.sku else "—"
        raise PictureMoved(
            _("The listing is linked to %(sku)s by now. Look at it again.") % {"sku": sku}, picture_of(row)
        )


def _read(row: Discrepancy, verb: Verb, *, now: datetime) -> Reading | None:
    """Read what the listing shows now. Raises PictureMoved while something is on its way, and ChannelError."""
    listing = row.listing
    if listing is None or listing.state == Listing.State.GONE:
        return None
    channel: Channel = listing.channel
    try:
        with opened(channel) as platform:
            reading = readings.take(channel, platform, [listing], lease=None, now=now).get(listing.pk)
    except ChannelError:
        if verb in HARMLESS:
            return None
        raise
    if reading is None:
        raise PictureMoved(
            _("A sale or a change of ours is on its way in this moment. Look at the numbers again."), picture_of(row)
        )
    return reading


def _check_reading(row: Discrepancy, reading: Reading, *, now: datetime) -> None:
    """Raise PictureMoved with what the channel shows now unless that is what the row says."""
    if (reading.quantity, reading.accounted) == (row.channel_shows, row.ledger_says):
        return
    moved = queue.refresh(row, reading, now=now)
    if reading.quantity is None:
        words = _("The channel tells no number any more. Look at it again.")
    elif not reading.drift:
        words = _("The channel shows %(shown)s now, as the ledger says: there is nothing left to decide.")
    else:
        words = _("The channel shows %(shown)s now, and the ledger says %(ledger)s. Look at the numbers again.")
    raise PictureMoved(words % _numbers_of(reading), picture_of(moved))


def _ask_source(row: Discrepancy, *, now: datetime) -> Reading:
    """Return what the stock source says now beside the ledger. Raises PictureMoved when that is not what was seen."""
    said = stocks.reading_of(row)
    if said is None:
        raise NotPossible(_("The stock source says nothing of it any more."))
    reading = stocks.numbers_of(said)
    if (reading.quantity, reading.accounted) != (row.channel_shows, row.ledger_says):
        moved = queue.refresh(row, reading, now=now)
        words = _("The source says %(shown)s now, and the ledger %(ledger)s. Look at the numbers again.")
        raise PictureMoved(words % _numbers_of(reading), picture_of(moved))
    return reading


def _numbers_of(reading: Reading) -> dict[str, str]:
    return {"shown": formats.units(reading.quantity or 0), "ledger": formats.units(reading.accounted or 0)}


# The verbs. Locks: listings, then the discrepancy, then stock levels. -------------------------------------------


def _keep_ours(work: Act) -> None:
    row, listing = work.row, _listing_of(work)
    if listing.tracked is False:
        target = work.around.targets.get(listing.pk, 0)
        tracking.start(listing=listing, seen=target, actor=work.actor, now=work.now)
        _resolve(work, undo={})
        return
    with transaction.atomic():
        _anchor(work, listing)
        _resolve(work, undo=_undo_of(work, row))


def _take_theirs(work: Act) -> None:
    row, choice = work.row, work.choice
    warehouse = work.around.warehouse(row, choice)
    sku_id = row.listing.sku_id if row.listing is not None else row.sku_id
    if warehouse is None or sku_id is None:
        raise NotPossible(_("Choose the warehouse."), field="warehouse")
    with transaction.atomic():
        if row.listing is not None:
            _anchor(work, row.listing)
        _resolve(work, undo={})
        movement = _adjust(work, sku_id, warehouse.pk)
        # Only what comes after our own movement speaks against undoing it.
        undo = {**_undo_of(work, row), "warehouse": warehouse.pk, "movement": movement.key}
        Discrepancy.objects.filter(pk=row.pk).update(undo=undo)


def _adjust(work: Act, sku_id: int, warehouse_id: int) -> Movement:
    """Change the ledger by what is missing to their number. Raises PictureMoved where nothing is missing any more."""
    row, choice = work.row, work.choice
    if row.kind == Run.Kind.SOURCE:
        said = stocks.reading_of(row)
        reason = choice.reason[:300]
        movement = None if said is None else comparing.accept(said, actor=work.actor, now=work.now, reason=reason)
        if movement is None or movement.on_hand_delta != row.units_apart:
            raise PictureMoved(_("Stock was moved in this moment. Look at the numbers again."), picture_of(row))
        return movement
    entry = Entry(
        key=f"discrepancy:{row.pk}:v{row.version}",
        sku_id=sku_id,
        warehouse_id=warehouse_id,
        kind=Movement.Kind.ADJUSTMENT,
        on_hand=row.units_apart,
    )
    return ledger.post([entry], actor=work.actor, now=work.now, reason=choice.reason[:300])[0]


def _recount(work: Act) -> None:
    row, choice = work.row, work.choice
    warehouse = work.around.warehouse(row, choice)
    sku = row.listing.sku if row.listing is not None else row.sku
    assert sku is not None and warehouse is not None  # noqa: S101, PT018 — checked by the preview of the verb
    with transaction.atomic():
        _change(work, state=Discrepancy.State.SNOOZED, snoozed_until=None, undo={"verb": Verb.RECOUNT.value})
        counting.task_of(
            sku=sku, warehouse=warehouse, reason=choice.reason, actor=work.actor, now=work.now, discrepancy=row
        )
        _record(work, {"warehouse": warehouse.code})


def _snooze(work: Act) -> None:
    until = work.choice.until
    with transaction.atomic():
        _change(work, state=Discrepancy.State.SNOOZED, snoozed_until=until, undo={"verb": Verb.SNOOZE.value})
        _record(work, {"until": until.isoformat() if until else None})


def _ignore(work: Act) -> None:
    with transaction.atomic():
        _change(work, state=Discrepancy.State.IGNORED, undo={"verb": Verb.IGNORE.value})
        _record(work, {})


def _change_mapping(work: Act) -> None:
    listing, sku = _listing_of(work), work.choice.sku
    if sku is None:
        raise NotPossible(_("Choose the SKU that it sells."), field="sku")
    undo = {**_undo_of(work, work.row), "old_sku": listing.sku_id, "new_sku": sku.pk}
    with transaction.atomic():
        if work.reading is not None and work.reading.quantity is not None and listing.accounted is not None:
            _anchor(work, listing)
        _resolve(work, undo=undo)
    # A crash in between leaves the listing with its old SKU and in step: the next run says so again.
    mapping.link(listing=listing, sku=sku, actor=work.actor, now=work.now)


_ACTS: Mapping[Verb, Callable[[Act], None]] = {
    Verb.KEEP_OURS: _keep_ours,
    Verb.TAKE_THEIRS: _take_theirs,
    Verb.RECOUNT: _recount,
    Verb.SNOOZE: _snooze,
    Verb.IGNORE: _ignore,
    Verb.CHANGE_MAPPING: _change_mapping,
}


def _listing_of(work: Act) -> Listing:
    listing = work.row.listing
    if listing is None:
        raise NotPossible(_("A stock source has no listing."))
    return listing


def _anchor(work: Act, listing: Listing) -> None:
    if work.reading is None or not readings.anchor(listing, work.reading, now=work.now):
        raise PictureMoved(_("A sale was booked in this moment. Look at the numbers again."), picture_of(work.row))


def _undo_of(work: Act, row: Discrepancy) -> dict[str, object]:
    """Return what taking the decision back needs: the numbers, and how to tell that nothing has moved since."""
    return {
        "verb": work.choice.verb.value,
        "units": row.units_apart,
        "accounted_version": work.reading.version + 1 if work.reading and row.listing_id else None,
        "last_movement": last_movement(row.listing.sku_id if row.listing is not None else row.sku_id),
    }


def last_movement(sku_id: int | None) -> int:
    """Return the id of the newest movement of a SKU; 0 where there is none."""
    return Movement.objects.filter(sku=sku_id).aggregate(last=Max("pk"))["last"] or 0


def _resolve(work: Act, *, undo: Mapping[str, object]) -> None:
    _change(work, state=Discrepancy.State.RESOLVED, snoozed_until=None, undo=dict(undo))
    news.tell_closed(Discrepancy.objects.filter(pk=work.row.pk), now=work.now)
    _record(work, {})


def _change(work: Act, **columns: object) -> None:
    """Change the discrepancy unless someone else has. Raises PictureMoved."""
    rows: QuerySet[Discrepancy] = Discrepancy.objects.live().filter(pk=work.row.pk, version=work.choice.version)
    changed = rows.update(
        version=F("version") + 1,
        resolution=work.choice.verb,
        resolution_reason=work.choice.reason[:300],
        resolved_by=work.actor,
        resolved_at=work.now,
        undone_by="",
        undone_at=None,
        **columns,
    )
    if not changed:
        raise PictureMoved(
            _("Someone else has decided it in this moment. Look at it again."), picture_of(_load(work.row.pk))
        )


def _record(work: Act, after: Mapping[str, object]) -> None:
    row = work.row
    audit.record(
        actor=work.actor,
        action=f"discrepancy.{work.choice.verb.value}",
        subject=f"discrepancy:{row.pk}",
        before={"ledger": row.ledger_says, "shown": row.channel_shows, "listing": row.listing_id, "state": row.state},
        after={"reason": work.choice.reason, **after},
    )
