"""The lists of SKUs and of what shops have sold."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from inventory.tables import ListTable, NumberColumn, PartColumn, TextColumn, TimeColumn


class SkuTable(ListTable):
    code = PartColumn("dashboard/cells/sku_code.html", verbose_name=_("Code"))
    name = TextColumn(verbose_name=_("Name"), attrs={"td": {"class": "cell-wide"}})
    on_hand = NumberColumn(verbose_name=_("On hand"))
    reserved = NumberColumn(verbose_name=_("Reserved"))
    available = NumberColumn(verbose_name=_("Available"))
    channels = NumberColumn(verbose_name=_("Channels"))
    state = PartColumn("dashboard/cells/sku_state.html", verbose_name=_("Stock"), orderable=False, empty_values=())

    class Meta:
        order_by = "code"

    row_header = "code"
    caption = _("SKUs")
    empty_title = _("No SKUs yet")
    empty_action = _("New SKU")


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
