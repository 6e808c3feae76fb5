"""Runs that change many mappings at once: made by a person, worked on in slices by a lane, undone whole.

A run is a row that says how far it has come, so a crash or a restart loses nothing and a person may leave the page.
"""

from __future__ import annotations

import time
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import lanes, linking, mapping, mapping_sheets, rulings, suggesting
from channels.lanes import Lease
from channels.models import Channel, Listing, MappingChange, MappingRun
from channels.rulings import Ruling
from inventory import audit, catalogue
from inventory.catalogue import SkuFields

LANE = "mapping"
MATCHED_AT_ONCE = 500  # listings that a request matches by itself
AT_ONCE = 300
AT_WORK = (MappingRun.State.CHECKING, MappingRun.State.APPLYING, MappingRun.State.UNDOING)


class NotNow(Exception):
    """The run is not in a state in which that can be done; the message says why."""


def has_due(now: datetime) -> bool:
    """Tell whether a run is under way or listings wait for their suggestions."""
    return MappingRun.objects.filter(state__in=AT_WORK).exists() or _unsuggested().exists()


def work(lease: Lease | None = None) -> bool:
    """Do one slice of the oldest run, else look for suggestions in one store; tell whether there was anything."""
    run = MappingRun.objects.filter(state__in=AT_WORK).order_by("pk").first()
    if run is not None:
        _step(run)
        return True
    channel = Channel.objects.filter(pk__in=_unsuggested().values("channel")[:1]).first()
    if channel is None:
        return False
    linking.match(channel=channel, now=timezone.now())
    return True


def work_for(seconds: float) -> None:
    """Work in the lane for that long, unless someone is at it; then leave the rest to the worker.

    What is small is then done before a page is drawn.
    """
    with lanes.held(LANE, seconds=seconds) as lease:
        while lease is not None and not lease.is_over and MappingRun.objects.filter(state__in=AT_WORK).exists():
            work(lease)
    if has_due(timezone.now()):
        lanes.wake(LANE)


def match_again() -> int:
    """Look anew for the SKUs of all listings that wait, as after an import; return how many wait.

    A few are done before a page is drawn; many are left to the worker.
    """
    waiting = Listing.objects.all().unmapped().update(suggested_at=None)
    if waiting <= MATCHED_AT_ONCE:
        with lanes.held(LANE, seconds=1.0) as lease:
            while lease is not None and not lease.is_over and work(lease):
                pass
    if has_due(timezone.now()):
        lanes.wake(LANE)
    return waiting


def finish(run: MappingRun) -> MappingRun:
    """Work until ``run`` is through, or wait until the worker has done it: for a command."""
    while run.is_at_work:
        work_for(5.0)
        run.refresh_from_db()
        if run.is_at_work:
            time.sleep(0.1)  # someone else is at it
    return run


def _step(run: MappingRun) -> None:
    _STEPS[MappingRun.State(run.state)](run, timezone.now())


# Making SKUs of what has none -----------------------------------------------------------------------------------


def create_missing_skus(*, channel: Channel, actor: str, now: datetime) -> MappingRun:
    """Begin to make a SKU of every unmapped listing whose code is its own and no SKU's yet."""
    run = MappingRun.objects.create(
        kind=MappingRun.Kind.CREATE,
        state=MappingRun.State.APPLYING,
        channel=channel,
        actor=actor,
        total=suggesting.creatable(channel),
        started_at=now,
    )
    _record(run, "mapping.create_skus", actor)
    return run


def _create_some(run: MappingRun, now: datetime) -> None:
    """Make the next SKUs. What is left to make is looked up anew: others may have decided meanwhile."""
    assert run.channel is not None  # noqa: S101 - of this kind of run it is known
    numbers = suggesting.creatable_listings(run.channel)[:AT_ONCE]
    listings = list(Listing.objects.filter(pk__in=numbers).select_related("channel").order_by("pk"))
    with transaction.atomic():
        made = catalogue.create_skus([fields_of(listing) for listing in listings], actor=run.actor)
        found = {
            listing.pk: Ruling(
                mapping=Listing.Mapping.MAPPED,
                sku_id=made[listing.external_sku.strip()].pk,
                kind=rulings.MADE,
                reason=_("The SKU was made from it."),
                made_sku=True,
            )
            for listing in listings
            if listing.external_sku.strip() in made
        }
        written = rulings.write(found, actor=run.actor, now=now, run=run, only_if=_is_unmapped)
        MappingRun.objects.filter(pk=run.pk).update(
            reached=F("reached") + len(listings),
            made=F("made") + len(made),
            changed=F("changed") + len(found.keys() & set(written)),
        )
    rulings.settle(written, now=now)
    if not made:
        _end(run, MappingRun.State.DONE, now)


def fields_of(listing: Listing) -> SkuFields:
    """Return the SKU that would be made from what the store calls the listing."""
    return SkuFields(
        code=listing.external_sku.strip(),
        name=listing.title[:300],
        barcode=listing.barcode,
        is_sandbox=listing.channel.is_sandbox,
    )


def _is_unmapped(listing: Listing) -> bool:
    return listing.mapping == Listing.Mapping.UNMAPPED


# Files ----------------------------------------------------------------------------------------------------------


def read_file(*, name: str, content: bytes, makes_skus: bool, actor: str, now: datetime) -> MappingRun:
    """Keep a file's lines and begin to check them; nothing is mapped before ``apply``. Raises UnreadableSheet."""
    lines = mapping_sheets.read(content)
    with transaction.atomic():
        run = MappingRun.objects.create(
            kind=MappingRun.Kind.FILE,
            state=MappingRun.State.CHECKING,
            name=name[:200],
            makes_skus=makes_skus,
            actor=actor,
            total=len(lines),
            started_at=now,
        )
        mapping_sheets.keep(run, lines)
    return run


def apply(*, run: MappingRun, actor: str, now: datetime) -> None:
    """Begin to do what the preview says. Raises NotNow unless it waits for that."""
    if not MappingRun.objects.filter(pk=run.pk, state=MappingRun.State.PREVIEW).update(
        state=MappingRun.State.APPLYING, reached=0
    ):
        raise NotNow(_("It does not wait to be applied any more."))
    _record(run, "mapping.apply_file", actor)


def discard(*, run: MappingRun, now: datetime) -> None:
    """Drop a file that was only previewed, with its lines. Raises NotNow once it is applied."""
    if not MappingRun.objects.filter(pk=run.pk, state=MappingRun.State.PREVIEW).update(
        state=MappingRun.State.DISCARDED, ended_at=now
    ):
        raise NotNow(_("It can't be discarded any more."))
    run.lines.all().delete()


def _check_some(run: MappingRun, now: datetime) -> None:
    reached = mapping_sheets.check(run, start=run.reached, at_once=AT_ONCE)
    if reached > run.reached:
        MappingRun.objects.filter(pk=run.pk).update(reached=reached)
        return
    mapping_sheets.refuse_contradictions(run)
    MappingRun.objects.filter(pk=run.pk).update(state=MappingRun.State.PREVIEW)


def _apply_some(run: MappingRun, now: datetime) -> None:
    if run.kind == MappingRun.Kind.CREATE:
        _create_some(run, now)
        return
    done = mapping_sheets.apply(run, start=run.reached, at_once=AT_ONCE, now=now)
    if not done.lines:
        _end(run, MappingRun.State.DONE, now)
        return
    MappingRun.objects.filter(pk=run.pk).update(
        reached=F("reached") + done.lines, changed=F("changed") + done.changed, made=F("made") + done.made
    )
    rulings.settle(done.written, now=now)


# Undoing --------------------------------------------------------------------------------------------------------


def undo(*, run: MappingRun, actor: str, now: datetime) -> None:
    """Begin to give every listing the mapping it had before the run, but for those that were changed since.

    Raises NotNow unless the run is done.
    """
    if not MappingRun.objects.filter(pk=run.pk, state=MappingRun.State.DONE).update(
        state=MappingRun.State.UNDOING, reached=0, total=run.changes.count(), undone_by=actor
    ):
        raise NotNow(_("It can't be undone now."))
    _record(run, "mapping.undo", actor)


def changed_since(run: MappingRun) -> int:
    """Return how many listings that the run changed were changed again since: undoing leaves them."""
    newer = MappingChange.objects.filter(listing=OuterRef("listing"), pk__gt=OuterRef("pk"))
    return run.changes.filter(Exists(newer)).count()


def _undo_some(run: MappingRun, now: datetime) -> None:
    changes = list(run.changes.select_related("after_sku").order_by("-pk")[run.reached : run.reached + AT_ONCE])
    if not changes:
        _end(run, MappingRun.State.UNDONE, now)
        return
    by_listing = {change.listing_id: change for change in changes}
    with transaction.atomic():
        named = list(Listing.objects.filter(pk__in=by_listing))
        list(rulings.pools_of(named).order_by("pk").select_for_update(no_key=True).values_list("pk"))
        rows = MappingChange.objects.filter(listing__in=by_listing).order_by().values("listing")
        latest = dict(rows.annotate(last=Max("pk")).values_list("listing", "last"))
        still = {number: change for number, change in by_listing.items() if latest[number] == change.pk}
        written = rulings.write(
            {number: mapping.before_of(change) for number, change in still.items()}, actor=run.undone_by, now=now
        )
        for change in still.values():
            if change.made_sku and change.after_sku is not None:
                catalogue.archive_unused(sku=change.after_sku, actor=run.undone_by, now=now)
        MappingRun.objects.filter(pk=run.pk).update(
            reached=F("reached") + len(changes), kept=F("kept") + len(changes) - len(still)
        )
    rulings.settle(written, now=now)


def _end(run: MappingRun, state: MappingRun.State, now: datetime) -> None:
    MappingRun.objects.filter(pk=run.pk).update(state=state, ended_at=now)


def _record(run: MappingRun, action: str, actor: str) -> None:
    after = {"run": run.pk, "name": str(run), "listings": run.total}
    audit.record(actor=actor, action=action, subject=f"mapping_run:{run.pk}", before={}, after=after)


def _unsuggested() -> QuerySet[Listing]:
    return Listing.objects.all().unmapped().filter(suggested_at=None)


_STEPS = {
    MappingRun.State.CHECKING: _check_some,
    MappingRun.State.APPLYING: _apply_some,
    MappingRun.State.UNDOING: _undo_some,
}
