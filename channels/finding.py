"""Finding a channel by what a person types: its id, its uuid or its name."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.core.management.base import CommandError

from channels.models import Channel


def channel_named(text: str) -> Channel:
    """Return the channel. Raises CommandError naming those there are."""
    rows = Channel.objects.filter(name=text)
    if text.isdigit():
        rows = rows | Channel.objects.filter(pk=int(text))
    with suppress(ValueError):
        rows = rows | Channel.objects.filter(uuid=UUID(text))
    channel = rows.order_by("pk").first()
    if channel is None:
        names = ", ".join(f"{c.pk} ({c.name})" for c in Channel.objects.all()) or "none"
        raise CommandError(f"There is no channel {text!r}. There are: {names}.")
    return channel
