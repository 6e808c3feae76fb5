"""Taking a decision back while nothing has moved since.

*Keep ours* and *take theirs* both made the channel's number the accounted one. Taking away again what they added
makes the difference what it was: a change that went out is sent back by publishing, one that waits is not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from channels import mapping, publishing, readings
from channels.lanes import wake
from channels.models import Listing, Push
from channels.readings import Reading
from channels.registry import opened
from inventory import audit, codes, formats, ledger
from inventory.ledger import Entry
from inventory.models import Movement, Sku, Warehouse
from reconciliation import news
from reconciliation.models import CountTask, Discrepancy, Verb
from reconciliation.verbs.acting import last_movement, picture_of
from reconciliation.verbs.choice import Effect, NotPossible, PictureMoved, Preview, Where


def preview_undo(discrepancy: Discrepancy) -> Preview:
    """Return what taking the decision back would write where, or why it can't be taken back. Asks no store."""
    row = _load(discrepancy.pk)
    verb = Verb(row.resolution) if row.resolution else Verb.SNOOZE
    try:
        effects = tuple(_effects(row))
    except (NotPossible, PictureMoved) as problem:
        return Preview(discrepancy=row, verb=verb, problem=str(problem))
    return Preview(discrepancy=row, verb=verb, effects=effects)


def undo(discrepancy: Discrepancy, *, actor: str, now: datetime, reading: Reading | None = None) -> None:
    """Take the decision back; the discrepancy is open again as it was.

    ``reading``: what the listing was read to show just now; without it the store is asked.

    Raises NotPossible, PictureMoved when something has moved since, and ChannelError; then nothing was done.
    """
    row = _load(discrepancy.pk)
    listing = _changed_listing(row)
    if listing is not None and reading is None:
        _effects(row)  # what is impossible anyway needs no call
        with opened(listing.channel) as platform:
            reading = readings.take(listing.channel, platform, [listing], lease=None, now=now).get(listing.pk)
        row = _load(row.pk)
    with transaction.atomic():
        _effects(row)  # raises what speaks against it
        listing = _changed_listing(row)
        if listing is not None:
            _check_live(row, reading)
            _move_accounted_back(row, listing, now=now)
        _reopen(row, actor=actor, now=now)
        _move_ledger_back(row, actor=actor, now=now)
        CountTask.objects.filter(discrepancy=row, state=CountTask.State.OPEN).update(
            state=CountTask.State.CANCELLED, ended_at=now
        )
        audit.record(
            actor=actor,
            action="discrepancy.undo",
            subject=f"discrepancy:{row.pk}",
            before={"resolution": row.resolution, "by": row.resolved_by, "state": row.state},
            after={"state": Discrepancy.State.OPEN},
        )
    if row.resolution == Verb.CHANGE_MAPPING and row.listing is not None:
        _map_back(row, row.listing, actor=actor, now=now)
    if row.channel_id is not None:
        wake(publishing.lane_of(row.channel_id))


def _load(pk: int) -> Discrepancy:
    row: Discrepancy = Discrepancy.objects.select_related(
        "listing__channel", "listing__sku", "channel", "sku", "warehouse"
    ).get(pk=pk)
    return row


def _effects(row: Discrepancy) -> list[Effect]:
    """Return what undoing writes. Raises NotPossible and PictureMoved."""
    if not row.undo or row.undone_at is not None:
        raise NotPossible(_("There is no decision that could be taken back."))
    if row.resolution in {Verb.SNOOZE, Verb.IGNORE, Verb.RECOUNT}:
        if row.state not in {Discrepancy.State.SNOOZED, Discrepancy.State.IGNORED}:
            raise NotPossible(_("It is in the queue again already."))
        return [Effect(where=Where.QUEUE, name="", sentence=_("It comes back to the queue."))]
    if row.state != Discrepancy.State.RESOLVED:
        raise NotPossible(_("There is no decision that could be taken back."))
    if Discrepancy.objects.live().filter(listing=row.listing_id, listing__isnull=False).exists():
        raise PictureMoved(_("The listing differs anew: decide that one."))
    if last_movement(_sku_of(row)) != _expected_movement(row):
        raise PictureMoved(_("Stock of this SKU has moved since: decide anew by the numbers of now."))
    if row.listing is not None and not _sells_as_decided(row, row.listing):
        raise PictureMoved(_("The listing has been linked anew since: decide anew by the numbers of now."))
    effects = []
    units = _units(row.undo)
    if row.listing is not None:
        effects.append(_listing_effect(row, row.listing, units))
    if row.undo.get("warehouse"):
        warehouse = Warehouse.objects.get(pk=row.undo["warehouse"])
        sentence = _("%(warehouse)s: %(units)s on hand.") % {
            "warehouse": warehouse.name,
            "units": formats.change(-units),
        }
        effects.append(Effect(where=Where.LEDGER, name=warehouse.name, sentence=sentence, units=-units))
    return effects


def _listing_effect(row: Discrepancy, listing: Listing, units: int) -> Effect:
    """Return what happens to the store. Raises PictureMoved when anything but our own push has moved its number."""
    pushes = list(Push.objects.filter(listing=listing, created_at__gte=row.resolved_at).exclude(state="observed"))
    if any(push.state in {"sending", "unknown", "accepted"} for push in pushes):
        raise PictureMoved(_("The change is still on its way to the store: try again when it is there."))
    sent = [push for push in pushes if push.state == Push.State.APPLIED]
    if listing.accounted_version != row.undo["accounted_version"] + len(sent) or len(sent) > 1:
        raise PictureMoved(_("A sale or a change of the listing came since: decide anew by the numbers of now."))
    channel = listing.channel.name
    if sent and row.resolution != Verb.TAKE_THEIRS:
        sentence = _("%(channel)s: %(units)s, back to what it showed.") % {
            "channel": channel,
            "units": formats.change(units),
        }
        return Effect(where=Where.CHANNEL, name=channel, sentence=sentence, units=units)
    return Effect(where=Where.CHANNEL, name=channel, sentence=_("%(channel)s stays as it is.") % {"channel": channel})


def _sells_as_decided(row: Discrepancy, listing: Listing) -> bool:
    """Tell whether the listing sells the SKU that the decision left it with, or what that was merged into."""
    left_with = _sku_of(row)
    if left_with is None or listing.sku_id is None:
        return left_with == listing.sku_id
    return codes.is_now(left_with, listing.sku_id)


def _units(kept: Mapping[str, object]) -> int:
    units = kept.get("units")
    return units if isinstance(units, int) else 0


def _sku_of(row: Discrepancy) -> int | None:
    return row.undo.get("new_sku") or row.sku_id


def _expected_movement(row: Discrepancy) -> int:
    """Return the id that the SKU's newest movement has if nothing moved: our own, or the last one before."""
    key = row.undo.get("movement")
    if key:
        return Movement.objects.filter(key=key).values_list("pk", flat=True).first() or 0
    if row.undo.get("new_sku"):
        return last_movement(row.undo["new_sku"])  # the old SKU's stock is not concerned
    last = row.undo.get("last_movement")
    return last if isinstance(last, int) else 0


def _changed_listing(row: Discrepancy) -> Listing | None:
    """Return the listing whose accounted quantity the decision has changed."""
    return row.listing if row.undo.get("accounted_version") is not None else None


def _check_live(row: Discrepancy, reading: Reading | None) -> None:
    """Raise PictureMoved unless the store shows what is accounted for: nobody has touched it since."""
    if reading is None or reading.drift or reading.quantity is None:
        raise PictureMoved(_("The store's number has moved since: decide anew by the numbers of now."), picture_of(row))


def _move_accounted_back(row: Discrepancy, listing: Listing, *, now: datetime) -> None:
    units = _units(row.undo)
    moved = Listing.objects.filter(pk=listing.pk, accounted_version=listing.accounted_version).update(
        accounted=F("accounted") - units,
        accounted_version=F("accounted_version") + 1,
        drift=units,
        drift_since=row.first_seen_at if units else None,
    )
    if not moved:
        raise PictureMoved(_("A sale was booked in this moment. Look at the numbers again."))
    Listing.objects.wake([listing.pk], now=now)


def _reopen(row: Discrepancy, *, actor: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            changed = Discrepancy.objects.filter(pk=row.pk, version=row.version).update(
                state=Discrepancy.State.OPEN,
                version=F("version") + 1,
                snoozed_until=None,
                resolved_at=None,
                undone_by=actor,
                undone_at=now,
                undo={},
            )
            if changed:
                news.tell_flagged(Discrepancy.objects.filter(pk=row.pk), now=now)
    except IntegrityError:
        raise PictureMoved(_("The listing differs anew: decide that one.")) from None
    if not changed:
        raise PictureMoved(_("Someone else has changed it in this moment. Look at it again."))


def _move_ledger_back(row: Discrepancy, *, actor: str, now: datetime) -> None:
    warehouse_id, sku_id = row.undo.get("warehouse"), row.sku_id
    if not warehouse_id or sku_id is None:
        return
    entry = Entry(
        key=f"{row.undo['movement']}:undo",
        sku_id=sku_id,
        warehouse_id=warehouse_id,
        kind=Movement.Kind.ADJUSTMENT,
        on_hand=-_units(row.undo),
    )
    ledger.post([entry], actor=actor, now=now, reason=_("Taken back: %(reason)s") % {"reason": row.resolution_reason})


def _map_back(row: Discrepancy, listing: Listing, *, actor: str, now: datetime) -> None:
    old = Sku.objects.filter(pk=row.undo.get("old_sku")).first()
    if old is None:
        mapping.unlink(listing=listing, actor=actor, now=now)
    else:
        mapping.link(listing=listing, sku=old, actor=actor, now=now)
