"""What django-q2 calls. A task only says *look*: what there is to do stands in rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import (
    catalog,
    connection,
    inbox,
    lanes,
    limiter,
    mapping_runs,
    mirror,
    observing,
    orders,
    polling,
    publishing,
    queueing,
)
from channels.contract import ChannelError, Platform, RateLimited
from channels.lanes import Lease, wake
from channels.models import CatalogImport, Channel, Heartbeat, InboundEvent, Listing
from channels.registry import opened
from channels.sandbox import clearing, loading
from inventory import reservations
from inventory.models import StockSignal
from inventory.shops import selling
from inventory.sources import lane as source_lane

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneKind:
    """A kind of work that each channel has one lane for.

    ``work`` does one round and tells whether it found anything; ``due`` narrows channels to those it would find
    something for. ``linger`` is how long it keeps looking, for a kind that is woken by ``wake_soon``.
    """

    work: Callable[[Channel, Platform, Lease], bool]
    due: Callable[[QuerySet[Channel], datetime], QuerySet[Channel]]
    linger: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeLane:
    """A lane that belongs to no channel. ``follows_stock``: look as soon as stock has changed."""

    work: Callable[[Lease], bool]
    has_due: Callable[[datetime], bool]
    follows_stock: bool = False


# Other apps add theirs when they are ready.
KINDS: dict[str, LaneKind] = {}
FREE_LANES: dict[str, FreeLane] = {}


def run_lane(name: str) -> None:
    """Work in the lane, a free one or ``kind:channel id``, until nothing is due."""
    if name in FREE_LANES:
        lane = FREE_LANES[name]
        lanes.run(name, lane.work, lane.has_due, linger=lanes.LINGER_SECONDS)
        return
    kind, _colon, channel_id = name.partition(":")
    if kind == source_lane.FAMILY:
        _run_source(name, int(channel_id))
        return
    channel = Channel.objects.filter(pk=int(channel_id)).first()
    if channel is None:
        return
    with opened(channel) as platform:
        try:
            lanes.run(
                name,
                lambda lease: _work(KINDS[kind], channel, platform, lease),
                lambda now: KINDS[kind].due(_reachable().filter(pk=channel.pk), now).exists(),
                linger=KINDS[kind].linger,
            )
        except lanes.LaneLost:
            log.warning("lane_lost", lane=name)
        except Reconnected:
            wake(name)  # a new task opens the platform with the new credentials
        except ChannelError as error:
            # Everything that is still to do is due on its rows; a later sweep finds it.
            connection.note_failure(channel, error, now=timezone.now())
            log.warning("channel_error", lane=name, channel=channel.name, error=str(error))
        except Exception as error:
            # The queue's log alone would know of it, and the lane would begin anew each minute.
            words = _("The work on it ended in an error of ours (%(error)s); the server's log has the details.")
            told = ChannelError(words % {"error": type(error).__name__})
            connection.note_failure(channel, told, now=timezone.now())
            raise


def _run_source(name: str, source_id: int) -> None:
    """Work in the lane of a stock source; what it changes in the ledger is passed on like any other change."""

    def work(lease: Lease) -> bool:
        found = source_lane.work(source_id, lease)
        _spread_signals()
        return found

    try:
        lanes.run(name, work, lambda now: source_lane.has_due(source_id, now))
    except lanes.LaneLost:
        log.warning("lane_lost", lane=name)


def _spread_signals() -> None:
    if publishing.spread_signals(now=timezone.now()):
        for name, lane in FREE_LANES.items():
            if lane.follows_stock:
                lanes.wake_soon(name)


def _work(kind: LaneKind, channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Work one round on the channel as it is now, then pass on what it changed in the ledger."""
    opened_with = channel.credentials_version
    channel.refresh_from_db()
    if channel.credentials_version != opened_with:
        raise Reconnected
    if channel.connection != Channel.Connection.OK or channel.disconnected_at is not None:
        return False
    calls_before = limiter.calls_made()
    try:
        found = kind.work(channel, platform, lease)
        if channel.failing_since is not None and limiter.calls_made() > calls_before:
            connection.note_answer(channel)
        return found
    finally:
        _spread_signals()


class Reconnected(Exception):
    """The channel's credentials were replaced while a lane worked with the old ones."""


def _reachable() -> QuerySet[Channel]:
    return Channel.objects.filter(connection=Channel.Connection.OK, disconnected_at=None)


def sweep() -> None:
    """Wake every lane that has due work and do what belongs to nobody's lane; also the worker's heartbeat.

    A part that fails keeps no other from being done: what it raises is raised when all the others were.
    """
    now = timezone.now()
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": now})
    parts: tuple[Callable[..., object], ...] = (
        reservations.expire_due,
        orders.book_waiting,
        selling.book_waiting,
        _spread_due_signals,
        source_lane.sweep,
        _wake_lanes,
        observing.measure,
        _check_due_subscriptions,
    )
    failures = []
    for part in parts:
        try:
            part(now=now)
        except Exception as error:
            log.error("sweep_failed", part=getattr(part, "__name__", ""), exc_info=error)
            failures.append(error)
    if failures:
        raise failures[0]


def _spread_due_signals(now: datetime) -> None:
    if StockSignal.objects.exists():
        publishing.spread_signals(now=now)


def _wake_lanes(now: datetime) -> None:
    for name, kind in KINDS.items():
        for channel_id in kind.due(_reachable(), now).order_by("pk").values_list("pk", flat=True):
            wake(f"{name}:{channel_id}")
    for name, lane in FREE_LANES.items():
        if lane.has_due(now):
            wake(name)
    for source in source_lane.due(now):
        wake(source.lane)


def _check_due_subscriptions(now: datetime) -> None:
    for channel in _reachable().filter(next_subscription_check_at__lte=now):
        check_subscriptions(channel, now=now)


def check_subscriptions(channel: Channel, *, now: datetime) -> None:
    """See that the channel's webhooks will come, and keep the report for people."""
    Channel.objects.filter(pk=channel.pk).update(next_subscription_check_at=now + timedelta(hours=1))
    with opened(channel) as platform:
        try:
            catalog.refresh_locations(channel, platform, now=now)
            report = platform.check_subscriptions(webhook_url=channel.webhook_url, last_event_at=channel.last_event_at)
            missing_since = channel.subscription_report.get("missing_since") or now.isoformat()
        except ChannelError as error:
            connection.note_failure(channel, error, now=now)
            return
    Channel.objects.filter(pk=channel.pk).update(
        subscription_report={
            "is_healthy": report.is_healthy,
            "sentences": list(report.sentences),
            "checked_at": now.isoformat(),
            "missing_since": None if report.is_healthy else missing_since,
        }
    )


def _spread(lease: Lease) -> bool:
    return bool(publishing.spread_signals(now=timezone.now()))


def _has_signals(now: datetime) -> bool:
    return StockSignal.objects.exists()


FREE_LANES["signals"] = FreeLane(work=_spread, has_due=_has_signals)  # for changes that no channel's lane has made


# The channels' own kinds ----------------------------------------------------------------------------------------


def _come_in(channel: Channel, platform: Platform, lease: Lease) -> bool:
    found = inbox.work(channel, platform, lease)
    now = timezone.now()
    if channel.next_poll_at is None or channel.next_poll_at > now:
        return found
    try:
        polling.poll(channel, platform, now=now)
    except polling.StillReading:
        pass  # it is due as before, and makes room for the events that came meanwhile
    except ChannelError as error:
        wait = error.wait_seconds if isinstance(error, RateLimited) else 30
        Channel.objects.filter(pk=channel.pk).update(next_poll_at=now + timedelta(seconds=wait))
        raise
    return True


def _with_arrivals(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    events = InboundEvent.objects.due(now).filter(channel=OuterRef("pk"))
    return channels.filter(Q(Exists(events)) | Q(next_poll_at__lte=now))


def _with_due_listings(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    due = Listing.objects.publishable().due(now).filter(channel=OuterRef("pk"))
    return channels.exclude(mode=Channel.Mode.PAUSED).filter(Exists(due))


def _with_imports(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    running = CatalogImport.objects.filter(channel=OuterRef("pk"), state="running", due_at__lte=now)
    return channels.filter(Exists(running))


def _with_queues(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    return channels.filter(next_queue_at__lte=now)


KINDS["queue"] = LaneKind(work=queueing.work, due=_with_queues)


def _with_mirrors(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    return channels.filter(mirror__isnull=False, next_mirror_at__lte=now)


KINDS["mirror"] = LaneKind(work=mirror.work, due=_with_mirrors)
KINDS["inbox"] = LaneKind(work=_come_in, due=_with_arrivals, linger=lanes.LINGER_SECONDS)
KINDS["publish"] = LaneKind(work=publishing.work, due=_with_due_listings)
KINDS["catalog"] = LaneKind(work=catalog.work, due=_with_imports)
source_lane.use(wake)
FREE_LANES[loading.LANE] = FreeLane(work=clearing.work, has_due=loading.has_due)
FREE_LANES[mapping_runs.LANE] = FreeLane(work=mapping_runs.work, has_due=mapping_runs.has_due)
