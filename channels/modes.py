"""What goes out to a channel at all, and which warehouses it sells from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Count, F, Q, When
from django.utils.translation import gettext as _

from channels import availability, breaker, hold_backs, observing, orders, publishing
from channels.hold_backs import Scope
from channels.lanes import wake
from channels.models import Channel, ChannelWarehouse, Listing, OrderLine
from channels.querysets import ListingQuerySet
from inventory import audit
from inventory.models import Sku, Warehouse
from inventory.searches import at_first

SAMPLE = 20  # changes that a preview names one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One quantity that would be written."""

    listing: Listing
    accounted: int
    target: int

    @property
    def delta(self) -> int:
        return self.target - self.accounted


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a channel would be sent if it went live now; ``sample`` are the changes that would go out first."""

    changes: int
    raised: int
    lowered: int
    to_zero: int
    unread: int
    sample: tuple[Change, ...]
    known: int

    @property
    def empties(self) -> bool:
        """Whether it would take most of the channel off sale: more likely a ledger without stock than a wish."""
        return self.to_zero * 2 > self.known


def preview(channel: Channel, *, among: ListingQuerySet | None = None) -> Preview:
    """Tell, without writing anything, what going live would change on the channel.

    ``among``: those of the channel's listings that go live; None stands for all. What stands on observed listings is
    read; what the lane has not looked at yet, or does not look at in this mode, is worked out.
    """
    rows = (Listing.objects.all() if among is None else among).filter(channel=channel).publishable().order_by()
    is_told = observing.of_mode(channel) & Q(accounted__isnull=False, would_show__isnull=False, due_at=None)
    told = rows.filter(is_told)
    stored = told.aggregate(
        known=Count("pk"),
        raised=Count("pk", filter=Q(would_show__gt=F("accounted"))),
        lowered=Count("pk", filter=Q(would_show__lt=F("accounted"))),
        to_zero=Count("pk", filter=Q(would_show=0, accounted__gt=0)),
    )
    # In the order in which publishing sends them: decreases first, and among them the lowest.
    first = told.exclude(would_show=F("accounted")).annotate(
        rises=Case(When(would_show__gt=F("accounted"), then=1), default=0)
    )
    ids = list(first.order_by("rises", "would_show", "pk").values_list("pk", flat=True)[:SAMPLE])
    rest = rows.exclude(is_told)
    known = rest.filter(accounted__isnull=False).count()
    if channel.mode == Channel.Mode.LIVE:
        rest = rest.exclude(due_at=None, accounted__isnull=False)  # a live listing that is at rest is in step
    listings = list(at_first(rest).select_related("sku"))
    targets = availability.targets(listings)
    changes = [
        change
        for listing in listings
        if listing.accounted is not None
        for change in [Change(listing=listing, accounted=listing.accounted, target=targets[listing.pk])]
        if change.delta
    ]
    sample = changes + [
        Change(listing=listing, accounted=listing.accounted, target=listing.would_show)
        for listing in told.filter(pk__in=ids).select_related("sku")
    ]
    sample.sort(key=lambda change: (change.delta > 0, change.target, change.listing.pk))
    return Preview(
        changes=len(changes) + stored["raised"] + stored["lowered"],
        raised=sum(1 for change in changes if change.delta > 0) + stored["raised"],
        lowered=sum(1 for change in changes if change.delta < 0) + stored["lowered"],
        to_zero=sum(1 for change in changes if change.delta < 0 and change.target == 0) + stored["to_zero"],
        unread=sum(1 for listing in listings if listing.accounted is None),
        sample=tuple(sample[:SAMPLE]),
        known=stored["known"] + known,
    )


@transaction.atomic
def change_mode(
    *,
    channel: Channel,
    mode: str,
    actor: str,
    now: datetime,
    action: str = "channel.mode",
    allows_wave: bool = True,
) -> Channel:
    """Set the channel's mode and wake its lane; an emergency stop that held it is over.

    ``allows_wave``: the person who goes live has seen the first wave, so it passes whatever its size. ``action`` is
    how the trail calls it.
    """
    mode = Channel.Mode(mode)
    audit.record(
        actor=actor,
        action=action,
        subject=f"channel:{channel.pk}",
        before={"mode": channel.mode},
        after={"mode": mode},
    )
    before = channel.mode
    goes_live = allows_wave and mode == Channel.Mode.LIVE and before != Channel.Mode.LIVE
    if mode == Channel.Mode.OBSERVE:
        Listing.objects.filter(channel=channel, is_live=True).update_in_order(is_live=False)
    Channel.objects.filter(pk=channel.pk).update(
        mode=mode,
        mode_before="",
        stopped_at=None,
        stopped_by="",
        wave_allowed_until=now + breaker.ALLOWED_FOR if goes_live else channel.wave_allowed_until,
        halted_at=None,  # if the wave is still too large, publishing stops it anew
        halted_reason="",
    )
    rests = {Channel.Mode.PAUSED} if before != Channel.Mode.LIVE else {Channel.Mode.PAUSED, Channel.Mode.SELL_DOWN}
    channel.refresh_from_db()
    if mode not in rests:  # a mode that only holds back has nothing to look at that was not due already
        publish_all(channel=channel, now=now)
    return channel


@transaction.atomic
def go_live_with(*, channel: Channel, listing_ids: Sequence[int], chosen_by: str, actor: str, now: datetime) -> int:
    """Have these listings written to while the channel's others stay observed; return how many are new among them.

    Those that are live already stay so. ``chosen_by`` says for the trail how they were chosen. Raises CantChoose for
    a channel that writes to all of its listings, or to none for another reason than observing.
    """
    channel = Channel.objects.select_for_update().get(pk=channel.pk)
    if channel.mode not in {Channel.Mode.OBSERVE, Channel.Mode.PART_LIVE}:
        raise CantChoose(
            _("%(channel)s is in the mode “%(mode)s”: set it to observe first.")
            % {"channel": channel.name, "mode": channel.get_mode_display()}
        )
    rows = Listing.objects.filter(channel=channel, pk__in=listing_ids, is_live=False).publishable()
    added = rows.update_in_order(is_live=True)
    if not added:
        raise CantChoose(_("None of the chosen listings can go live: choose others."))
    audit.record(
        actor=actor,
        action="channel.part_live",
        subject=f"channel:{channel.pk}",
        before={"mode": channel.mode},
        after={"mode": Channel.Mode.PART_LIVE, "listings": added, "chosen by": chosen_by},
    )
    Channel.objects.filter(pk=channel.pk).update(
        mode=Channel.Mode.PART_LIVE,
        wave_allowed_until=now + breaker.ALLOWED_FOR,  # the person has seen it
        halted_at=None,
        halted_reason="",
    )
    publish_all(channel=channel, now=now)
    return added


class CantChoose(Exception):
    """These listings can't go live by themselves; the message says why and what to do."""


def publish_all(*, channel: Channel, now: datetime) -> int:
    """Have every listing of the channel compared with its target; return how many there are."""
    due = Listing.objects.filter(channel=channel).publishable().wake_all(now=now)
    Listing.objects.filter(channel=channel, due_at__isnull=False).update_in_order(due_at=now)
    wake(publishing.lane_of(channel.pk))
    return due


def set_warehouses(
    *,
    channel: Channel,
    warehouses: Sequence[Warehouse],
    actor: str,
    now: datetime,
    locations: Mapping[int, str] | None = None,
) -> None:
    """Make the channel sell from these warehouses, orders taking from the first named first.

    ``locations``: which of the platform's locations each stands for, by the warehouse's id, where it has any.
    """
    _feed(channel, warehouses, locations or {}, actor=actor)
    waiting = OrderLine.objects.waiting().filter(order__channel=channel, listing__isnull=False)
    orders.rebook_waiting(sorted(set(waiting.values_list("listing_id", flat=True))), now=now)
    publish_all(channel=channel, now=now)


@transaction.atomic
def _feed(channel: Channel, warehouses: Sequence[Warehouse], locations: Mapping[int, str], *, actor: str) -> None:
    if strange := [each for each in warehouses if each.is_sandbox != channel.is_sandbox]:
        raise ValidationError(
            _("%(warehouse)s can't feed %(channel)s: the sandbox is kept apart from what is real.")
            % {"warehouse": strange[0], "channel": channel}
        )
    before = _fed(channel)
    channel.feeds.exclude(warehouse__in=warehouses).delete()
    for priority, warehouse in enumerate(warehouses, 1):
        ChannelWarehouse.objects.update_or_create(
            channel=channel,
            warehouse=warehouse,
            defaults={"priority": priority, "location_ref": locations.get(warehouse.pk, "")},
        )
    audit.record(
        actor=actor,
        action="channel.warehouses",
        subject=f"channel:{channel.pk}",
        before={"warehouses": before},
        after={"warehouses": _fed(channel)},
    )


def _fed(channel: Channel) -> list[str]:
    """Name the warehouses that feed the channel, with the locations they stand for, first choice first."""
    places = dict(channel.locations.values_list("ref", "name"))
    return [
        f"{code} → {places.get(ref, ref)}" if ref else code
        for code, ref in channel.feeds.order_by("priority", "pk").values_list("warehouse__code", "location_ref")
    ]


@transaction.atomic
def set_hold_back(
    *,
    units: int | None,
    actor: str,
    now: datetime,
    channel: Channel | None = None,
    sku: Sku | None = None,
    listing: Listing | None = None,
) -> None:
    """Keep ``units`` from a channel, a SKU's or one listing, or from everything; None inherits again."""
    scope = Scope(
        channel_id=channel.pk if channel else None,
        sku_id=sku.pk if sku else None,
        listing_id=listing.pk if listing else None,
    )
    hold_backs.set_many({scope: units}, actor=actor)
    hold_backs.publish([scope], now=now)
