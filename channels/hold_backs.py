"""Units kept from channels, set for many scopes at once; what follows from it is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from channels import publishing
from channels.lanes import wake
from channels.models import HoldBack, Listing
from inventory.models import AuditEntry

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a hold-back is set for: at most one of the three; none of them is everything."""

    channel_id: int | None = None
    sku_id: int | None = None
    listing_id: int | None = None

    @property
    def subject(self) -> str:
        """Name the scope as the trail names it."""
        for name, pk in (("listing", self.listing_id), ("sku", self.sku_id), ("channel", self.channel_id)):
            if pk is not None:
                return f"{name}:{pk}"
        return "everything"


@transaction.atomic
def set_many(units: Mapping[Scope, int | None], *, actor: str) -> list[Scope]:
    """Keep so many units back in each scope (None: inherit again); return the scopes whose value has changed.

    Nothing is published yet: that is ``publish``, once it is certain that it stays.
    """
    before = said(list(units))
    changed = [scope for scope, wanted in units.items() if before.get(scope) != wanted]
    for start in range(0, len(changed), AT_ONCE):
        _write(changed[start : start + AT_ONCE], units)
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                actor=actor,
                action="hold_back.set",
                subject=scope.subject,
                before={"units": before.get(scope)},
                after={"units": units[scope]},
            )
            for scope in changed
        ),
        batch_size=AT_ONCE,
    )
    return changed


def _write(scopes: Sequence[Scope], units: Mapping[Scope, int | None]) -> None:
    HoldBack.objects.filter(_rows_of(scopes)).delete()
    HoldBack.objects.bulk_create(
        HoldBack(channel_id=scope.channel_id, sku_id=scope.sku_id, listing_id=scope.listing_id, units=wanted)
        for scope in scopes
        if (wanted := units[scope]) is not None
    )


def said(scopes: Sequence[Scope]) -> dict[Scope, int]:
    """Return what each scope itself says; one that inherits is left out."""
    found = {}
    for start in range(0, len(scopes), AT_ONCE):
        for row in HoldBack.objects.filter(_rows_of(scopes[start : start + AT_ONCE])):
            found[Scope(channel_id=row.channel_id, sku_id=row.sku_id, listing_id=row.listing_id)] = row.units
    return found


def _rows_of(scopes: Sequence[Scope]) -> Q:
    wanted = Q(
        listing__in=[scope.listing_id for scope in scopes if scope.listing_id is not None],
    )
    wanted |= Q(sku__in=[scope.sku_id for scope in scopes if scope.sku_id is not None])
    wanted |= Q(channel__in=[scope.channel_id for scope in scopes if scope.channel_id is not None])
    if Scope() in scopes:
        wanted |= Q(channel=None, sku=None, listing=None)
    return wanted


def listings_of(scopes: Sequence[Scope]) -> Q:
    """Return the condition for the listings that the scopes may decide about."""
    if Scope() in scopes:
        return Q()
    return (
        Q(pk__in=[scope.listing_id for scope in scopes if scope.listing_id is not None])
        | Q(sku__in=[scope.sku_id for scope in scopes if scope.sku_id is not None])
        | Q(channel__in=[scope.channel_id for scope in scopes if scope.channel_id is not None])
    )


def publish(scopes: Sequence[Scope], *, now: datetime) -> None:
    """Have the listings looked at that the scopes may decide about."""
    channels: set[int] = set()
    for start in range(0, len(scopes), AT_ONCE):
        listings = Listing.objects.publishable().filter(listings_of(scopes[start : start + AT_ONCE]))
        listings.wake_all(now=now)
        channels |= set(listings.order_by().values_list("channel_id", flat=True).distinct())
    for channel_id in sorted(channels):
        wake(publishing.lane_of(channel_id))
