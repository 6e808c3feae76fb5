"""The lists of this app. What a row needs beyond its own columns is read once for the page that is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from channels import availability, suggesting, trail, trail_words
from channels.models import Channel, Listing
from channels.standing import standing
from channels.suggesting import Suggestion
from inventory.paging import Keys
from inventory.searches import few_of
from inventory.tables import (
    DeltaColumn,
    ListTable,
    NumberColumn,
    PartColumn,
    PickColumn,
    StateColumn,
    TextColumn,
    TimeColumn,
)


class ListingPart(PartColumn):
    """A cell that needs what the table has read for the whole page."""

    def get_context_data(self, *, record: Any, table: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(record=record, table=table, **kwargs)
        context.update(table.facts(record))
        return context


class ListingsTable(ListTable):
    """Listings, that can be sorted by the code of their SKU.

    They are found along the index of codes, which holds none without a SKU: those come after the others, whichever way.
    The few that a filter may leave are sorted as they are, for they lie far apart in that index.
    """

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        code = F("sku__code")
        keys = {"sku__code": code.asc(nulls_last=True), "-sku__code": code.desc(nulls_last=True)}
        return rows.order_by(*(keys.get(key, key) if isinstance(key, str) else key for key in rows.query.order_by))

    def parts(self, rows: QuerySet[Any]) -> Sequence[Keys]:
        keys = rows.values_list("pk", flat=True)
        by = [str(key) for key in self.order_by]
        if by not in (["sku"], ["-sku"]):
            return (keys,)
        few = few_of(rows)
        if few is not None:
            return (keys.filter(pk__in=few),)
        mark = by[0].removesuffix("sku")
        mapped = keys.filter(sku__isnull=False).order_by(f"{mark}sku__code", f"{mark}pk")
        return mapped, keys.filter(sku=None).order_by(f"{mark}pk")


class ListingTable(ListingsTable):
    pick = PickColumn()
    title = PartColumn("channels/cells/listing.html", verbose_name=_("Listing"))
    channel = TextColumn(accessor="channel__name", verbose_name=_("Channel"))
    external_sku = PartColumn("channels/cells/code.html", verbose_name=_("Store SKU"))
    sku = PartColumn("channels/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))
    accounted = PartColumn("channels/cells/shows.html", verbose_name=_("Shows"), css_class="number")
    target = ListingPart(
        "channels/cells/target.html",
        verbose_name=_("Should show"),
        css_class="number",
        empty_values=(),
        orderable=False,
    )
    state = ListingPart("channels/cells/standing.html", verbose_name=_("State"), orderable=False)

    class Meta:
        order_by = "title"

    row_header = "title"
    caption = _("Listings")
    swaps = "components/batch_swaps.html"
    empty_icon = "listing"
    empty_title = _("No listings yet")
    empty_action = _("Go to the channels")

    def parts(self, rows: QuerySet[Any]) -> Sequence[Keys]:
        """Read all listings channel by channel, if sorted by those: no index has them by the names of channels."""
        by = [str(key) for key in self.order_by]
        if self.is_filtered or by not in (["channel"], ["-channel"]):
            return super().parts(rows)
        mark = by[0].removesuffix("channel")
        channels = Channel.objects.order_by(f"{mark}name").values_list("pk", flat=True)
        keys = rows.values_list("pk", flat=True)
        return [keys.filter(channel=pk).order_by(f"{mark}pk") for pk in channels] or (keys,)

    @cached_property
    def _targets(self) -> dict[int, int]:
        listings = [row.record for row in self.paginated_rows]
        mapped = [listing for listing in listings if listing.mapping == Listing.Mapping.MAPPED]
        return availability.targets(mapped)

    def facts(self, listing: Listing) -> dict[str, Any]:
        return {"target": self._targets.get(listing.pk), "standing": standing(listing)}


class ObservedTable(ListingsTable):
    """What a channel would be told. The first column picks listings to go live with."""

    pick = PartColumn(
        "channels/cells/pick.html", verbose_name="", css_class="cell-pick", empty_values=(), orderable=False
    )
    title = PartColumn("channels/cells/listing.html", verbose_name=_("Listing"))
    sku = PartColumn("channels/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))
    accounted = PartColumn("channels/cells/shows.html", verbose_name=_("Shows"), css_class="number")
    would_show = PartColumn("channels/cells/would_show.html", verbose_name=_("Would show"), css_class="number")
    change = PartColumn("channels/cells/change_units.html", verbose_name=_("Change"), css_class="number")
    verbs = PartColumn(
        "channels/cells/observed_verbs.html",
        verbose_name="",
        css_class="table-actions cell-wide",
        empty_values=(),
        orderable=False,
    )

    class Meta:
        order_by = "title"

    row_header = "title"
    caption = _("What would be pushed")
    empty_icon = "eye"
    empty_title = _("Nothing is observed yet")


class QueueTable(ListTable):
    """Listings that wait for a SKU."""

    title = PartColumn("channels/cells/queued.html", verbose_name=_("What the store calls it"))
    shown = PartColumn("channels/cells/shows.html", verbose_name=_("Shows"), css_class="number", orderable=False)
    why = ListingPart(
        "channels/cells/suggestions.html",
        accessor="mapping_confidence",
        verbose_name=_("What it may be"),
        css_class="cell-wide guesses",
        empty_values=(),
    )
    verbs = PartColumn(
        "channels/cells/queue_verbs.html",
        verbose_name=_("Decide"),
        css_class="table-actions cell-wide",
        empty_values=(),
        orderable=False,
    )

    class Meta:
        row_attrs = {"id": lambda record: f"row-{record.pk}"}

    row_header = "title"
    caption = _("Unmapped listings")
    empty_icon = "check-circle"
    empty_title = _("Every listing is mapped")

    @cached_property
    def _suggestions(self) -> dict[int, list[Suggestion]]:
        return suggesting.suggest([row.record for row in self.paginated_rows])

    def facts(self, listing: Listing) -> dict[str, Any]:
        found = self._suggestions[listing.pk]
        return {"suggestions": found, "why": suggesting.why_waiting(listing, found)}


class OrderTable(ListTable):
    pick = PickColumn()
    number = PartColumn("channels/cells/order.html", verbose_name=_("Order"))
    channel = TextColumn(accessor="channel__name", verbose_name=_("Channel"))
    placed_at = TimeColumn(verbose_name=_("Placed"))
    state = StateColumn(verbose_name=_("State"))
    status = TextColumn(verbose_name=_("In the store"), orderable=False)
    units = NumberColumn(verbose_name=_("Units"))
    waiting = PartColumn("channels/cells/waiting.html", verbose_name=_("Lines"))

    class Meta:
        order_by = "-placed_at"

    row_header = "number"
    caption = _("Orders")
    swaps = "components/batch_swaps.html"
    empty_icon = "order"
    empty_title = _("No orders yet")


class EventTable(ListTable):
    pick = PickColumn()
    topic = PartColumn("channels/cells/event.html", verbose_name=_("Event"))
    channel = TextColumn(accessor="channel__name", verbose_name=_("Channel"))
    received_at = TimeColumn(verbose_name=_("Received"))
    state = StateColumn(verbose_name=_("State"))
    attempts = NumberColumn(verbose_name=_("Attempts"))
    problem = TextColumn(verbose_name=_("Outcome"), orderable=False, attrs={"td": {"class": "cell-wide"}})
    verbs = PartColumn(
        "channels/cells/event_verbs.html",
        verbose_name=_("Again"),
        css_class="table-actions cell-wide",
        empty_values=(),
        orderable=False,
    )

    class Meta:
        order_by = "-received_at"

    row_header = "topic"
    caption = _("Webhooks")
    swaps = "components/batch_swaps.html"
    empty_icon = "receive"
    empty_title = _("No webhook has arrived yet")


class PushTable(ListTable):
    listing = PartColumn("channels/cells/push_listing.html", verbose_name=_("Listing"), orderable=False)
    channel = TextColumn(accessor="channel__name", verbose_name=_("Channel"))
    delta = DeltaColumn(verbose_name=_("Change"))
    target = PartColumn("channels/cells/push_numbers.html", verbose_name=_("From → to"), css_class="number")
    state = StateColumn(verbose_name=_("State"))
    took = PartColumn("channels/cells/span.html", verbose_name=_("Took"), css_class="number")
    created_at = TimeColumn(verbose_name=_("When"), order_by="pk")
    receipt = PartColumn("channels/cells/receipt.html", verbose_name=_("Receipt"), orderable=False)

    class Meta:
        order_by = "-created_at"

    row_header = "listing"
    caption = _("Pushes")
    empty_icon = "push"
    empty_title = _("Nothing has been pushed yet")


class ListingPushTable(PushTable):
    """The pushes of one listing."""

    class Meta:
        exclude = ("listing", "channel")
        sequence = ("created_at", "...")
        orderable = False

    row_header = "created_at"


class ValuesColumn(PartColumn):
    """The values of an entry before or after it, by name."""

    def get_context_data(self, *, value: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(value=value, **kwargs)
        context["pairs"] = trail_words.pairs(value or {})
        return context


class ActionColumn(PartColumn):
    """What somebody did, in words."""

    def get_context_data(self, *, value: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(value=value, **kwargs)
        context["said"] = trail_words.said(value)
        return context


class ThingColumn(PartColumn):
    """What an entry of the trail is about, by its name."""

    def get_context_data(self, *, record: Any, table: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(record=record, table=table, **kwargs)
        context["thing"] = table.things[record.subject]
        return context


class ChangeTable(ListTable):
    has_file = False  # it has one of its own, with who, and with the values as they are kept

    @cached_property
    def things(self) -> Mapping[str, trail.Thing]:
        return trail.things(row.record for row in self.paginated_rows)

    action = ActionColumn("channels/cells/change.html", verbose_name=_("Change"), orderable=False)
    subject = ThingColumn("channels/cells/subject.html", verbose_name=_("Of"), orderable=False)
    before = ValuesColumn("channels/cells/values.html", verbose_name=_("Before"), orderable=False)
    after = ValuesColumn("channels/cells/values.html", verbose_name=_("After"), orderable=False)
    at = TimeColumn(verbose_name=_("When"), orderable=False)

    row_header = "action"
    caption = _("Changes by people")
    empty_icon = "user"
    empty_title = _("Nobody has changed anything yet")
