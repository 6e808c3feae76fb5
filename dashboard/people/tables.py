"""The lists of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from inventory.tables import ListTable, PartColumn, TimeColumn


class NotificationTable(ListTable):
    title = PartColumn("people/cells/notification.html", verbose_name=_("What"), orderable=False)
    kind = PartColumn("people/cells/notification_kind.html", verbose_name=_("Kind"), orderable=False)
    created_at = TimeColumn(verbose_name=_("When"), orderable=False)

    class Meta:
        order_by = "-created_at"

    row_header = "title"
    caption = _("Notifications")
    empty_icon = "check-circle"
    empty_title = _("Nothing to tell")
