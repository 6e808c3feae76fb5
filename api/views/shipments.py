"""What has left a warehouse, told by whoever ships; see inventory.sources.shipments for what it comes to."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import ProblemError
from api.models import ApiToken
from api.serializers.shipments import ID_LENGTH, ShipmentRequest, ShipmentSerializer
from api.source_filters import ShipmentFilter
from api.views.base import ReadViews, actor_of
from inventory.sources import shipments
from inventory.sources.models import ExternalShipment, ExternalShipmentLine
from inventory.sources.numbers import storable
from inventory.sources.shipments import Confirmation, Line


@extend_schema_view(list=extend_schema(summary="List shipments"), retrieve=extend_schema(summary="Read a shipment"))
class ShipmentViews(ReadViews[ExternalShipment]):
    """Confirmations of picks and shipments. Several may speak of one parcel; it counts once, whoever tells it."""

    read_scope = "stock:read"
    write_scope = "shipments:write"
    queryset = ExternalShipment.objects.select_related("source", "reservation").prefetch_related(
        Prefetch("lines", ExternalShipmentLine.objects.select_related("warehouse"))
    )
    serializer_class = ShipmentSerializer
    filterset_class = ShipmentFilter

    @extend_schema(summary="Confirm a shipment", request=ShipmentRequest, responses={200: ShipmentSerializer})
    def create(self, request: Request) -> Response:
        """On hand and reserved fall together, each line once. A fact: never refused for stock or an unknown order."""
        asked, now, reporter = self.parse(request, ShipmentRequest), timezone.now(), reporter_of(request)
        known = ExternalShipment.objects.filter(
            reporter=reporter, kind=asked["kind"], ref=storable(asked["shipment_id"], ID_LENGTH)
        )
        _refuse_others(known, asked)
        confirmation = Confirmation(
            reporter=reporter,
            ref=asked["shipment_id"],
            order_ref=asked["order"],
            kind=ExternalShipment.Kind(asked["kind"]),
            is_cancelled=asked["cancelled"],
            happened_at=min(asked.get("happened_at", now), now),
            lines=tuple(
                Line(line_ref=line["line_id"], sku=line["sku"], units=line["units"], warehouse=line["warehouse"])
                for line in asked["lines"]
            ),
        )
        shipments.confirm(confirmation, actor=actor_of(request), now=now)
        return Response(ShipmentSerializer(self.get_queryset().get(pk=known.get().pk)).data)


def reporter_of(request: Request) -> str:
    """Return who tells: two programs with tokens of different names may tell of one parcel, and it counts once."""
    token = cast(ApiToken, request.auth)
    name = f"{token.user.get_username()}/{token.name}" if token.name else token.user.get_username()
    return f"api:{name}"[:120]


def _refuse_others(known: QuerySet[ExternalShipment], asked: dict[str, Any]) -> None:
    """Raise ProblemError, 409, where a line was told before with another SKU or other units."""
    told = ExternalShipmentLine.objects.filter(shipment__in=known)
    before = {line.line_ref: (line.sku_code, line.units) for line in told}
    for line in asked["lines"]:
        if before.get(line["line_id"], (line["sku"], line["units"])) != (line["sku"], line["units"]):
            sku, units = before[line["line_id"]]
            raise ProblemError(
                409,
                "conflict",
                f"Line {line['line_id']} was told before as {units} of {sku}. Cancel the shipment and send another, "
                "or send what is more as a line of its own.",
            )
