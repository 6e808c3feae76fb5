"""Which SKU a listing sells. Only an exact, unambiguous code links by itself; everything else waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Count, F, QuerySet, When
from django.utils.translation import gettext as _

from channels import orders
from channels.models import Channel, Listing
from channels.querysets import ListingQuerySet
from inventory import audit, catalogue
from inventory.actors import name_of
from inventory.models import AuditEntry, Sku, match_key

UNLINK = "listing.unlink"  # in the audit trail
BOOKS_WITHIN = timedelta(seconds=30)  # longer than booking what waited for a mapping takes


def match(*, channel: Channel, now: datetime) -> int:
    """Link every unmapped listing whose code is exactly one SKU's and one listing's; return how many were linked.

    A code that several listings of the store carry is never guessed: each keeps the reason why it waits.
    """
    linked = _match(channel, now=now)
    _after_linking(linked, now=now)
    return len(linked)


@transaction.atomic
def _match(channel: Channel, *, now: datetime) -> list[int]:
    unmapped = Listing.objects.filter(channel=channel).unmapped().exclude(external_sku="")
    # Locked in the order that everyone locks listings in.
    list(unmapped.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    repeated = set(
        Listing.objects.filter(channel=channel, state=Listing.State.ACTIVE)
        .exclude(external_sku="")
        .exclude(mapping=Listing.Mapping.IGNORED)
        .order_by()
        .values("external_sku")
        # One item at several locations is one listing for a person.
        .annotate(listings=Count(Case(When(item_ref="", then="ref"), default="item_ref"), distinct=True))
        .filter(listings__gt=1)
        .values_list("external_sku", flat=True)
    )
    unmapped.filter(external_sku__in=repeated).update(
        mapping_reason=_("Several listings of this store carry this SKU: choose which one sells it.")
    )
    unmapped.filter(mapping_reason="").beside_variations().update(
        mapping_reason=_("Its variations have SKUs of their own; it sells only what matches none of them.")
    )
    linked = []
    candidates = unmapped.exclude(external_sku__in=repeated).only("pk", "external_sku")
    taken_away = _taken_away(candidates)
    skus = {sku.code: sku for sku in Sku.objects.active().filter(code__in=candidates.values("external_sku"))}
    for listing in candidates.order_by("pk"):
        sku = skus.get(listing.external_sku)
        if sku is not None and listing.pk not in taken_away:
            Listing.objects.filter(pk=listing.pk).update(
                sku=sku, mapping=Listing.Mapping.MAPPED, mapping_reason=_("The store's SKU is the same code.")
            )
            linked.append(listing.pk)
    _have_published_soon(linked, now=now)
    return linked


def _taken_away(listings: QuerySet[Listing]) -> set[int]:
    """Return the ids of those whose mapping a person has taken away: only a person gives it back."""
    subjects = {f"listing:{pk}": pk for pk in listings.values_list("pk", flat=True)}
    entries = AuditEntry.objects.filter(action=UNLINK, subject__in=list(subjects))
    return {subjects[subject] for subject in entries.order_by().values_list("subject", flat=True)}


def link(*, listing: Listing, sku: Sku, actor: str, now: datetime) -> Listing:
    """Map ``listing`` to ``sku``, book the order lines that waited for it, and have its quantity published."""
    _link(listing, sku, actor=actor, now=now)
    _after_linking(list(_pools(listing).values_list("pk", flat=True)), now=now)
    listing.refresh_from_db()
    return listing


@transaction.atomic
def _link(listing: Listing, sku: Sku, *, actor: str, now: datetime) -> None:
    before = {"sku": listing.sku.code if listing.sku else None, "mapping": listing.mapping}
    _pools(listing).update_in_order(
        sku=sku,
        mapping=Listing.Mapping.MAPPED,
        mapping_reason=_("Chosen by %(actor)s") % {"actor": name_of(actor)},
        parked_at=None,
        parked_reason="",
        failures=0,
    )
    _record(listing, "listing.link", actor, before, {"sku": sku.code, "mapping": Listing.Mapping.MAPPED})
    _have_published_soon(list(_pools(listing).values_list("pk", flat=True)), now=now)


def _pools(listing: Listing) -> ListingQuerySet:
    """Return the listing and the other pools of its item: what is decided for one holds for all its locations."""
    pools: ListingQuerySet = Listing.objects.filter(pk=listing.pk).with_siblings()
    return pools


def unlink(*, listing: Listing, actor: str, now: datetime) -> Listing:
    """Take the mapping away: nothing is published to the listing and its new sales wait. What is booked stays.

    Its code does not link it again by itself.
    """
    return _detach(listing, Listing.Mapping.UNMAPPED, UNLINK, actor)


def ignore(*, listing: Listing, actor: str, now: datetime) -> Listing:
    """Never link the listing: it leaves the queue, and its sales don't concern the ledger."""
    detached = _detach(listing, Listing.Mapping.IGNORED, "listing.ignore", actor)
    orders.rebook_waiting(list(_pools(listing).values_list("pk", flat=True)), now=now)
    return detached


def ignore_beside_variations(*, channel: Channel, actor: str, now: datetime) -> int:
    """Never link the unmapped products whose variations are all listings of their own; return how many there were."""
    listings = list(Listing.objects.filter(channel=channel).unmapped().beside_variations().order_by("pk"))
    for listing in listings:
        ignore(listing=listing, actor=actor, now=now)
    return len(listings)


@transaction.atomic
def _detach(listing: Listing, mapping: Listing.Mapping, action: str, actor: str) -> Listing:
    before = {"sku": listing.sku.code if listing.sku else None, "mapping": listing.mapping}
    _pools(listing).update_in_order(
        sku=None, mapping=mapping, mapping_reason="", due_at=None, due_since=None, parked_at=None, parked_reason=""
    )
    _record(listing, action, actor, before, {"sku": None, "mapping": mapping})
    listing.refresh_from_db()
    return listing


def create_sku(*, listing: Listing, actor: str, now: datetime) -> Sku:
    """Make a SKU from what the store calls the listing, and link it. Raises ValidationError for an unusable code."""
    with transaction.atomic():
        sku = catalogue.create_sku(
            code=listing.external_sku.strip(), name=listing.title[:300], barcode=listing.barcode, actor=actor
        )
        _record(listing, "sku.create", actor, {}, {"sku": sku.code})
        _link(listing, sku, actor=actor, now=now)
    _after_linking(list(_pools(listing).values_list("pk", flat=True)), now=now)
    return sku


def create_missing_skus(*, channel: Channel, actor: str, now: datetime) -> int:
    """Make a SKU of every unmapped listing whose code is its own and no SKU's yet; return how many were made."""
    made = 0
    unmapped = Listing.objects.filter(channel=channel).unmapped().exclude(external_sku="")
    # A product beside its variations is no stock of its own.
    beside = set(unmapped.beside_variations().values_list("pk", flat=True))
    for listing in unmapped.exclude(pk__in=beside).order_by("pk"):
        twins = Listing.objects.filter(channel=channel, external_sku=listing.external_sku, state=Listing.State.ACTIVE)
        if (
            twins.exclude(pk__in=_pools(listing).values("pk")).exists()
            or Sku.objects.filter(match_key=match_key(listing.external_sku)).exists()
        ):
            continue  # ambiguous, or it may mean a SKU that is there: a person decides
        try:
            create_sku(listing=listing, actor=actor, now=now)
        except ValidationError:
            continue  # its code can't be one of ours; it stays in the queue
        made += 1
    return made


def _have_published_soon(listing_ids: list[int], *, now: datetime) -> None:
    """Make listings due in a while: in the transaction that links them, so that a crash after it leaves them due."""
    Listing.objects.filter(pk__in=listing_ids).publishable().wake_all(now=now + BOOKS_WITHIN, since=now)


def _after_linking(listing_ids: list[int], *, now: datetime) -> None:
    """Book what waited, each order in a transaction of its own, and only then publish: before, it would be too much.

    What a crash leaves waiting the sweep books.
    """
    orders.rebook_waiting(listing_ids, now=now)
    rows = Listing.objects.filter(pk__in=listing_ids).publishable()
    rows.update_in_order(due_at=now, due_version=F("due_version") + 1)


def _record(
    listing: Listing, action: str, actor: str, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    audit.record(actor=actor, action=action, subject=f"listing:{listing.pk}", before=before, after=after)
