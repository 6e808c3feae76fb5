"""What can keep a channel from working, in one table: each state has its sentence, its step and its verb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from channels.models import Channel, Listing
from channels.registry import capabilities_of

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MISSED_POLLS = 3  # a channel's order poll counts as missing after so many of its intervals
REFUSED_WEBHOOKS_WITHIN = timedelta(days=1)
LATE_AFTER = timedelta(minutes=1)  # a quantity that takes longer has met with errors, limits or much work


class Saying(NamedTuple):
    """What is said of a state. ``page``: where the verb leads, or with ``posts`` what it does."""

    tone: str
    icon: str
    sentence: StrPromise
    step: StrPromise
    verb: StrPromise
    page: str
    posts: bool = False


SAYINGS = {
    "token": Saying(
        "critical",
        "unlink",
        _("%(channel)s needs to be connected again."),
        _(
            "%(platform)s does not accept our token any more: it was revoked, it has expired, or the app was removed."
            " Make a new one there and enter it; what waited then goes on."
        ),
        _("Reconnect"),
        "channels:channel_reconnect",
    ),
    "refused": Saying(
        "critical",
        "stop",
        _("%(channel)s refuses our calls."),
        _("All calls have stopped. Settle it with %(platform)s: the plan, a bill, a suspension. Then check again."),
        _("Check again"),
        "channels:channel_check",
        posts=True,
    ),
    "not-found": Saying(
        "critical",
        "unlink",
        _("%(channel)s is not found at its address any more."),
        _(
            "All calls have stopped. See whether the store opens at %(address)s. If it is back, check again; if it has"
            " moved, disconnect this channel and connect the store at its new address: listings match by their SKU."
        ),
        _("Check again"),
        "channels:channel_check",
        posts=True,
    ),
    "halted": Saying(
        "critical",
        "stop",
        _("Pushing to %(channel)s has stopped and asks you."),
        _("Look at what would change. If it is right, let it out; if not, correct the stock and it does not go out."),
        _("Decide"),
        "channels:channel_mode",
    ),
    "failing": Saying(
        "critical",
        "clock",
        _("%(channel)s does not answer as it should."),
        _(
            "Each call is tried again until it is through; nothing is lost. If it lasts, see whether the store opens in"
            " a browser, and ask its host whether we are blocked."
        ),
        _("Check again"),
        "channels:channel_check",
        posts=True,
    ),
    "no-warehouse": Saying(
        "warning",
        "warehouse",
        _("%(channel)s sells from no warehouse."),
        _("Its orders wait and nothing is pushed to it. Choose the warehouses whose stock it sells."),
        _("Choose"),
        "channels:channel_settings",
    ),
    "webhooks": Saying(
        "warning",
        "receive",
        _("Webhooks of %(channel)s don't arrive as they should."),
        _("Until they do, its sales are found by the order poll every %(minutes)s, and other channels follow later."),
        _("Check again"),
        "channels:channel_check",
        posts=True,
    ),
    "signatures": Saying(
        "warning",
        "lock",
        _("Webhooks for %(channel)s are refused: their signature is not the store's."),
        _(
            "If the secret that %(platform)s signs with was changed, enter the new one. If not, they come from"
            " somebody else."
        ),
        _("Enter it"),
        "channels:channel_reconnect",
    ),
    "dead-letters": Saying(
        "warning",
        "activity",
        _("The queue of %(channel)s has given up on messages."),
        _("They lie in its dead-letter queue. The order poll finds what they were about; empty the queue."),
        _("See the channel"),
        "channels:channel_detail",
    ),
    "polls": Saying(
        "warning",
        "clock",
        _("Orders of %(channel)s are not being read."),
        _("Sales there may be missing here until the next poll succeeds. See that the worker runs, then poll now."),
        _("Poll now"),
        "channels:channel_poll",
        posts=True,
    ),
    "late": Saying(
        "warning",
        "clock",
        _("Quantities have waited for %(channel)s for over a minute."),
        _("Its store is slow, asks us to wait, or there is much to send. Each goes out as soon as it may."),
        _("See them"),
        "channels:listing_list",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One state of a channel that needs a person. ``words`` are the platform's own, ``since`` when it began."""

    code: str
    tone: str
    icon: str
    sentence: str
    step: str
    verb: str
    url: str
    posts: bool
    words: str = ""
    since: datetime | None = None
    waiting: int = 0  # quantities that wait until it is mended

    @property
    def detail(self) -> str:
        """The step, as the rows of "Needs attention" call it."""
        return self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a channel's row does not tell: quantities that are due, those that wait too long, and its warehouses."""

    waiting: int
    late: int
    has_warehouse: bool


def facts_of(channel: Channel, *, now: datetime) -> Facts:
    """Read the facts of one channel; the overview reads those of all at once."""
    due = Listing.objects.publishable().filter(channel=channel, due_at__isnull=False)
    return Facts(
        waiting=due.count(),
        late=due.filter(due_since__lt=now - LATE_AFTER).count() if channel.is_writable else 0,
        has_warehouse=channel.feeds.exists(),
    )


def of(channel: Channel, facts: Facts, *, now: datetime) -> list[Problem]:
    """Return what is the matter with a connected channel, worst first; nothing for one that was disconnected."""
    if channel.disconnected_at is not None:
        return []
    names = {
        "channel": channel.name,
        "platform": capabilities_of(channel).name,
        "address": channel.base_url,
        "minutes": _minutes(channel.poll_seconds),
    }
    found = []
    for code, words, since, waiting in _states(channel, facts, now):
        saying = SAYINGS[code]
        found.append(
            Problem(
                code=code,
                tone=saying.tone,
                icon=saying.icon,
                sentence=saying.sentence % names,
                step=saying.step % names,
                verb=str(saying.verb),
                url=_url(saying.page, channel),
                posts=saying.posts,
                words=words,
                since=since,
                waiting=waiting,
            )
        )
    return found


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds >= 120 else f"{seconds} s"


def _url(page: str, channel: Channel) -> str:
    if page == "channels:listing_list":
        return f"{reverse(page)}?channel={channel.pk}&state=due"
    url = reverse(page, args=[channel.uuid])
    return f"{url}?mode=live" if page == "channels:channel_mode" else url


def _states(channel: Channel, facts: Facts, now: datetime) -> Iterator[tuple[str, str, datetime | None, int]]:
    """Yield the codes of what is the matter, with the platform's words, since when, and the quantities that wait."""
    stops = {
        Channel.Connection.RECONNECT: "token",
        Channel.Connection.REFUSED: "refused",
        Channel.Connection.MOVED: "not-found",
    }
    is_connected = channel.connection == Channel.Connection.OK
    if not is_connected:
        code = stops[Channel.Connection(channel.connection)]
        yield code, channel.connection_problem, channel.connection_problem_at, facts.waiting
    if channel.halted_at is not None:
        yield "halted", channel.halted_reason, channel.halted_at, facts.waiting
    if is_connected:
        yield from _hitches(channel, facts, now)
    last = channel.refused_webhook_at
    if channel.refused_webhooks and last is not None and now - last < REFUSED_WEBHOOKS_WITHIN:
        yield "signatures", "", last, 0


def _hitches(channel: Channel, facts: Facts, now: datetime) -> Iterator[tuple[str, str, datetime | None, int]]:
    """Yield what slows a channel down that is connected."""
    if channel.failing_since is not None:
        yield "failing", channel.failing_words, channel.failing_since, facts.waiting
    if not facts.has_warehouse:
        yield "no-warehouse", "", None, 0
    report = channel.subscription_report
    if report.get("is_healthy") is False:
        since = parse_datetime(report.get("missing_since") or report.get("checked_at") or "")
        yield "webhooks", " ".join(report.get("sentences", [])), since, 0
    if channel.dead_letters:
        yield "dead-letters", "", channel.dead_letters_at, 0
    if channel.failing_since is None and facts.late:
        yield "late", "", None, facts.late
    polled_to = channel.orders_polled_to or channel.created_at
    if now - polled_to > MISSED_POLLS * timedelta(seconds=channel.poll_seconds):
        yield "polls", "", channel.orders_polled_to, 0
