"""The lists of stock sources."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from inventory.tables import DeltaColumn, ListTable, NumberColumn, PartColumn, StateColumn, TextColumn, TimeColumn


class ReadingTable(ListTable):
    """The last word of a source on each place."""

    sku = PartColumn("inventory/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))
    warehouse = TextColumn(accessor="warehouse__name", verbose_name=_("Warehouse"))
    on_hand = NumberColumn(verbose_name=_("Source says"))
    expected = NumberColumn(verbose_name=_("Ledger had"))
    difference = DeltaColumn(verbose_name=_("Difference"), orderable=False)
    reserved = NumberColumn(verbose_name=_("Reserved there"))
    as_of = TimeColumn(verbose_name=_("As of"))
    outcome = StateColumn(verbose_name=_("State"))
    verbs = PartColumn(
        "sources/cells/reading_verbs.html",
        verbose_name=_("Decide"),
        css_class="table-actions",
        empty_values=(),
        orderable=False,
    )

    row_header = "sku"
    caption = _("What the source says")
    empty_icon = "count"
    empty_title = _("Nothing of yours was read")


class PullTable(ListTable):
    """The readings of a source, newest first."""

    started_at = PartColumn("sources/cells/pull.html", verbose_name=_("When"))
    trigger = TextColumn(accessor="get_trigger_display", verbose_name=_("Why"), orderable=False)
    state = StateColumn(verbose_name=_("State"), orderable=False)
    rows = NumberColumn(verbose_name=_("Rows"))
    matched = NumberColumn(verbose_name=_("Agree"))
    adjusted = NumberColumn(verbose_name=_("Adjusted"))
    flagged = NumberColumn(verbose_name=_("Wait"))
    skipped = NumberColumn(verbose_name=_("Not used"))
    problem = TextColumn(verbose_name=_("Words"), orderable=False, attrs={"td": {"class": "cell-wide small muted"}})

    class Meta:
        orderable = False

    row_header = "started_at"
    caption = _("Readings")
    empty_icon = "history"
    empty_title = _("No reading yet")


class DifferenceTable(ListTable):
    """What one reading and the ledger disagreed on."""

    sku = PartColumn("inventory/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))
    warehouse = TextColumn(accessor="warehouse__name", verbose_name=_("Warehouse"))
    expected = NumberColumn(verbose_name=_("Ledger had"))
    reported = NumberColumn(verbose_name=_("Source says"))
    difference = DeltaColumn(verbose_name=_("Difference"), orderable=False)
    as_of = TimeColumn(verbose_name=_("As of"))
    outcome = StateColumn(verbose_name=_("State"))
    note = TextColumn(verbose_name=_("Note"), orderable=False, attrs={"td": {"class": "cell-wide small muted"}})

    row_header = "sku"
    caption = _("Differences")
    empty_icon = "check-circle"
    empty_title = _("No differences")


class ProblemTable(ListTable):
    """What a reading could not use."""

    kind = StateColumn(verbose_name=_("What"))
    sku_code = TextColumn(verbose_name=_("SKU there"), attrs={"td": {"class": "code"}})
    sentence = TextColumn(verbose_name=_("What to do"), orderable=False, attrs={"td": {"class": "cell-wide"}})

    row_header = "kind"
    caption = _("Not used")
    empty_icon = "check-circle"
    empty_title = _("Every row could be used")


class EventTable(ListTable):
    """What a source has sent."""

    topic = TextColumn(verbose_name=_("Event"), attrs={"td": {"class": "code"}})
    state = StateColumn(verbose_name=_("State"))
    problem = TextColumn(verbose_name=_("Words"), orderable=False, attrs={"td": {"class": "cell-wide small"}})
    received_at = TimeColumn(verbose_name=_("Received"))
    verbs = PartColumn(
        "sources/cells/event_verbs.html",
        verbose_name=_("Again"),
        css_class="table-actions",
        empty_values=(),
        orderable=False,
    )

    row_header = "topic"
    caption = _("Events")
    empty_icon = "activity"
    empty_title = _("No event yet")


class ShipmentTable(ListTable):
    """What has left, as the source told it."""

    ref = TextColumn(verbose_name=_("Shipment"), attrs={"td": {"class": "code"}})
    kind = TextColumn(accessor="get_kind_display", verbose_name=_("Kind"), orderable=False)
    order = PartColumn("sources/cells/shipment_order.html", accessor="order_ref", verbose_name=_("Order"))
    units = PartColumn("sources/cells/shipment_units.html", verbose_name=_("Units"), empty_values=(), orderable=False)
    state = StateColumn(verbose_name=_("State"))
    problem = PartColumn("sources/cells/shipment_problem.html", verbose_name=_("Words"), orderable=False)
    happened_at = TimeColumn(verbose_name=_("Left"))

    row_header = "ref"
    caption = _("Shipments")
    empty_icon = "push"
    empty_title = _("Nothing has left yet")
