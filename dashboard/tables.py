"""The SKU list."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from inventory.tables import ListTable, NumberColumn, PartColumn, TextColumn


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
