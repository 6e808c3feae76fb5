"""What needs a person, worst first: each row is one sentence and one verb."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.roles import Verb
from channels import problems
from channels.models import Channel, ChannelWarehouse, Heartbeat, InboundEvent, Listing, Location, OrderLine
from dashboard import oversold, times
from dashboard.links import link
from inventory.models import Sku
from inventory.sources.models import Pull, Reading, Source
from reconciliation.models import Discrepancy, Run, Severity

WORKER_SILENT_AFTER = timedelta(seconds=60)
OVERSOLD_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One thing that waits for a person. ``words`` are the other side's own; ``posts``: the verb is done in place."""

    tone: str
    icon: str
    sentence: str
    verb: str
    url: str
    detail: str = ""
    words: str = ""
    since: datetime | None = None
    waiting: int = 0  # quantities that wait until it is mended
    posts: bool = False
    needs: Verb | None = None  # what doing it asks of a role, where everyone may open its page


def concerns(channels: Sequence[Channel], *, now: datetime) -> list[Concern]:
    """Return everything that needs a person, in a fixed number of queries.

    ``channels`` are those of ``overview.channel_health``.
    """
    silent = list(_worker(now))
    found = [*silent, *_oversold()]
    for channel in channels:
        found += _problems(channel, now, is_worked=not silent)
    found += _locations()
    found += _orders()
    found += _disagreements()
    found += _listings()
    found += _events()
    found += _sources(now)
    rank = {"critical": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda concern: rank[concern.tone])


def _worker(now: datetime) -> Iterator[Concern]:
    beat = Heartbeat.objects.filter(name="worker").first()
    if beat is not None and now - beat.at <= WORKER_SILENT_AFTER:
        return
    yield Concern(
        tone="critical",
        icon="clock",
        sentence=_("The worker has not been heard of for %(span)s.") % {"span": times.span(now - beat.at)}
        if beat
        else _("The worker has never run."),
        detail=_("Until it runs, nothing is read from the channels and nothing is pushed. Start it or restart it."),
        verb=_("See what waits"),
        url=link("channels:activity"),
    )


def _oversold() -> Iterator[Concern]:
    open_ = oversold.undecided().values("sku")
    skus = list(Sku.objects.all().oversold().filter(pk__in=open_)[: OVERSOLD_SHOWN + 1])
    for sku in skus[:OVERSOLD_SHOWN]:
        yield Concern(
            tone="critical",
            icon="alert",
            sentence=ngettext(
                "%(code)s is oversold by %(units)d unit.", "%(code)s is oversold by %(units)d units.", -sku.available
            )
            % {"code": sku.code, "units": -sku.available},
            detail=_("%(reserved)d reserved, %(on_hand)d on hand.")
            % {"reserved": sku.reserved, "on_hand": sku.on_hand},
            verb=_("Decide"),
            needs=Verb.STOCK,
            url=link("dashboard:oversold_sku", sku.pk),
        )
    if len(skus) > OVERSOLD_SHOWN:
        yield Concern(
            tone="critical",
            icon="alert",
            sentence=_("More SKUs are oversold."),
            verb=_("See all"),
            url=link("dashboard:oversold"),
        )
    covered = oversold.undecided().filter(elsewhere__gte=F("short")).count()
    if covered:
        yield Concern(
            tone="warning",
            icon="transfer",
            sentence=ngettext(
                "%(n)d SKU is short in one warehouse and there in another.",
                "%(n)d SKUs are short in one warehouse and there in another.",
                covered,
            )
            % {"n": covered},
            detail=_("A transfer covers what is promised."),
            verb=_("Transfer"),
            needs=Verb.STOCK,
            url=link("dashboard:oversold"),
        )


def _problems(channel: Channel, now: datetime, *, is_worked: bool) -> Iterator[Concern]:
    """What is the matter with a channel, as ``channels.problems`` says it; polls that no worker does are its matter."""
    facts = problems.Facts(waiting=channel.due, late=channel.late, has_warehouse=channel.has_warehouse)  # type: ignore[attr-defined]
    for problem in problems.of(channel, facts, now=now):
        if problem.code == "polls" and not is_worked:
            continue
        yield Concern(
            tone=problem.tone,
            icon=problem.icon,
            sentence=problem.sentence,
            detail=problem.step,
            words=problem.words,
            since=problem.since,
            waiting=problem.waiting,
            verb=problem.verb,
            url=problem.url,
            posts=problem.posts,
        )


def _locations() -> Iterator[Concern]:
    """Tell of locations that have listings and no warehouse that stands for them: their quantities stay as they are."""
    fed = ChannelWarehouse.objects.filter(channel=OuterRef("channel"), location_ref=OuterRef("ref"))
    listed = Listing.objects.publishable().filter(channel=OuterRef("channel"), location_ref=OuterRef("ref"))
    rows = Location.objects.filter(Exists(listed), ~Exists(fed), is_usable=True, channel__disconnected_at=None)
    names: dict[Channel, list[str]] = {}
    for place in rows.select_related("channel").order_by("channel__name", "name"):
        names.setdefault(place.channel, []).append(place.name)
    for channel, places in names.items():
        yield Concern(
            tone="warning",
            icon="warehouse",
            sentence=_("No warehouse stands for %(locations)s of %(channel)s.")
            % {"locations": ", ".join(places[:5]), "channel": channel.name},
            detail=_("Quantities there are left as they are, and orders that ship from there wait."),
            verb=_("Choose"),
            url=link("channels:channel_settings", channel.uuid) or link("channels:channel_list"),
        )


def _orders() -> Iterator[Concern]:
    found = OrderLine.objects.all().waiting().aggregate(lines=Count("pk"), orders=Count("order_id", distinct=True))
    if found["lines"]:
        yield Concern(
            tone="warning",
            icon="order",
            sentence=ngettext(
                "%(lines)d order line is not booked yet.", "%(lines)d order lines are not booked yet.", found["lines"]
            )
            % found,
            detail=_("The units are sold on the channel but not reserved here, most often for want of a mapping."),
            verb=_("Resolve"),
            needs=Verb.ASK,
            url=link("dashboard:parked", "orders"),
        )


def _listings() -> Iterator[Concern]:
    parked = Listing.objects.exclude(state=Listing.State.GONE).filter(parked_at__isnull=False).count()
    found = {"parked": parked, "unmapped": Listing.objects.all().unmapped().count()}
    if found["parked"]:
        yield Concern(
            tone="critical",
            icon="stop",
            sentence=ngettext(
                "%(parked)d listing is parked: its channel refused the quantity.",
                "%(parked)d listings are parked: their channels refused the quantity.",
                found["parked"],
            )
            % found,
            verb=_("Review"),
            needs=Verb.ASK,
            url=link("dashboard:parked", "quantities"),
        )
    if found["unmapped"]:
        yield Concern(
            tone="info",
            icon="link",
            sentence=ngettext(
                "%(unmapped)d listing is not mapped to a SKU.",
                "%(unmapped)d listings are not mapped to a SKU.",
                found["unmapped"],
            )
            % found,
            detail=_("Nothing is pushed to them, and their sales wait."),
            verb=_("Map"),
            needs=Verb.MAPPING,
            url=link("channels:listing_unmapped") or link("channels:listing_list", state="unmapped"),
        )


def _disagreements() -> Iterator[Concern]:
    found = Discrepancy.objects.open().aggregate(
        all=Count("pk"), oversell=Count("pk", filter=Q(severity__gte=Severity.HIGH))
    )
    if found["all"]:
        yield Concern(
            tone="critical" if found["oversell"] else "warning",
            icon="compare",
            sentence=ngettext(
                "%(all)d quantity differs from the ledger.", "%(all)d quantities differ from the ledger.", found["all"]
            )
            % found,
            detail=_("%(oversell)d of them may oversell.") % found
            if found["oversell"]
            else _("None of them can oversell."),
            verb=_("Review"),
            needs=Verb.REVIEW,
            url=link("reconciliation:queue"),
        )
    for run in Run.objects.all().for_list().filter(state=Run.State.SUSPICIOUS):
        yield Concern(
            tone="warning",
            icon="compare",
            sentence=_("The comparison with %(channel)s has stopped and asks.") % {"channel": run.channel},
            detail=run.problem,
            verb=_("Look at it"),
            url=link("reconciliation:run", run.pk),
        )


def _events() -> Iterator[Concern]:
    failed = InboundEvent.objects.filter(state=InboundEvent.State.FAILED).count()
    if failed:
        yield Concern(
            tone="warning",
            icon="activity",
            sentence=ngettext(
                "%(failed)d webhook could not be worked on.", "%(failed)d webhooks could not be worked on.", failed
            )
            % {"failed": failed},
            verb=_("Replay"),
            needs=Verb.ASK,
            url=link("dashboard:parked", "events"),
        )


def _sources(now: datetime) -> Iterator[Concern]:
    """What the stock sources wait for; how each of them does in detail stands on its own page."""
    flagged = Count("readings", filter=Q(readings__outcome=Reading.Outcome.FLAGGED), distinct=True)
    waiting = Count("pulls", filter=Q(pulls__state=Pull.State.WAITING), distinct=True)
    for source in Source.objects.connected().annotate(flagged=flagged, waiting=waiting).order_by("name"):
        url = link("sources:source_detail", source.uuid)
        facts = {"source": source.name, "n": source.flagged}
        if source.connection != Source.Connection.OK:
            yield Concern(
                tone="critical",
                icon="unlink",
                sentence=_("The stock source %(source)s does not accept our credentials.") % facts,
                detail=source.connection_problem,
                verb=_("Reconnect"),
                url=link("sources:source_reconnect", source.uuid),
            )
        elif source.failures:
            yield Concern(
                tone="warning",
                icon="source",
                sentence=_("The stock source %(source)s could not be read.") % facts,
                detail=_("It is tried again by itself. Until then its last reading stands."),
                verb=_("See why"),
                url=url,
            )
        if source.waiting:
            yield Concern(
                tone="critical",
                icon="source",
                sentence=_("A reading of %(source)s waits for you.") % facts,
                detail=_("It would change more than usual, or it was uploaded and not applied yet."),
                verb=_("Look at it"),
                url=url,
            )
        if source.flagged:
            yield Concern(
                tone="warning",
                icon="source",
                sentence=ngettext(
                    "%(source)s differs from the ledger in %(n)d SKU by more than the tolerance.",
                    "%(source)s differs from the ledger in %(n)d SKUs by more than the tolerance.",
                    source.flagged,
                )
                % facts,
                verb=_("Review"),
                needs=Verb.REVIEW,
                url=link("sources:source_stock", source.uuid, outcome="flagged"),
            )
