"""What the lists of stock sources can be narrowed by."""

from __future__ import annotations

import django_filters
from django.utils.translation import gettext_lazy as _

from inventory.filters import OF_THE_SKU, WordsFilter
from inventory.sources.models import ExternalShipment, Pull, Reading, SourceEvent


class ReadingFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter(*OF_THE_SKU)
    outcome = django_filters.ChoiceFilter(label=_("State"), choices=Reading.Outcome.choices)

    class Meta:
        model = Reading
        fields: list[str] = []


class PullFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(label=_("State"), choices=Pull.State.choices)
    trigger = django_filters.ChoiceFilter(label=_("Why"), choices=Pull.Trigger.choices)

    class Meta:
        model = Pull
        fields: list[str] = []


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(label=_("State"), choices=SourceEvent.State.choices)

    class Meta:
        model = SourceEvent
        fields: list[str] = []


class ShipmentFilter(django_filters.FilterSet):  # type: ignore[misc]
    order_ref = django_filters.CharFilter(label=_("Order"), lookup_expr="startswith")
    state = django_filters.ChoiceFilter(label=_("State"), choices=ExternalShipment.State.choices)

    class Meta:
        model = ExternalShipment
        fields: list[str] = []
