"""The lists of the developers' room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from inventory.tables import ListTable, NumberColumn, PartColumn, TimeColumn


class DeliveryTable(ListTable):
    """An endpoint's deliveries, newest first."""

    kind = PartColumn("developers/cells/delivery.html", accessor="event__kind", verbose_name=_("Event"))
    state = PartColumn("developers/cells/delivery_state.html", verbose_name=_("State"), css_class="cell-wide")
    tries = NumberColumn(verbose_name=_("Attempts"))
    created_at = TimeColumn(verbose_name=_("When"))

    class Meta:
        orderable = False

    row_header = "kind"
    caption = _("Deliveries")
    empty_icon = "push"
    empty_title = _("Nothing was sent yet")


class EventTable(ListTable):
    """Everything that happened and may be told, newest first."""

    kind = PartColumn("developers/cells/event.html", verbose_name=_("Event"))
    told = PartColumn("developers/cells/told.html", empty_values=(), verbose_name=_("Told to"))
    occurred_at = TimeColumn(verbose_name=_("When"))

    class Meta:
        orderable = False

    row_header = "kind"
    caption = _("Events")
    empty_icon = "activity"
    empty_title = _("Nothing has happened yet")
