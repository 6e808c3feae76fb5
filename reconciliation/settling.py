"""What becomes of a suspicion: it agrees after all, or it is corrected, left, or shown to a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from channels import availability, readings, suggesting
from channels.contract import Platform
from channels.models import Listing
from channels.readings import Reading
from inventory import audit
from reconciliation import causes, facts, queue, tolerances
from reconciliation.models import Cause, Discrepancy, Finding, Run, Suspicion, Tolerance, Verb
from reconciliation.queue import Diagnosis

POLICY = "policy"  # the actor where a tolerance decides


def agreed(listing_ids: Sequence[int], *, note: str = "", now: datetime) -> None:
    """Take back what was suspected of listings that agree with the ledger; what was open has healed."""
    open_ids = set(Discrepancy.objects.live().filter(listing__in=listing_ids).values_list("listing_id", flat=True))
    suspected = Finding.objects.filter(listing__in=listing_ids).unsettled()
    suspected.filter(listing__in=open_ids).update(state=Finding.State.HEALED, note=note, settled_at=now)
    suspected.update(state=Finding.State.DISMISSED, note=note, settled_at=now)
    queue.heal(listing_ids, now=now)
    Suspicion.objects.filter(listing__in=listing_ids).delete()


def confirmed(listing: Listing, reading: Reading, platform: Platform | None, *, now: datetime) -> Finding.State:
    """Decide about a difference that was read twice: correct it, leave it, or show it. Return which.

    ``listing`` is as it stands after the reading, with its channel and SKU.
    """
    Suspicion.objects.filter(listing=listing).delete()
    diagnosis = diagnose(listing, reading, platform)
    allowed = tolerances.effective([listing])[listing.pk]
    is_small = (
        reading.quantity is not None
        and bool(reading.drift)
        and allowed.allows(difference=reading.drift, ledger_says=reading.accounted or 0)
    )
    row: Discrepancy | None = None
    if is_small:
        state = _settle_small(listing, reading, allowed, now=now)
    elif diagnosis.cause == Cause.LISTING_GONE and not _is_missed(listing):
        state = Finding.State.LEFT
    else:
        row, is_new = queue.show(listing, reading, diagnosis, run=_run_of(listing), now=now)
        state = Finding.State.OPENED if is_new else Finding.State.KNOWN
    _record(listing, reading, diagnosis, state, row, now=now)
    return state


def diagnose(listing: Listing, reading: Reading, platform: Platform | None) -> Diagnosis:
    """Return why the listing differs, what speaks for it, and what to do."""
    warehouse = queue.only_warehouse(listing)
    known = facts.gather(listing, reading, platform, has_one_warehouse=warehouse is not None and _is_countable(listing))
    judgement = causes.judge(known)
    return Diagnosis(
        cause=judgement.cause,
        evidence=judgement.evidence,
        proposal=judgement.proposal,
        proposal_reason=judgement.reason,
        proposed_sku=judgement.proposed_sku,
        agreed_at=known.agreed_at,
    )


def _is_countable(listing: Listing) -> bool:
    return listing.sku is not None and not listing.sku.is_bundle


def _settle_small(listing: Listing, reading: Reading, allowed: tolerances.Effective, *, now: datetime) -> Finding.State:
    """Do what the policy says with a difference within the tolerance. One that was open before is closed."""
    corrects = allowed.policy == Tolerance.Policy.CORRECT
    state = Finding.State.LEFT
    if corrects and listing.channel.is_writable and not listing.is_observed and listing.is_publishable:
        with transaction.atomic():
            if readings.anchor(listing, reading, now=now):
                audit.record(
                    actor=POLICY,
                    action="tolerance.correct",
                    subject=f"listing:{listing.pk}",
                    before={"accounted": reading.accounted},
                    after={"accounted": reading.quantity},
                )
                state = Finding.State.CORRECTED
    queue.heal([listing.pk], now=now)
    return state


def _is_missed(listing: Listing) -> bool:
    """Tell whether something can't be sold any more: units are left, and no other listing there offers them."""
    twins = Listing.objects.filter(channel=listing.channel_id, sku=listing.sku_id).publishable()
    return not twins.exclude(pk=listing.pk).exists() and availability.targets([listing])[listing.pk] > 0


def _run_of(listing: Listing) -> Run | None:
    finding = Finding.objects.filter(listing=listing, run__isnull=False).unsettled().select_related("run").first()
    return finding.run if finding else None


def _record(
    listing: Listing,
    reading: Reading,
    diagnosis: Diagnosis,
    state: Finding.State,
    row: Discrepancy | None,
    *,
    now: datetime,
) -> None:
    """Write the outcome on the findings that waited for it; without any, keep it as one of its own if it is news."""
    columns: dict[str, object] = {
        "state": state,
        "cause": diagnosis.cause,
        "ledger_says": reading.accounted,
        "channel_shows": reading.quantity,
        "discrepancy": row,
        "settled_at": now,
    }
    if Finding.objects.filter(listing=listing).unsettled().update(**columns):
        return
    if state == Finding.State.KNOWN:
        return
    last = Finding.objects.filter(listing=listing).order_by("-pk").first()
    if last is not None and all(getattr(last, name) == columns[name] for name in _SAYS):
        return
    Finding.objects.create(listing=listing, ref=listing.ref, product_ref=listing.product_ref, **columns)


_SAYS = ("state", "ledger_says", "channel_shows")


def new_listing(finding: Finding, listing: Listing | None, *, now: datetime) -> None:
    """Settle what a run found and the ledger did not know, after it was read directly."""
    if listing is None or listing.state == Listing.State.GONE:
        _settle(finding, Finding.State.DISMISSED, _("It is not there any more."), now=now)
        return
    if listing.mapping == Listing.Mapping.MAPPED:
        words = _("New; linked to %(sku)s by its code.") % {"sku": listing.sku}
        _settle(finding, Finding.State.DISMISSED, words, now=now, listing=listing)
        return
    if listing.mapping == Listing.Mapping.IGNORED or not listing.tracked:
        _settle(finding, Finding.State.DISMISSED, _("New; nothing is kept of it."), now=now, listing=listing)
        return
    near = suggesting.suggest([listing])[listing.pk]
    diagnosis = Diagnosis(
        cause=Cause.LISTING_NEW,
        evidence=(causes.evidence("listing", suggesting.why_waiting(listing, near), listing.pk),),
        proposal=Verb.CHANGE_MAPPING if near else None,
        proposal_reason=near[0].reason if near else "",
        proposed_sku=near[0].sku if near else None,
    )
    reading = Reading(quantity=listing.shown, accounted=None, version=listing.accounted_version)
    row, is_new = queue.show(listing, reading, diagnosis, run=finding.run, now=now)
    state = Finding.State.OPENED if is_new else Finding.State.KNOWN
    _settle(finding, state, "", now=now, listing=listing, row=row)


def _settle(
    finding: Finding,
    state: Finding.State,
    note: str,
    *,
    now: datetime,
    listing: Listing | None = None,
    row: Discrepancy | None = None,
) -> None:
    if listing is not None and Finding.objects.filter(run=finding.run_id, listing=listing).exists():
        listing = None  # the run has looked at it already under its own name
    Finding.objects.filter(pk=finding.pk).update(
        state=state, note=note[:300], settled_at=now, listing=listing, discrepancy=row
    )
