"""The circuit breaker: a wave that would change too much of a channel at once stops and asks a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from channels import connection
from channels.models import Channel, Listing, Push
from inventory import audit
from inventory.models import Movement

SMALL_WAVE = 100  # so few listings may always change: a busy minute in a small store is no accident
ALLOWED_FOR = timedelta(minutes=15)
LATELY = timedelta(minutes=10)  # what a broken import empties bit by bit counts together


def halts(channel: Channel, changes: Sequence[tuple[Listing, int]], *, now: datetime) -> bool:
    """Tell whether the wave (listings with their targets) must wait, having kept the reason on the channel."""
    if channel.wave_allowed_until is not None and now < channel.wave_allowed_until:
        return False
    zeros = sum(1 for listing, target in changes if target == 0 and (listing.accounted or 0) > 0)
    reason = ""
    if zeros > channel.breaker_zeros:
        reason = _("%(zeros)d listings would go to zero at once; the limit is %(limit)d.") % {
            "zeros": zeros,
            "limit": channel.breaker_zeros,
        }
    elif zeros and (emptied := _emptied_unsold(channel, changes, now=now)) > channel.breaker_zeros:
        reason = _(
            "%(zeros)d listings would have gone to zero within %(minutes)d minutes without a sale;"
            " the limit is %(limit)d."
        ) % {"zeros": emptied, "minutes": int(LATELY.total_seconds() // 60), "limit": channel.breaker_zeros}
    else:
        reason = too_many(channel, len(changes), now=now)
    if not reason:
        if channel.halted_at is not None:
            _clear(channel)
        return False
    with transaction.atomic():
        if Channel.objects.filter(pk=channel.pk, halted_at=None).update(halted_at=now):
            connection.tell_stopped(channel, "halted", reason, now=now)
        Channel.objects.filter(pk=channel.pk).update(halted_reason=reason)
    return True


def too_many(channel: Channel, changes: int, *, now: datetime) -> str:
    """Return why a wave that changes so many listings of the channel would wait for a person; empty: it would not."""
    if changes <= SMALL_WAVE or (channel.wave_allowed_until is not None and now < channel.wave_allowed_until):
        return ""
    written = Listing.objects.filter(channel=channel).publishable()
    if channel.mode == Channel.Mode.PART_LIVE:
        written = written.filter(is_live=True)
    in_all = written.count()
    if changes * 100 <= in_all * channel.breaker_percent:
        return ""
    return _("%(changes)d of %(in_all)d listings would change at once; the limit is %(limit)d %%.") % {
        "changes": changes,
        "in_all": in_all,
        "limit": channel.breaker_percent,
    }


def _emptied_unsold(channel: Channel, changes: Sequence[tuple[Listing, int]], *, now: datetime) -> int:
    """Return how many listings this wave and those before it take to zero though nobody has bought the last units.

    A busy hour sells many things out, and that must reach the store; what no order explains may be a broken import.
    """
    since = now - LATELY
    wave = [listing for listing, target in changes if target == 0 and (listing.accounted or 0) > 0]
    skus = {listing.sku_id for listing in wave}
    sales = Movement.objects.filter(kind=Movement.Kind.RESERVE, recorded_at__gte=since)
    sold = set(sales.filter(sku__in=skus).values_list("sku", flat=True))
    before = (
        Push.objects.filter(channel=channel, settled_at__gte=since, state=Push.State.APPLIED)
        .filter(target=0, accounted_before__gt=0)
        .exclude(listing__in=wave)
        .exclude(Exists(sales.filter(sku=OuterRef("listing__sku"))))
    )
    emptied = before.order_by().values("listing").distinct().count()
    return emptied + sum(1 for listing in wave if listing.sku_id not in sold)


def allow(*, channel: Channel, actor: str, now: datetime) -> None:
    """Let the waiting wave go out: a person has looked at it."""
    Channel.objects.filter(pk=channel.pk).update(wave_allowed_until=now + ALLOWED_FOR, halted_at=None, halted_reason="")
    audit.record(
        actor=actor,
        action="channel.allow_wave",
        subject=f"channel:{channel.pk}",
        before={"reason": channel.halted_reason},
        after={},
    )
    Listing.objects.filter(channel=channel, due_at__isnull=False).update_in_order(due_at=now)


def _clear(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(halted_at=None, halted_reason="")
