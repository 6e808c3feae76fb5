"""What the event log and an endpoint's deliveries can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from api.models import Delivery, Event
from api.webhooks.kinds import CHOICES
from inventory.filters import WordsFilter


class EventLogFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter("subject", label=_("Subject"))
    kind = django_filters.ChoiceFilter(label=_("Event"), choices=CHOICES, empty_label=_("Any"))

    class Meta:
        model = Event
        fields = ["q", "kind"]


class DeliveryLogFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=(*Delivery.State.choices, ("trouble", _("With failures"))), method="by_state"
    )
    kind = django_filters.ChoiceFilter(
        label=_("Event"),
        field_name="event__kind",
        choices=CHOICES,
        empty_label=_("Any"),
    )

    class Meta:
        model = Delivery
        fields = ["state", "kind"]

    def by_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.exclude(last_problem="") if value == "trouble" else rows.filter(state=value)
