"""One verb for many rows of a list: those that were picked, or all that the list's filter lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels import mapping
from channels.filters import EventFilter, ListingFilter, OrderFilter
from channels.hold_backs import Scope
from channels.models import InboundEvent, Listing, Order
from dashboard import parked
from dashboard.filters import SkuFilter
from dashboard.links import link
from dashboard.parked import Outcome
from inventory import catalogue
from inventory.models import Sku
from reconciliation import levels, runs

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    from dashboard.models import User

AT_ONCE = parked.AT_ONCE  # rows that one press does; the rest waits for the next press

Act = Callable[[list[Any], str, datetime], Iterable[Outcome]]
Lead = Callable[[list[Any], "User", Mapping[str, int | None], datetime], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What can be done with many rows. ``fits`` narrows rows to those that it does anything to.

    ``act`` does it and says of each row what came of it; ``lead`` begins it and returns the page on which it goes on.
    """

    code: str
    label: StrPromise
    icon: str
    words: StrPromise  # what it does, and whether it can be taken back
    fits: Q
    act: Act | None = None
    lead: Lead | None = None
    asks_units: bool = False
    is_grave: bool = False

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(self.fits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A list whose rows can be picked: ``rows`` are those that a query string shows, in the list's order."""

    code: str
    label: StrPromise
    list_name: str  # of its page
    count: Callable[[int], str]  # so many of its rows, in words
    rows: Callable[[QueryDict], QuerySet[Any]]
    page: str  # of one row
    verbs: Sequence[Verb]

    @property
    def url(self) -> str:
        return reverse(self.list_name)

    def url_of(self, row: Any) -> str:
        return link(self.page, row.pk)


def _chosen_by(filterset: type, rows: Callable[[], QuerySet[Any]]) -> Callable[[QueryDict], QuerySet[Any]]:
    def chosen(query: QueryDict) -> QuerySet[Any]:
        found: QuerySet[Any] = filterset(query, rows()).qs
        return found

    return chosen


# SKUs -----------------------------------------------------------------------------------------------------------


def _archive(rows: list[Sku], actor: str, now: datetime) -> Iterable[Outcome]:
    for sku in rows:
        catalogue.archive_sku(sku=sku, actor=actor, now=now)
        yield _of(sku, "dashboard:sku_detail", _("Archived: it shows in no list."))


def _restore(rows: list[Sku], actor: str, now: datetime) -> Iterable[Outcome]:
    for sku in rows:
        catalogue.restore_sku(sku=sku, actor=actor)
        yield _of(sku, "dashboard:sku_detail", _("Active again."))


def _of(row: Any, page: str, words: str) -> Outcome:
    return Outcome(title=str(row), url=link(page, row.pk), words=words, is_done=True)


def _keep_back(scope: Callable[[int], Scope]) -> Lead:
    """Draft the same hold-back for all; the page of the draft says what it would do to quantities."""

    def lead(rows: list[Any], user: User, values: Mapping[str, int | None], now: datetime) -> str:
        changes = levels.changes({scope(row.pk): {"hold_back": values["units"]} for row in rows})
        if not changes:
            return ""
        title = ngettext("Hold-back of %(n)d row", "Hold-backs of %(n)d rows", len(changes)) % {"n": len(changes)}
        draft = levels.draft(changes, title=title, user_id=user.pk, now=now)
        return reverse("reconciliation:levels_review", args=[draft.pk])

    return lead


# Listings -------------------------------------------------------------------------------------------------------


def _unlink(rows: list[Listing], actor: str, now: datetime) -> Iterable[Outcome]:
    for listing in rows:
        mapping.unlink(listing=listing, actor=actor, now=now)
        yield _of(listing, "channels:listing_detail", _("Unlinked: its new sales wait."))


def _ignore(rows: list[Listing], actor: str, now: datetime) -> Iterable[Outcome]:
    for listing in rows:
        mapping.ignore(listing=listing, actor=actor, now=now)
        yield _of(listing, "channels:listing_detail", _("It is never linked, and left the queue."))


def _compare(rows: list[Listing], user: User, values: Mapping[str, int | None], now: datetime) -> str:
    """Start a run over the listings. Raises CantStart."""
    started = runs.start_selection(listings=rows, requested_by=f"user:{user.get_username()}", now=now)
    if len(started) == 1:
        return reverse("reconciliation:run", args=[started[0].pk])
    return reverse("reconciliation:run_list")


_KEEP_BACK_WORDS = gettext_lazy("The same number of units is kept from channels for each. You see the effect first.")

ROOMS: dict[str, Room] = {
    room.code: room
    for room in (
        Room(
            code="skus",
            label=gettext_lazy("SKUs"),
            list_name="dashboard:sku_list",
            count=lambda n: ngettext("%(n)d SKU", "%(n)d SKUs", n) % {"n": n},
            rows=_chosen_by(SkuFilter, lambda: Sku.objects.all()),
            page="dashboard:sku_detail",
            verbs=(
                Verb(
                    code="hold-back",
                    label=gettext_lazy("Set hold-back"),
                    icon="lock",
                    words=_KEEP_BACK_WORDS,
                    fits=Q(archived_at=None),
                    lead=_keep_back(lambda pk: Scope(sku_id=pk)),
                    asks_units=True,
                ),
                Verb(
                    code="archive",
                    label=gettext_lazy("Archive"),
                    icon="archive",
                    words=gettext_lazy(
                        "They show in no list and no listing is matched to them. Stock, listings and history stay; "
                        "unarchiving brings them back."
                    ),
                    fits=Q(archived_at=None),
                    act=_archive,
                ),
                Verb(
                    code="restore",
                    label=gettext_lazy("Unarchive"),
                    icon="return",
                    words=gettext_lazy("They show in lists again, and listings are matched to them."),
                    fits=Q(archived_at__isnull=False, merged_into=None),
                    act=_restore,
                ),
            ),
        ),
        Room(
            code="listings",
            label=gettext_lazy("Listings"),
            list_name="channels:listing_list",
            count=lambda n: ngettext("%(n)d listing", "%(n)d listings", n) % {"n": n},
            rows=_chosen_by(
                ListingFilter, lambda: Listing.objects.select_related("channel", "sku").order_by("title", "pk")
            ),
            page="channels:listing_detail",
            verbs=(
                Verb(
                    code="compare",
                    label=gettext_lazy("Compare now"),
                    icon="compare",
                    words=gettext_lazy("Their quantities are read and compared with the ledger. Nothing is changed."),
                    fits=Q(state=Listing.State.ACTIVE, sku__isnull=False, accounted__isnull=False),
                    lead=_compare,
                ),
                Verb(
                    code="retry",
                    label=gettext_lazy("Try again"),
                    icon="refresh",
                    words=gettext_lazy("What their stores refused goes out again. Mend the cause first."),
                    fits=Q(parked_at__isnull=False) & ~Q(state=Listing.State.GONE),
                    act=parked.KINDS["quantities"].retry,
                ),
                Verb(
                    code="hold-back",
                    label=gettext_lazy("Set hold-back"),
                    icon="lock",
                    words=_KEEP_BACK_WORDS,
                    fits=Q(mapping=Listing.Mapping.MAPPED),
                    lead=_keep_back(lambda pk: Scope(listing_id=pk)),
                    asks_units=True,
                ),
                Verb(
                    code="unlink",
                    label=gettext_lazy("Unlink"),
                    icon="unlink",
                    words=gettext_lazy(
                        "Nothing is written to them any more, and their new sales wait. Nothing links them again by "
                        "itself; each can be taken back on its page."
                    ),
                    fits=Q(mapping=Listing.Mapping.MAPPED),
                    act=_unlink,
                    is_grave=True,
                ),
                Verb(
                    code="ignore",
                    label=gettext_lazy("Never link"),
                    icon="cross-circle",
                    words=gettext_lazy(
                        "Nothing is written to them, and their sales don't concern the ledger. Each can be taken back "
                        "on its page."
                    ),
                    fits=~Q(mapping=Listing.Mapping.IGNORED),
                    act=_ignore,
                    is_grave=True,
                ),
            ),
        ),
        Room(
            code="orders",
            label=gettext_lazy("Orders"),
            list_name="channels:order_list",
            count=lambda n: ngettext("%(n)d order", "%(n)d orders", n) % {"n": n},
            rows=_chosen_by(
                OrderFilter,
                lambda: Order.objects.select_related("channel").defer("payload").order_by("-placed_at", "-pk"),
            ),
            page="channels:order_detail",
            verbs=(
                Verb(
                    code="fetch",
                    label=gettext_lazy("Fetch again"),
                    icon="refresh",
                    words=gettext_lazy(
                        "They are asked for at their stores and booked as they are now. Only what differs moves."
                    ),
                    fits=Q(channel__disconnected_at=None),
                    act=parked.KINDS["orders"].retry,
                ),
            ),
        ),
        Room(
            code="events",
            label=gettext_lazy("Activity"),
            list_name="channels:activity",
            count=lambda n: ngettext("%(n)d event", "%(n)d events", n) % {"n": n},
            rows=_chosen_by(
                EventFilter,
                lambda: (
                    InboundEvent.objects.select_related("channel")
                    .defer("body", "headers")
                    .order_by("-received_at", "-pk")
                ),
            ),
            page="channels:event_detail",
            verbs=(
                Verb(
                    code="replay",
                    label=gettext_lazy("Replay"),
                    icon="refresh",
                    words=gettext_lazy("They are worked on again. Only what differs is booked."),
                    fits=Q(state__in=[InboundEvent.State.FAILED, InboundEvent.State.IGNORED]),
                    act=parked.KINDS["events"].retry,
                ),
            ),
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The rows that a person chose in a room for a verb; ``total`` of them fit, of which ``rows`` are done at once."""

    chosen: int
    total: int
    rows: list[Any]

    @property
    def left_out(self) -> int:
        return self.chosen - self.total

    @property
    def is_partial(self) -> bool:
        return self.total > len(self.rows)


def choose(room: Room, verb: Verb, said: QueryDict) -> Choice:
    """Return what ``said`` chooses: ``scope=filter`` all that ``query`` shows in the list, else its ``row``s."""
    if said.get("scope") == "filter":
        rows = room.rows(QueryDict(said.get("query", "")))
    else:
        picked = [int(pk) for pk in said.getlist("row") if pk.isdecimal() and len(pk) < 19]
        rows = room.rows(QueryDict("show=all" if room.code == "skus" else "")).filter(pk__in=picked)
    fitting = verb.narrowed(rows)
    return Choice(chosen=rows.count(), total=fitting.count(), rows=list(fitting[:AT_ONCE]))
