"""What a person sets on a channel besides its mode and its warehouses; each change leaves its trace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from channels import ingress, mirror
from channels.models import Channel
from inventory import audit

PACE = ("name", "tags", "poll_seconds", "breaker_percent", "breaker_zeros")


@transaction.atomic
def set_pace(*, channel: Channel, values: Mapping[str, Any], actor: str, now: datetime) -> bool:
    """Set any of PACE; tell whether something changed. A shorter poll interval counts from now."""
    before = {name: getattr(channel, name) for name in PACE}
    after = {**before, **{name: values[name] for name in PACE if name in values}}
    if after == before:
        return False
    Channel.objects.filter(pk=channel.pk).update(**after)
    soonest = now + timedelta(seconds=int(after["poll_seconds"]))
    Channel.objects.filter(pk=channel.pk, next_poll_at__gt=soonest).update(next_poll_at=soonest)
    _record(channel, "channel.settings", actor, before, after)
    channel.refresh_from_db()
    mirror.keep(channel)
    return True


@transaction.atomic
def set_options(*, channel: Channel, options: Mapping[str, str], actor: str) -> bool:
    """Set the facts about this store that its platform leaves open; tell whether something changed.

    They decide how orders are read from now on. What is booked already stays as it is until its order changes.
    """
    before, after = dict(channel.options), {**channel.options, **options}
    if after == before:
        return False
    Channel.objects.filter(pk=channel.pk).update(options=after)
    _record(channel, "channel.options", actor, before, after)
    channel.refresh_from_db()
    transaction.on_commit(ingress.forget)
    return True


def _record(channel: Channel, action: str, actor: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    changed = [name for name in after if before.get(name) != after[name]]
    audit.record(
        actor=actor,
        action=action,
        subject=f"channel:{channel.pk}",
        before={name: before.get(name) for name in changed},
        after={name: after[name] for name in changed},
    )
