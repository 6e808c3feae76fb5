"""What the lists of stock sources can be narrowed by."""

from __future__ import annotations

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django_filters.rest_framework import FilterSet

from api.filters import Exact, YesNo
from inventory.sources.models import ExternalShipment, ExternalShipmentLine, Pull, Reading, Source, SourceEvent


class SourceFilter(FilterSet):  # type: ignore[misc]
    kind = Exact("kind", "Sources of this kind, for example wms.")
    connected = YesNo("disconnected_at", "true: none that was disconnected; false: only those.", lookup_expr="isnull")

    class Meta:
        model = Source
        fields = ["kind", "connected"]


class OfSource(django_filters.UUIDFilter):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(field_name="source__uuid", help_text="Of the source of this uuid.")


class PullFilter(FilterSet):  # type: ignore[misc]
    source = OfSource()
    state = django_filters.ChoiceFilter(choices=Pull.State.choices, help_text="Where it stands.")
    trigger = django_filters.ChoiceFilter(choices=Pull.Trigger.choices, help_text="Why it was read.")

    class Meta:
        model = Pull
        fields = ["source", "state", "trigger"]


class ReadingFilter(FilterSet):  # type: ignore[misc]
    source = OfSource()
    outcome = django_filters.ChoiceFilter(choices=Reading.Outcome.choices, help_text="How the ledger stands to it.")
    sku = Exact("sku__code", "Of the SKU of exactly this code.")
    warehouse = Exact("warehouse__code", "In the warehouse of exactly this code.")

    class Meta:
        model = Reading
        fields = ["source", "outcome", "sku", "warehouse"]


class SourceEventFilter(FilterSet):  # type: ignore[misc]
    source = OfSource()
    state = django_filters.ChoiceFilter(choices=SourceEvent.State.choices, help_text="Where it stands.")

    class Meta:
        model = SourceEvent
        fields = ["source", "state"]


class ShipmentFilter(FilterSet):  # type: ignore[misc]
    source = OfSource()
    state = django_filters.ChoiceFilter(choices=ExternalShipment.State.choices, help_text="Whether it still stands.")
    order = Exact("order_ref", "Of the order of exactly this number, without #.")
    shipment_id = Exact("ref", "Of exactly this id of whoever told it.")
    waiting = YesNo("problem", "true: those that don't count as told yet.", method="by_waiting")

    class Meta:
        model = ExternalShipment
        fields = ["source", "state", "order", "shipment_id", "waiting"]

    def by_waiting(self, rows: QuerySet[ExternalShipment], name: str, value: bool) -> QuerySet[ExternalShipment]:
        lines = ExternalShipmentLine.objects.filter(shipment=OuterRef("pk")).exclude(problem="")
        waits = Exists(lines) | ~Q(problem="")
        return rows.filter(waits) if value else rows.exclude(waits)
