"""Which SKU a listing sells, as a person decides it. What links by itself is in ``linking``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from channels import orders, rulings
from channels.models import Channel, Listing, MappingChange
from channels.rulings import PERSON, TAKEN_AWAY, TAKEN_BACK, Ruling, pools_of, settle
from inventory import audit, bundles, catalogue
from inventory.actors import name_of
from inventory.models import Sku

UNLINK = "listing.unlink"  # in the audit trail


def link(*, listing: Listing, sku: Sku, actor: str, now: datetime) -> Listing:
    """Map ``listing`` to ``sku``, book the order lines that waited for it, and have its quantity published."""
    with transaction.atomic():
        linked = _link(listing, sku, actor=actor, now=now)
    settle(linked, now=now)
    listing.refresh_from_db()
    return listing


def _link(listing: Listing, sku: Sku, *, actor: str, now: datetime, made_sku: bool = False) -> list[int]:
    reason = _("Chosen by %(actor)s") % {"actor": name_of(actor)}
    ruling = Ruling(mapping=Listing.Mapping.MAPPED, sku_id=sku.pk, reason=reason, made_sku=made_sku)
    return _rule(listing, ruling, "listing.link", actor=actor, now=now, after={"sku": sku.code})


def _rule(
    listing: Listing, ruling: Ruling, action: str, *, actor: str, now: datetime, after: Mapping[str, object]
) -> list[int]:
    before = {"sku": listing.sku.code if listing.sku else None, "mapping": listing.mapping}
    _record(listing, action, actor, before, {**after, "mapping": ruling.mapping})
    return rulings.write({listing.pk: ruling}, actor=actor, now=now)


def unlink(*, listing: Listing, actor: str, now: datetime) -> Listing:
    """Take the mapping away: nothing is published to the listing and its new sales wait. What is booked stays.

    Nothing links it again by itself.
    """
    return _detach(listing, Listing.Mapping.UNMAPPED, UNLINK, TAKEN_AWAY, actor=actor, now=now)


def ignore(*, listing: Listing, actor: str, now: datetime) -> Listing:
    """Never link the listing: it leaves the queue, and its sales don't concern the ledger."""
    detached = _detach(listing, Listing.Mapping.IGNORED, "listing.ignore", PERSON, actor=actor, now=now)
    orders.rebook_waiting(list(pools_of([listing]).values_list("pk", flat=True)), now=now)
    return detached


def ignore_beside_variations(*, channel: Channel, actor: str, now: datetime) -> int:
    """Never link the unmapped products whose variations are all listings of their own; return how many there were."""
    listings = list(Listing.objects.filter(channel=channel).unmapped().beside_variations().order_by("pk"))
    for listing in listings:
        ignore(listing=listing, actor=actor, now=now)
    return len(listings)


@transaction.atomic
def _detach(
    listing: Listing, mapping: Listing.Mapping, action: str, kind: str, *, actor: str, now: datetime
) -> Listing:
    _rule(listing, Ruling(mapping=mapping, kind=kind), action, actor=actor, now=now, after={"sku": None})
    listing.refresh_from_db()
    return listing


def create_sku(*, listing: Listing, actor: str, now: datetime, components: Mapping[int, int] | None = None) -> Sku:
    """Make a SKU from what the store calls the listing, a bundle where it has ``components``, and link it.

    Raises ValidationError for an unusable code or components that can't be.
    """
    with transaction.atomic():
        sku = catalogue.create_sku(
            code=listing.external_sku.strip(),
            name=listing.title[:300],
            barcode=listing.barcode,
            is_sandbox=listing.channel.is_sandbox,
            actor=actor,
        )
        _record(listing, "sku.create", actor, {}, {"sku": sku.code})
        if components:
            sku = bundles.set_components(bundle=sku, components=components, actor=actor, now=now)
        linked = _link(listing, sku, actor=actor, now=now, made_sku=True)
    settle(linked, now=now)
    return sku


class ChangedSince(Exception):
    """Something else has been decided about the listing since; what was to be taken back is not the last word."""


def take_back(*, change: MappingChange, actor: str, now: datetime) -> Listing:
    """Map the listing as it was before ``change``. A SKU that was made for it is archived if nothing else has it.

    Raises ChangedSince unless the change is the listing's last one.
    """
    listing = change.listing
    with transaction.atomic():
        list(pools_of([listing]).order_by("pk").select_for_update(no_key=True).values_list("pk"))
        last = MappingChange.objects.filter(listing=listing).order_by("-pk").first()
        if last is None or last.pk != change.pk:
            raise ChangedSince(_("%(listing)s has been decided anew since.") % {"listing": listing})
        listing.refresh_from_db()
        ruling = before_of(change)
        code = change.before_sku.code if change.before_sku else None
        changed = _rule(listing, ruling, "listing.take_back", actor=actor, now=now, after={"sku": code})
        if change.made_sku and change.after_sku is not None:
            catalogue.archive_unused(sku=change.after_sku, actor=actor, now=now)
    settle(changed, now=now)
    orders.rebook_waiting(changed, now=now)
    listing.refresh_from_db()
    return listing


def before_of(change: MappingChange) -> Ruling:
    """Return the ruling that gives a listing back the mapping it had before ``change``."""
    kind = change.before_kind
    if change.before_mapping == Listing.Mapping.UNMAPPED and change.kind != PERSON:
        kind = TAKEN_AWAY  # or it would link by itself again
    return Ruling(
        mapping=Listing.Mapping(change.before_mapping),
        sku_id=change.before_sku_id,
        kind=kind or TAKEN_BACK,
        reason=_("As it was before.") if change.before_sku_id else "",
    )


def _record(
    listing: Listing, action: str, actor: str, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    audit.record(actor=actor, action=action, subject=f"listing:{listing.pk}", before=before, after=after)
