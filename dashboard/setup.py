"""The first hour: what is done and what is next, told from the data and never from a note that could go stale.

The steps are about the channels that observe: a new store has them ahead, one that went live has them behind. Only
that a person skipped a step is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.roles import Verb, may
from channels import observing, opening
from channels.models import CatalogImport, Channel, ChannelWarehouse, Listing, Location, Sandbox
from channels.observing import Agreement
from channels.querysets import ListingQuerySet
from channels.readiness import ENOUGH_PERCENT
from dashboard.models import SkippedStep
from inventory.models import Warehouse

STEPS = ("connect", "warehouses", "import", "match", "stock", "observe", "live")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one step wants of a person next, in a sentence, with its button; ``posts``: the button does it at once.

    ``needs`` is what a role must allow for the button; without it the sentence stands alone.
    """

    sentence: str
    needs: Verb
    verb: str = ""
    url: str = ""
    posts: bool = False

    def for_person(self, person: object) -> Task:
        return self if may(person, self.needs) else replace(self, verb="", url="", posts=False)


@dataclass(slots=True, kw_only=True)
class Step:
    """One line of the checklist. ``writes`` says what reaches the store in it."""

    code: str
    title: str
    about: str
    writes: str
    tasks: list[Task] = field(default_factory=list)
    done_words: str = ""
    is_skipped: bool = False
    is_next: bool = False
    is_running: bool = False

    @property
    def is_done(self) -> bool:
        return not self.tasks

    @property
    def is_open(self) -> bool:
        return bool(self.tasks) and not self.is_skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The whole checklist."""

    steps: Sequence[Step]
    has_channels: bool

    @property
    def is_finished(self) -> bool:
        return not any(step.is_open for step in self.steps)

    @property
    def closed(self) -> int:
        return sum(1 for step in self.steps if not step.is_open)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if step.is_next), None)

    @property
    def is_running(self) -> bool:
        """Whether something is under way that a person waits for."""
        return any(step.is_running for step in self.steps)


def look(person: object) -> Setup:
    """Read how far the installation has come, in a fixed number of queries; few once every store is past it.

    ``person`` gets the buttons that their role allows.
    """
    connected = Channel.objects.filter(disconnected_at=None)
    observing_ones = connected.filter(mode=Channel.Mode.OBSERVE)
    channels = list(_with_facts(observing_ones))
    if channels:
        facts = _Facts(
            channels=channels,
            agreements=observing.agreements(),
            openings=openings(opening.rows([channel.pk for channel in channels])),
            has_warehouse=_has_warehouse(),
            has_channels=True,
        )
    elif connected.exists():
        facts = _Facts(channels=[], agreements={}, openings={}, has_warehouse=True, has_channels=True)
    else:
        return _ahead(_has_warehouse(), person)
    steps = [_MAKERS[code](facts) for code in STEPS]
    skipped = set(SkippedStep.objects.values_list("step", flat=True)) if channels else set()
    for step in steps:
        step.tasks = [task.for_person(person) for task in step.tasks]
        step.is_skipped = step.code in skipped and bool(step.tasks)
    first = next((step for step in steps if step.is_open), None)
    if first is not None:
        first.is_next = True
    return Setup(steps=steps, has_channels=True)


def ahead() -> list[Channel]:
    """Return the channels that are being set up, for the overview: none once a person folded the checklist away."""
    if SkippedStep.objects.filter(step="live").exists():
        return []
    return list(Channel.objects.filter(disconnected_at=None, mode=Channel.Mode.OBSERVE).order_by("name", "pk"))


def page(person: object) -> dict[str, object]:
    """Return what the page of the checklist draws."""
    return {"setup": look(person), "sandbox": Sandbox.objects.first()}


def _has_warehouse() -> bool:
    return Warehouse.objects.filter(kept_by="").exists()


def _ahead(has_warehouse: bool, person: object) -> Setup:
    """Return the checklist of an installation without a store: all of it lies ahead."""
    facts = _Facts(channels=[], agreements={}, openings={}, has_warehouse=has_warehouse, has_channels=False)
    steps = [_MAKERS[code](facts) for code in STEPS]
    for step in steps:
        step.tasks = [task.for_person(person) for task in step.tasks] or [Task(sentence=step.about, needs=Verb.SEE)]
    steps[0].is_next = True
    return Setup(steps=steps, has_channels=False)


def skip(*, steps: Sequence[str], actor: str, now: datetime) -> None:
    """Leave steps out until somebody comes back to them. Raises ValueError for a step that there is not."""
    if unknown := set(steps) - set(STEPS):
        raise ValueError(f"There is no step {', '.join(sorted(unknown))}.")
    for step in steps:
        SkippedStep.objects.get_or_create(step=step, defaults={"actor": actor, "at": now})


def take_up(*, steps: Sequence[str]) -> None:
    """Come back to steps that were skipped."""
    SkippedStep.objects.filter(step__in=steps).delete()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the steps are told from. ``channels`` are those that observe."""

    channels: Sequence[Channel]
    agreements: dict[int, Agreement]
    openings: dict[int, Uncounted]
    has_warehouse: bool
    has_channels: bool


def _with_facts(channels: QuerySet[Channel]) -> QuerySet[Channel]:
    """Annotate what each channel's steps are told from."""
    imports = CatalogImport.objects.filter(channel=OuterRef("pk"))
    fed = ChannelWarehouse.objects.filter(channel=OuterRef("channel"), location_ref=OuterRef("ref"))
    listed = Listing.objects.filter(
        channel=OuterRef("channel"), state=Listing.State.ACTIVE, location_ref=OuterRef("ref")
    )
    bare = Location.objects.filter(Exists(listed), ~Exists(fed), channel=OuterRef("pk"), is_usable=True)
    active = Q(listings__state=Listing.State.ACTIVE)
    return channels.annotate(
        is_fed=Exists(ChannelWarehouse.objects.filter(channel=OuterRef("pk"))),
        has_bare_location=Exists(bare),
        is_imported=Exists(imports.filter(state=CatalogImport.State.DONE)),
        is_importing=Exists(imports.filter(state=CatalogImport.State.RUNNING)),
        mapped=Count("pk", filter=active & Q(listings__mapping=Listing.Mapping.MAPPED)),
        unmapped=Count("pk", filter=active & Q(listings__mapping=Listing.Mapping.UNMAPPED)),
    ).order_by("name", "pk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """What a store shows in stock and the ledger was never told: SKUs, and their units."""

    skus: int
    units: int


def openings(rows: ListingQuerySet) -> dict[int, Uncounted]:
    """Return what was never counted of what each channel shows, by its id; ``rows`` are those of ``opening.rows``."""
    found = rows.order_by().values("channel").annotate(skus=Count("pk"), shown_units=Sum("units"))
    return {row["channel"]: Uncounted(skus=row["skus"], units=row["shown_units"]) for row in found}


# The steps ------------------------------------------------------------------------------------------------------


def _connect(facts: _Facts) -> Step:
    step = Step(
        code="connect",
        title=_("Connect a store"),
        about=_("Its address and its keys; they are tested before anything is kept."),
        writes=_("Nothing is written to it, but for the webhooks that tell us of its orders."),
        done_words=_("Connected."),
    )
    if not facts.has_channels:
        step.tasks = [
            Task(
                needs=Verb.CHANNELS,
                sentence=_("Ecwid, Shopify, WooCommerce or Amazon."),
                verb=_("Connect a store"),
                url=reverse("channels:channel_connect"),
            )
        ]
    return step


def _warehouses(facts: _Facts) -> Step:
    step = Step(
        code="warehouses",
        title=_("Map its locations to your warehouses"),
        about=_("A warehouse is any place of yours that holds stock; one is enough to begin."),
        writes=_("Nothing is written."),
        done_words=_("Every store knows which warehouses it sells from."),
    )
    if not facts.has_warehouse:
        url = reverse("inventory:warehouse_new")
        step.tasks = [
            Task(
                needs=Verb.WAREHOUSES,
                sentence=_("Name the first place that holds stock."),
                verb=_("Add a warehouse"),
                url=url,
            )
        ]
    for channel in facts.channels:
        url = reverse("channels:channel_settings", args=[channel.uuid]) + "#warehouses"
        if not channel.is_fed:  # type: ignore[attr-defined]
            words = _("%(channel)s sells from no warehouse.") % {"channel": channel}
        elif channel.has_bare_location:  # type: ignore[attr-defined]
            words = _("No warehouse stands for one of %(channel)s’s locations.") % {"channel": channel}
        else:
            continue
        step.tasks.append(Task(needs=Verb.CHANNELS, sentence=words, verb=_("Choose"), url=url))
    return step


def _import(facts: _Facts) -> Step:
    step = Step(
        code="import",
        title=_("Import the catalogue"),
        about=_("Every product and variation is read, with its quantity."),
        writes=_("Nothing is written."),
        done_words=_("Every catalogue is read."),
    )
    for channel in facts.channels:
        names = {"channel": channel}
        if channel.is_importing:  # type: ignore[attr-defined]
            url = reverse("channels:channel_detail", args=[channel.uuid])
            step.tasks.append(
                Task(
                    needs=Verb.ASK,
                    sentence=_("%(channel)s is being read; you can go on elsewhere.") % names,
                    verb=_("Watch"),
                    url=url,
                )
            )
            step.is_running = True
        elif not channel.is_imported:  # type: ignore[attr-defined]
            step.tasks.append(
                Task(
                    needs=Verb.ASK,
                    sentence=_("%(channel)s has not been read yet.") % names,
                    verb=_("Import"),
                    url=reverse("channels:channel_import", args=[channel.uuid]),
                    posts=True,
                )
            )
    return step


def _match(facts: _Facts) -> Step:
    step = Step(
        code="match",
        title=_("Match listings to SKUs"),
        about=_("Equal codes and barcodes link by themselves; the rest waits for you, with suggestions."),
        writes=_("Nothing is written."),
        done_words=_("Every listing has its SKU."),
    )
    for channel in facts.channels:
        mapped, unmapped = channel.mapped, channel.unmapped  # type: ignore[attr-defined]
        if not unmapped:
            continue
        words = ngettext(
            "%(n)d listing of %(channel)s has no SKU.", "%(n)d listings of %(channel)s have no SKU.", unmapped
        )
        if mapped:
            verb, url = _("Match"), f"{reverse('channels:listing_unmapped')}?channel={channel.pk}"
        else:
            verb, url = _("Make SKUs of them"), reverse("channels:listing_create_missing", args=[channel.pk])
        step.tasks.append(
            Task(needs=Verb.MAPPING, sentence=words % {"n": unmapped, "channel": channel}, verb=verb, url=url)
        )
    return step


def _stock(facts: _Facts) -> Step:
    step = Step(
        code="stock",
        title=_("Count or copy the starting stock"),
        about=_("From what a store shows, a file, a stock source, or by hand. You see what the ledger would become."),
        writes=_("Nothing is written to a store that observes. Copies and files can be undone."),
        done_words=_("What the stores have in stock is counted."),
    )
    url = reverse("dashboard:setup_stock")
    for channel in facts.channels:
        if uncounted := facts.openings.get(channel.pk):
            words = ngettext(
                "%(n)d SKU that %(channel)s has in stock was never counted.",
                "%(n)d SKUs that %(channel)s has in stock were never counted.",
                uncounted.skus,
            )
            step.tasks.append(
                Task(
                    needs=Verb.SEE,
                    sentence=words % {"n": uncounted.skus, "channel": channel},
                    verb=_("Set the stock"),
                    url=url,
                )
            )
    return step


def _observe(facts: _Facts) -> Step:
    step = Step(
        code="observe",
        title=_("Observe"),
        about=_("Evenkeel works out every quantity and compares it with what the store shows."),
        writes=_("Nothing is written: what would be pushed is listed."),
        done_words=_("The stores show what the ledger says."),
    )
    for channel in facts.channels:
        url = reverse("channels:channel_observe", args=[channel.uuid])
        found = facts.agreements.get(channel.pk)
        if found is None or found.percent is None:
            words = _("Nothing of %(channel)s can be compared yet.") % {"channel": channel}
            step.is_running = step.is_running or bool(found and found.unknown)
        elif found.percent < ENOUGH_PERCENT:
            facts_ = {"percent": found.percent, "n": found.listings, "channel": channel}
            words = _("%(percent)d %% of %(n)d listings of %(channel)s agree.") % facts_
        else:
            continue
        step.tasks.append(Task(needs=Verb.SEE, sentence=words, verb=_("Look"), url=url))
    return step


def _live(facts: _Facts) -> Step:
    step = Step(
        code="live",
        title=_("Go live"),
        about=_("Per store, or for a part of its listings first. From then on a sale anywhere shows everywhere."),
        writes=_("Every quantity that would change is shown before it is written. Back to observe is one click."),
        done_words=_("Live."),
    )
    if not facts.has_channels:
        step.tasks = [Task(needs=Verb.SEE, sentence=_("Each store when you are ready."))]
    for channel in facts.channels:
        step.tasks.append(
            Task(
                needs=Verb.SEE,
                sentence=_("%(channel)s observes: nothing is written to it.") % {"channel": channel},
                verb=_("See what goes out"),
                url=reverse("channels:channel_observe", args=[channel.uuid]),
            )
        )
    return step


_MAKERS: dict[str, Callable[[_Facts], Step]] = {
    "connect": _connect,
    "warehouses": _warehouses,
    "import": _import,
    "match": _match,
    "stock": _stock,
    "observe": _observe,
    "live": _live,
}
