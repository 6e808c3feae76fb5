"""The circuit breaker: a wave that would change too much of a channel at once stops and asks a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from channels import connection
from channels.models import Channel, Listing
from inventory import audit

SMALL_WAVE = 100  # so few listings may always change: a busy minute in a small store is no accident
ALLOWED_FOR = timedelta(minutes=15)


def halts(channel: Channel, changes: Sequence[tuple[Listing, int]], *, now: datetime) -> bool:
    """Tell whether the wave (listings with their targets) must wait, having kept the reason on the channel."""
    if channel.wave_allowed_until is not None and now < channel.wave_allowed_until:
        return False
    zeros = sum(1 for listing, target in changes if target == 0 and (listing.accounted or 0) > 0)
    written = Listing.objects.filter(channel=channel).publishable()
    if channel.mode == Channel.Mode.PART_LIVE:
        written = written.filter(is_live=True)
    in_all = written.count()
    reason = ""
    if zeros > channel.breaker_zeros:
        reason = _("%(zeros)d listings would go to zero at once; the limit is %(limit)d.") % {
            "zeros": zeros,
            "limit": channel.breaker_zeros,
        }
    elif len(changes) > SMALL_WAVE and len(changes) * 100 > in_all * channel.breaker_percent:
        reason = _("%(changes)d of %(in_all)d listings would change at once; the limit is %(limit)d %%.") % {
            "changes": len(changes),
            "in_all": in_all,
            "limit": channel.breaker_percent,
        }
    if not reason:
        if channel.halted_at is not None:
            _clear(channel)
        return False
    with transaction.atomic():
        if Channel.objects.filter(pk=channel.pk, halted_at=None).update(halted_at=now):
            connection.tell_stopped(channel, "halted", reason, now=now)
        Channel.objects.filter(pk=channel.pk).update(halted_reason=reason)
    return True


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
