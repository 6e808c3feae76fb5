"""What each list can be narrowed by. Codes are compared exactly; an unknown parameter is refused, not ignored."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from api.models import ApiToken, Delivery, Endpoint
from api.webhooks.kinds import KINDS
from channels.models import CatalogImport, Channel, InboundEvent, Listing, Order, Push
from inventory.models import AuditEntry, Movement, Reservation, ReservationLine, Sku, StockLevel, Warehouse
from inventory.shops.models import SaleLine

_PAGING = {"cursor", "limit"}
_MAX = 10**15


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """Refuses parameters that the list does not know, and those that would widen the answer unseen."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filterset_class = self.get_filterset_class(view, queryset)
        refuse_parameters(request, {*(filterset_class.base_filters if filterset_class else ()), *_PAGING})
        rows: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return rows


def refuse_parameters(request: Request, known: Collection[str]) -> None:
    """Raise ValidationError for parameters that are not ``known``, are given twice, or say nothing.

    An empty one is most often a variable that a script forgot to set; taking it for absent would widen the answer.
    """
    there = f"There are: {', '.join(sorted(known))}." if known else "This address takes none."
    errors = {}
    for name in request.query_params:
        if name not in known:
            errors[name] = f"There is no such parameter. {there}"
        elif len(request.query_params.getlist(name)) > 1:
            errors[name] = "Give this parameter once."
        elif not request.query_params[name].strip():
            errors[name] = "Give it a value, or leave it out."
    if errors:
        raise ValidationError(errors)


class Exact(django_filters.CharFilter):  # type: ignore[misc]
    """A text compared exactly, spaces and case included."""

    def __init__(self, field_name: str, help_text: str, **kwargs: Any) -> None:
        super().__init__(field_name=field_name, help_text=help_text, strip=False, **kwargs)


@extend_schema_field({"type": "integer", "format": "int64", "minimum": -_MAX, "maximum": _MAX})
class Number(django_filters.Filter):  # type: ignore[misc]
    """A whole number."""

    field_class = forms.IntegerField

    def __init__(self, field_name: str, help_text: str, **kwargs: Any) -> None:
        super().__init__(field_name=field_name, help_text=help_text, min_value=-_MAX, max_value=_MAX, **kwargs)


@extend_schema_field({"type": "boolean"})
class YesNo(django_filters.TypedChoiceFilter):  # type: ignore[misc]
    """true or false; the framework's own filter would take a misspelt one as neither."""

    def __init__(self, field_name: str, help_text: str, **kwargs: Any) -> None:
        super().__init__(
            field_name=field_name,
            help_text=help_text,
            choices=[("true", "true"), ("false", "false")],
            coerce=lambda text: text == "true",
            **kwargs,
        )


class MomentField(IsoDateTimeField):  # type: ignore[misc]
    default_error_messages = {"invalid": "Send a time such as 2026-11-21T09:30:00Z, and a + in it encoded."}

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        try:
            # Moved to UTC here, where a year that does not exist there can still be refused.
            return None if moment is None else moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class Moment(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    """An ISO 8601 time; without an offset it is UTC."""

    field_class = MomentField

    def __init__(self, field_name: str, help_text: str, **kwargs: Any) -> None:
        super().__init__(field_name=field_name, help_text=help_text, **kwargs)


class OfChannel(django_filters.CharFilter):  # type: ignore[misc]
    """A channel's id or uuid."""

    def __init__(self, path: str = "channel") -> None:
        super().__init__(help_text="The channel's id or uuid.", method=self._narrow)
        self.path = path

    def _narrow(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value.isascii() and value.isdecimal() and len(value) < 19:
            return rows.filter(**{f"{self.path}_id": int(value)})
        try:
            return rows.filter(**{f"{self.path}__uuid": uuid.UUID(value)})
        except ValueError:
            raise ValidationError({name: "Send the channel's id or its uuid."}) from None


class WarehouseFilter(FilterSet):  # type: ignore[misc]
    code = Exact("code", "The warehouse of exactly this code.")

    class Meta:
        model = Warehouse
        fields = ["code"]


class SkuFilter(FilterSet):  # type: ignore[misc]
    code = Exact("code", "The SKU of exactly this code.")
    barcode = Exact("barcode", "SKUs of exactly this barcode.")
    search = django_filters.CharFilter(method="by_search", help_text="Part of the code or name, or a barcode's start.")
    archived = YesNo(
        "archived_at", "true: archived ones only; false: none of them.", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = Sku
        fields = ["code", "barcode", "search", "archived"]

    def by_search(self, rows: Any, name: str, value: str) -> Any:
        return rows.search(value)


class StockFilter(FilterSet):  # type: ignore[misc]
    sku = Exact("sku__code", "Levels of the SKU of exactly this code.")
    warehouse = Exact("warehouse__code", "Levels in the warehouse of exactly this code.")
    available_lt = Number("available", "Fewer than this many units available.", lookup_expr="lt")
    available_gt = Number("available", "More than this many units available.", lookup_expr="gt")

    class Meta:
        model = StockLevel
        fields = ["sku", "warehouse", "available_lt", "available_gt"]


class MovementFilter(FilterSet):  # type: ignore[misc]
    sku = Exact("sku__code", "Movements of the SKU of exactly this code.")
    warehouse = Exact("warehouse__code", "Movements in the warehouse of exactly this code.")
    kind = django_filters.ChoiceFilter(choices=Movement.Kind.choices, help_text="What caused it.")
    key = Exact("key", "The movement of exactly this key.")
    recorded_from = Moment("recorded_at", "Recorded at this time or later.", lookup_expr="gte")
    recorded_until = Moment("recorded_at", "Recorded before this time.", lookup_expr="lt")

    class Meta:
        model = Movement
        fields = ["sku", "warehouse", "kind", "key", "recorded_from", "recorded_until"]


class ReservationFilter(FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=Reservation.State.choices, help_text="Where it stands.")
    reference = Exact("reference", "Reservations of exactly this reference.")
    sku = Exact("lines__sku__code", "Reservations with a line of this SKU.", distinct=True)
    backordered = YesNo(
        "lines__backordered_at",
        "true: those with a line that waits for the next delivery.",
        method="by_backordered",
    )

    class Meta:
        model = Reservation
        fields = ["state", "reference", "sku", "backordered"]

    def by_backordered(self, rows: QuerySet[Reservation], name: str, value: bool) -> QuerySet[Reservation]:
        waiting = ReservationLine.objects.filter(backordered_at__isnull=False).order_by().values("reservation")
        return rows.filter(pk__in=waiting) if value else rows.exclude(pk__in=waiting)


class SaleLineFilter(FilterSet):  # type: ignore[misc]
    location = Exact("warehouse__code", "Lines of the shop of exactly this code.")
    state = django_filters.ChoiceFilter(choices=SaleLine.State.choices, help_text="Where it stands.")
    sale_id = Exact("sale_id", "Lines of the sale of exactly this id.")
    sku = Exact("sku__code", "Lines of the SKU of exactly this code.")
    occurred_from = Moment("occurred_at", "Sold at this time or later.", lookup_expr="gte")
    occurred_until = Moment("occurred_at", "Sold before this time.", lookup_expr="lt")

    class Meta:
        model = SaleLine
        fields = ["location", "state", "sale_id", "sku", "occurred_from", "occurred_until"]


class ChannelFilter(FilterSet):  # type: ignore[misc]
    name = Exact("name", "The channel of exactly this name.")
    platform = Exact("platform", "Channels of this platform, for example ecwid.")
    connected = YesNo("disconnected_at", "true: none that was disconnected; false: only those.", lookup_expr="isnull")

    class Meta:
        model = Channel
        fields = ["name", "platform", "connected"]


class ImportFilter(FilterSet):  # type: ignore[misc]
    channel = OfChannel()
    state = django_filters.ChoiceFilter(choices=CatalogImport.State.choices, help_text="Where it stands.")

    class Meta:
        model = CatalogImport
        fields = ["channel", "state"]


class ListingFilter(FilterSet):  # type: ignore[misc]
    channel = OfChannel()
    mapping = django_filters.ChoiceFilter(choices=Listing.Mapping.choices, help_text="Whether it has a SKU.")
    state = django_filters.ChoiceFilter(choices=Listing.State.choices, help_text="Whether the store still has it.")
    sku = Exact("sku__code", "Listings that sell the SKU of exactly this code.")
    external_sku = Exact("external_sku", "Listings to which the store gives exactly this SKU.")
    search = django_filters.CharFilter(method="by_search", help_text="Part of the title or of a SKU.")
    parked = YesNo("parked_at", "true: those whose quantity the store refused.", lookup_expr="isnull", exclude=True)
    attention = YesNo("needing_attention", "true: those that wait for a person.", method="by_report")
    beside = YesNo(
        "beside_variations", "true: products whose variations are all listings of their own.", method="by_report"
    )
    not_pushing = YesNo("not_pushing", "true: mapped ones that nothing is written to now.", method="by_report")
    pushing_unmapped = YesNo("pushing_unmapped", "true: those that sell without a SKU.", method="by_report")

    class Meta:
        model = Listing
        fields = ["channel", "mapping", "state", "sku", "external_sku", "search", "parked", "attention"]

    def by_report(self, rows: Any, name: str, value: bool) -> Any:
        found = getattr(Listing.objects.all(), name)().order_by().values("pk")
        return rows.filter(pk__in=found) if value else rows.exclude(pk__in=found)

    def by_search(self, rows: Any, name: str, value: str) -> Any:
        return rows.search(value)


class OrderFilter(FilterSet):  # type: ignore[misc]
    channel = OfChannel()
    state = django_filters.ChoiceFilter(choices=Order.State.choices, help_text="Where it stands.")
    number = Exact("number", "Orders of exactly this number.")
    ref = Exact("ref", "Orders of exactly this id of the platform.")
    sku = Exact("lines__sku__code", "Orders with a line of this SKU.", distinct=True)
    waiting = YesNo("lines", "true: orders with a line that is not booked yet.", method="by_waiting")
    parked = YesNo("parked", "true: orders that wait for a person, for either reason.", method="by_parked")
    problem = YesNo("problem", "true: orders that could not be booked as they are.", method="by_problem")
    placed_from = Moment("placed_at", "Placed at this time or later.", lookup_expr="gte")
    placed_until = Moment("placed_at", "Placed before this time.", lookup_expr="lt")

    class Meta:
        model = Order
        fields = ["channel", "state", "number", "ref", "sku", "waiting", "problem", "placed_from", "placed_until"]

    def by_parked(self, rows: Any, name: str, value: bool) -> Any:
        parked = Order.objects.all().parked().order_by().values("pk")
        return rows.filter(pk__in=parked) if value else rows.exclude(pk__in=parked)

    def by_problem(self, rows: QuerySet[Order], name: str, value: bool) -> QuerySet[Order]:
        return rows.exclude(problem="") if value else rows.filter(problem="")

    def by_waiting(self, rows: QuerySet[Order], name: str, value: bool) -> QuerySet[Order]:
        waiting = rows.filter(lines__state="waiting").distinct()
        return waiting if value else rows.exclude(pk__in=waiting.order_by().values("pk"))


class EventFilter(FilterSet):  # type: ignore[misc]
    channel = OfChannel()
    state = django_filters.ChoiceFilter(choices=InboundEvent.State.choices, help_text="Where it stands.")
    topic = Exact("topic", "Events of exactly this topic.")
    delivery_id = Exact("delivery_id", "The event of exactly this id of the platform.")
    received_from = Moment("received_at", "Received at this time or later.", lookup_expr="gte")
    received_until = Moment("received_at", "Received before this time.", lookup_expr="lt")

    class Meta:
        model = InboundEvent
        fields = ["channel", "state", "topic", "delivery_id", "received_from", "received_until"]


class PushFilter(FilterSet):  # type: ignore[misc]
    channel = OfChannel()
    listing = Number("listing_id", "Pushes of the listing of this id.")
    sku = Exact("listing__sku__code", "Pushes of listings that sell this SKU now.")
    state = django_filters.ChoiceFilter(choices=Push.State.choices, help_text="What became of it.")
    created_from = Moment("created_at", "Intended at this time or later.", lookup_expr="gte")
    created_until = Moment("created_at", "Intended before this time.", lookup_expr="lt")

    class Meta:
        model = Push
        fields = ["channel", "listing", "sku", "state", "created_from", "created_until"]


class ChangeFilter(FilterSet):  # type: ignore[misc]
    actor = Exact("actor", "Changes by exactly this one, for example user:ana.")
    action = Exact("action", "Changes of exactly this kind, for example channel.mode.")
    subject = Exact("subject", "Changes of exactly this, for example channel:2.")
    at_from = Moment("at", "Made at this time or later.", lookup_expr="gte")
    at_until = Moment("at", "Made before this time.", lookup_expr="lt")

    class Meta:
        model = AuditEntry
        fields = ["actor", "action", "subject", "at_from", "at_until"]


class TokenFilter(FilterSet):  # type: ignore[misc]
    revoked = YesNo("revoked_at", "true: revoked ones only; false: none of them.", lookup_expr="isnull", exclude=True)

    class Meta:
        model = ApiToken
        fields = ["revoked"]


class EndpointFilter(FilterSet):  # type: ignore[misc]
    origin = django_filters.ChoiceFilter(choices=Endpoint.Origin.choices, help_text="Who made it.")
    url = Exact("url", "Endpoints of exactly this address.")

    class Meta:
        model = Endpoint
        fields = ["origin", "url"]


class DeliveryFilter(FilterSet):  # type: ignore[misc]
    endpoint = django_filters.UUIDFilter(
        field_name="endpoint__uuid", help_text="Deliveries of the endpoint of this id."
    )
    state = django_filters.ChoiceFilter(choices=Delivery.State.choices, help_text="Where it stands.")
    type = django_filters.ChoiceFilter(
        field_name="event__kind", choices=[(code, code) for code in KINDS], help_text="Of this kind of event."
    )
    created_from = Moment("created_at", "Made at this time or later.", lookup_expr="gte")
    created_until = Moment("created_at", "Made before this time.", lookup_expr="lt")

    class Meta:
        model = Delivery
        fields = ["endpoint", "state", "type", "created_from", "created_until"]
