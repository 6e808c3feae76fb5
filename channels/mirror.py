"""Stock that a platform holds for the merchant, shown as a warehouse that nobody but the platform changes.

Other channels may sell from it if a person lets it feed them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from channels.contract import ChannelError, Platform, RateLimited
from channels.lanes import Lease, wake
from channels.models import Channel, Listing
from inventory import audit, catalogue, counts
from inventory.models import Sku, StockLevel, Warehouse

EVERY = timedelta(minutes=15)


def lane_of(channel_id: int) -> str:
    return f"mirror:{channel_id}"


@transaction.atomic
def start(*, channel: Channel, code: str, actor: str, now: datetime) -> Warehouse:
    """Show what the platform holds as a new warehouse ``code``; one that is shown already stays.

    Raises ValidationError for a code that is taken.
    """
    channel = Channel.objects.select_for_update().get(pk=channel.pk)
    if channel.mirror is not None:
        return channel.mirror
    name = _("%(channel)s, held there") % {"channel": channel.name}
    warehouse = catalogue.create_warehouse(code=code, name=name, actor=actor)
    channel.mirror, channel.next_mirror_at = warehouse, now
    channel.save(update_fields=["mirror", "next_mirror_at"])
    keep(channel)
    audit.record(
        actor=actor, action="channel.mirror", subject=f"channel:{channel.pk}", before={}, after={"warehouse": code}
    )
    wake(lane_of(channel.pk))
    warehouse.refresh_from_db()
    return warehouse


def keep(channel: Channel) -> None:
    """Have the channel alone, by the name it has now, change the stock of its warehouse."""
    Warehouse.objects.filter(mirrored_by=channel).update(kept_by=f"channel:{channel.name}")


def let_go(channel: Channel) -> None:
    """Let people change the stock of the channel's warehouse: nobody reads it any more."""
    Warehouse.objects.filter(mirrored_by=channel).update(kept_by="")


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Bring the warehouse to what the platform holds now; tell whether it was time to. Raises ChannelError."""
    now = timezone.now()
    rows = Channel.objects.filter(pk=channel.pk, next_mirror_at__lte=now)
    if channel.mirror is None or not rows.update(next_mirror_at=now + EVERY):
        return False
    read_at = timezone.now()
    try:
        held = {item.external_sku: item.units for item in platform.held_stock()}
    except ChannelError as error:
        wait = error.wait_seconds if isinstance(error, RateLimited) else 60
        Channel.objects.filter(pk=channel.pk).update(next_mirror_at=now + timedelta(seconds=wait))
        raise
    lease.renew()
    _show(channel, channel.mirror, held, read_at=read_at)
    return True


def _show(channel: Channel, warehouse: Warehouse, held: dict[str, int], *, read_at: datetime) -> None:
    """Count into the warehouse what differs. What the platform no longer names it holds none of.

    A bundle that lies there packed is left out: it holds no stock of its own, and its components can't be sold singly.
    """
    units: dict[int, int] = dict.fromkeys(
        StockLevel.objects.filter(warehouse=warehouse).exclude(on_hand=0).values_list("sku_id", flat=True), 0
    )
    listings = Listing.objects.filter(channel=channel, sku__is_bundle=False, external_sku__in=held)
    for external_sku, sku_id in sorted(set(listings.order_by().values_list("external_sku", "sku_id"))):
        units[sku_id] = units.get(sku_id, 0) + held[external_sku]
    on_hand = dict(StockLevel.objects.filter(warehouse=warehouse, sku__in=units).values_list("sku_id", "on_hand"))
    changed = {sku_id: there for sku_id, there in units.items() if on_hand.get(sku_id, 0) != there}
    for sku in Sku.objects.filter(pk__in=changed).order_by("pk"):
        counts.record(
            sku=sku,
            warehouse=warehouse,
            counted=changed[sku.pk],
            key=f"mirror:{channel.pk}:{sku.pk}:{read_at.isoformat()}",
            actor=f"channel:{channel.name}",
            now=timezone.now(),
            counted_at=read_at,
            reason=_("%(channel)s holds it") % {"channel": channel.name},
        )
