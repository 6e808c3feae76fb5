"""The counts of a batch: as they would change the ledger, and as they did."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from inventory.tables import DeltaColumn, ListTable, NumberColumn, PartColumn, TextColumn


class CountChangeTable(ListTable):
    sku = PartColumn("inventory/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))
    warehouse = TextColumn(accessor="warehouse__name", verbose_name=_("Warehouse"))
    before = NumberColumn(verbose_name=_("On hand now"))
    after = NumberColumn(verbose_name=_("On hand after"))
    difference = DeltaColumn(verbose_name=_("Change"))
    available = NumberColumn(verbose_name=_("Available after"))

    class Meta:
        orderable = False

    row_header = "sku"
    caption = _("What the ledger would become")
    empty_icon = "count"
    empty_title = _("No line of the file can be used")


class CountTable(ListTable):
    sku = PartColumn("inventory/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))
    warehouse = TextColumn(accessor="warehouse__name", verbose_name=_("Warehouse"))
    expected = NumberColumn(verbose_name=_("Expected"))
    counted = NumberColumn(verbose_name=_("Counted"))
    difference = DeltaColumn(verbose_name=_("Difference"), orderable=False)

    class Meta:
        order_by = "sku"

    row_header = "sku"
    caption = _("Counts")
    empty_icon = "count"
    empty_title = _("Nothing was counted")
