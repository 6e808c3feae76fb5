"""The emergency stop: channels are taken out of writing at once, and each goes back to the mode it was in.

A stop writes nothing to a store, and what is on its way to one is not called back. Orders are read and booked on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from channels import modes
from channels.models import Channel

MODES = (Channel.Mode.PAUSED, Channel.Mode.SELL_DOWN)
# What each kind of stop takes effect on. Sell-down still writes decreases, to all listings: it would loosen a channel
# that is paused, and write to what a partly live one only observes.
STOPS = {
    Channel.Mode.PAUSED: frozenset(
        {Channel.Mode.LIVE, Channel.Mode.PART_LIVE, Channel.Mode.SELL_DOWN, Channel.Mode.OBSERVE}
    ),
    Channel.Mode.SELL_DOWN: frozenset({Channel.Mode.LIVE}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Channels that can be stopped together. ``code``: all, tag:marketplaces or channel:7."""

    code: str
    label: str
    channels: tuple[Channel, ...]

    @property
    def mode(self) -> str:
        """The mode that all of them are in, in words; empty where they are in several."""
        modes = {str(channel.get_mode_display()) for channel in self.channels}
        return modes.pop() if len(modes) == 1 else ""

    @property
    def pausing(self) -> list[Channel]:
        return affected(self.channels, Channel.Mode.PAUSED)

    @property
    def selling_down(self) -> list[Channel]:
        return affected(self.channels, Channel.Mode.SELL_DOWN)


def connected() -> QuerySet[Channel]:
    return Channel.objects.filter(disconnected_at=None).order_by("name", "pk")


def stopped() -> QuerySet[Channel]:
    """Return the channels that an emergency stop holds."""
    return connected().exclude(mode_before="")


def affected(channels: Iterable[Channel], mode: str) -> list[Channel]:
    """Return those whose mode a stop to ``mode`` would change."""
    return [channel for channel in channels if channel.mode in STOPS[Channel.Mode(mode)]]


def scopes(channels: Sequence[Channel]) -> list[Scope]:
    """Return what can be stopped in one go: everything, each tag, each channel."""
    tags = sorted({tag for channel in channels for tag in channel.tag_list}, key=str.casefold)
    return [
        Scope(code="all", label="", channels=tuple(channels)),
        *(
            Scope(code=f"tag:{tag}", label=tag, channels=tuple(each for each in channels if tag in each.tag_list))
            for tag in tags
        ),
        *(Scope(code=f"channel:{channel.pk}", label=channel.name, channels=(channel,)) for channel in channels),
    ]


@transaction.atomic
def stop(*, channels: Iterable[Channel], mode: str, actor: str, now: datetime) -> list[Channel]:
    """Put the channels into ``mode``, paused or sell-down, and remember the mode of each; return those it changed.

    A second stop remembers the mode before the first. Raises ValueError for any other mode.
    """
    wanted = Channel.Mode(mode)
    if wanted not in MODES:
        raise ValueError(f"An emergency stop pauses or sells down; {mode} is neither.")
    changed = affected(_locked(channels), wanted)
    for channel in changed:
        before, since = channel.mode_before or channel.mode, channel.stopped_at or now
        modes.change_mode(channel=channel, mode=wanted, actor=actor, now=now, action="channel.stop")
        Channel.objects.filter(pk=channel.pk).update(mode_before=before, stopped_at=since, stopped_by=actor)
        channel.refresh_from_db()
    return changed


def resume(*, channels: Iterable[Channel], actor: str, now: datetime) -> list[Channel]:
    """Put each stopped channel back into the mode it was in; return those.

    What gathered meanwhile goes out like any wave: one that is too large stops and asks.
    """
    back = []
    for channel in stopped().filter(pk__in=[each.pk for each in channels]):
        with transaction.atomic():  # one by one: each has all its listings looked at
            for locked in _locked([channel]):
                if not locked.mode_before:
                    continue  # somebody else was faster
                modes.change_mode(
                    channel=locked,
                    mode=locked.mode_before,
                    actor=actor,
                    now=now,
                    action="channel.resume",
                    allows_wave=False,
                )
                back.append(locked)
    return back


def _locked(channels: Iterable[Channel]) -> list[Channel]:
    wanted = [channel.pk for channel in channels]
    return list(connected().filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True))
