"""The lists of SKUs and of what shops have sold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dashboard import skus
from dashboard.parked import Kind
from inventory import bundles
from inventory.models import Warehouse
from inventory.paging import Keys
from inventory.tables import ListTable, NumberColumn, PartColumn, PickColumn, TextColumn, TimeColumn


class SkuTable(ListTable):
    """SKUs; ``warehouse`` is the one whose units are shown."""

    warehouse: Warehouse | None = None

    pick = PickColumn()
    code = PartColumn("dashboard/cells/sku_code.html", verbose_name=_("Code"))
    name = TextColumn(verbose_name=_("Name"), attrs={"td": {"class": "cell-wide"}})
    on_hand = NumberColumn(verbose_name=_("On hand"))
    reserved = NumberColumn(verbose_name=_("Reserved"))
    available = NumberColumn(verbose_name=_("Available"))
    channels = NumberColumn(verbose_name=_("Channels"))
    state = PartColumn("dashboard/cells/sku_state.html", verbose_name=_("Stock"), orderable=False, empty_values=())

    class Meta:
        order_by = "code"

    def parts(self, rows: QuerySet[Any]) -> Sequence[Keys]:
        by = [str(key) for key in self.order_by]
        if by in (["channels"], ["-channels"]):
            return (skus.KeysByChannels(skus=rows, is_falling=by == ["-channels"]),)
        return super().parts(rows)

    def before_render(self, request: HttpRequest) -> None:
        """Give the bundles of this page what their components make: they hold nothing themselves."""
        found = [row.record for row in self.paginated_rows if row.record.is_bundle]
        made = bundles.makes([sku.pk for sku in found])
        for sku in found:
            places = made.get(sku.pk, [])
            sku.available = sum(place.units for place in places if self.warehouse in (None, place.warehouse))

    row_header = "code"
    caption = _("SKUs")
    swaps = "components/batch_swaps.html"
    empty_title = _("No SKUs yet")
    empty_action = _("New SKU")


class ShortTable(ListTable):
    """Where a SKU is short of units that are promised, the worst first."""

    sku = PartColumn("dashboard/cells/short_sku.html", accessor="sku__code", verbose_name=_("SKU"))
    warehouse = TextColumn(accessor="warehouse__name", verbose_name=_("Warehouse"))
    short = NumberColumn(verbose_name=_("Missing"))
    backordered = NumberColumn(verbose_name=_("On backorder"))
    waiting = NumberColumn(verbose_name=_("Orders compete"))
    on_hand = NumberColumn(verbose_name=_("On hand"))
    elsewhere = NumberColumn(verbose_name=_("Elsewhere"))
    verbs = PartColumn(
        "dashboard/cells/short_verbs.html",
        verbose_name=_("Decide"),
        css_class="table-actions cell-wide",
        empty_values=(),
        orderable=False,
    )

    class Meta:
        order_by = "-short"

    row_header = "sku"
    caption = _("What is oversold")
    empty_icon = "check-circle"
    empty_title = _("Nothing is oversold")


class ParkedPart(PartColumn):
    """A cell about what is set aside, whatever kind it is."""

    def get_context_data(self, *, record: Any, table: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(record=record, table=table, **kwargs)
        context["about"] = table.kind.about(record)
        return context


class ParkedTable(ListTable):
    """What waits for a person to try it again."""

    pick = ParkedPart("dashboard/cells/parked_pick.html", css_class="cell-pick", empty_values=(), verbose_name="")
    what = ParkedPart("dashboard/cells/parked_what.html", empty_values=(), verbose_name=_("What"))
    words = ParkedPart(
        "dashboard/cells/parked_words.html", css_class="cell-wide", empty_values=(), verbose_name=_("What was said")
    )
    since = ParkedPart(
        "dashboard/cells/parked_since.html", css_class="nowrap", empty_values=(), verbose_name=_("Since")
    )
    verbs = ParkedPart(
        "dashboard/cells/parked_verbs.html",
        css_class="table-actions cell-wide",
        empty_values=(),
        verbose_name=_("Again"),
    )

    class Meta:
        orderable = False

    kind: Kind
    row_header = "what"
    caption = _("Set aside")
    empty_icon = "check-circle"
    empty_title = _("Nothing is set aside")


class RiskTable(ListTable):
    """SKUs that run out soon, the soonest first."""

    code = PartColumn("dashboard/cells/risk_sku.html", accessor="sku__code", verbose_name=_("SKU"))
    name = TextColumn(accessor="sku__name", verbose_name=_("Name"), attrs={"td": {"class": "cell-wide"}})
    available = NumberColumn(verbose_name=_("Available"))
    sold = PartColumn("dashboard/cells/risk_sold.html", verbose_name=_("Sold in 28 days"), css_class="number")
    per_day = PartColumn("dashboard/cells/risk_rate.html", verbose_name=_("A day"), css_class="number")
    days_left = PartColumn("dashboard/cells/risk_days.html", verbose_name=_("Lasts"), css_class="number")

    class Meta:
        order_by = "days_left"

    row_header = "code"
    caption = _("What will run out")
    empty_icon = "check-circle"
    empty_title = _("Nothing runs out soon")


class SaleLineTable(ListTable):
    code = PartColumn("shops/cells/line.html", verbose_name=_("What"))
    units = PartColumn("shops/cells/units.html", verbose_name=_("Units"), css_class="number")
    state = PartColumn("shops/cells/state.html", verbose_name=_("State"), css_class="cell-wide", orderable=False)
    sale_id = TextColumn(verbose_name=_("Sale"), attrs={"td": {"class": "code"}})
    occurred_at = TimeColumn(verbose_name=_("Sold"))

    class Meta:
        order_by = "-occurred_at"

    row_header = "code"
    caption = _("Sales")
    empty_icon = "barcode"
    empty_title = _("Nothing was sold yet")
