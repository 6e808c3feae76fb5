"""The lists about mappings besides the queue: runs, their lines and changes, and the reports."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from channels.models import Listing
from channels.obstacles import remark_on, remark_on_unmapped
from channels.tables import ListingPart, ListingsTable
from inventory.tables import ListTable, NumberColumn, PartColumn, StateColumn, TextColumn, TimeColumn


class MappingRunTable(ListTable):
    name = PartColumn("channels/cells/mapping_run.html", verbose_name=_("Run"), empty_values=(), orderable=False)
    state = StateColumn(verbose_name=_("State"), orderable=False)
    changed = NumberColumn(verbose_name=_("Mappings"))
    made = NumberColumn(verbose_name=_("SKUs made"))
    actor = PartColumn("channels/cells/actor.html", verbose_name=_("By"), orderable=False)
    started_at = TimeColumn(verbose_name=_("When"))

    class Meta:
        order_by = "-started_at"

    row_header = "name"
    caption = _("Runs")
    empty_icon = "history"
    empty_title = _("No run yet")


class MappingLineTable(ListTable):
    """What the lines of a file would do."""

    number = NumberColumn(verbose_name=_("Line"))
    listing = PartColumn(
        "channels/cells/line_listing.html", verbose_name=_("Listing"), empty_values=(), orderable=False
    )
    action = PartColumn("channels/cells/line_action.html", verbose_name=_("What comes of it"), css_class="cell-wide")
    shows = PartColumn(
        "channels/cells/line_move.html", verbose_name=_("Shows → will show"), css_class="number", empty_values=()
    )

    class Meta:
        order_by = "number"

    row_header = "listing"
    caption = _("Lines")
    empty_icon = "listing"
    empty_title = _("No line")


class MappingChangeTable(ListTable):
    """What was mapped, from what to what, on what grounds."""

    listing = PartColumn("channels/cells/change_listing.html", verbose_name=_("Listing"), orderable=False)
    after_sku = PartColumn(
        "channels/cells/change_skus.html", verbose_name=_("From → to"), empty_values=(), orderable=False
    )
    kind = PartColumn(
        "channels/cells/change_ground.html", verbose_name=_("Grounds"), css_class="cell-wide", orderable=False
    )
    actor = PartColumn("channels/cells/actor.html", verbose_name=_("By"), orderable=False)
    at = TimeColumn(verbose_name=_("When"), orderable=False)

    row_header = "listing"
    caption = _("Changes of mappings")
    empty_icon = "history"
    empty_title = _("No change")


class _RemarkTable(ListingsTable):
    """Listings with what is the matter, and the verb that mends it."""

    title = PartColumn("channels/cells/listing.html", verbose_name=_("Listing"))
    channel = TextColumn(accessor="channel__name", verbose_name=_("Channel"))
    sku = PartColumn("channels/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))
    accounted = PartColumn("channels/cells/shows.html", verbose_name=_("Shows"), css_class="number")
    remark = ListingPart(
        "channels/cells/remark.html", verbose_name=_("Why"), css_class="cell-wide", empty_values=(), orderable=False
    )
    verb = ListingPart(
        "channels/cells/remark_verb.html",
        verbose_name=_("Way out"),
        css_class="table-actions",
        empty_values=(),
        orderable=False,
    )

    class Meta:
        order_by = "title"

    row_header = "title"
    empty_icon = "check-circle"


class NotPushingTable(_RemarkTable):
    caption = _("Mapped listings that nothing is written to")
    empty_title = _("Nothing is kept back")

    def facts(self, listing: Listing) -> dict[str, Any]:
        return {"remark": remark_on(listing, listing.obstacle)}  # type: ignore[attr-defined]


class PushingUnmappedTable(_RemarkTable):
    last_pushed_at = TimeColumn(verbose_name=_("Last written"))

    class Meta:
        exclude = ("sku",)
        sequence = ("title", "channel", "accounted", "last_pushed_at", "remark", "verb")
        order_by = "title"

    caption = _("Listings that sell without a SKU")
    empty_title = _("Nothing sells unmapped")

    def facts(self, listing: Listing) -> dict[str, Any]:
        return {"remark": remark_on_unmapped(listing, listing.ground)}  # type: ignore[attr-defined]
