"""Confirmations that units were picked or have left, as whoever ships tells them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import (
    Code,
    StrictBoolean,
    StrictSerializer,
    Units,
    WarehouseByCode,
    refuse_future,
)
from inventory.sources.models import ExternalShipment, ExternalShipmentLine, Source

ID_LENGTH = 200
MOST_LINES = 500


class ShipmentLineSerializer(serializers.ModelSerializer[ExternalShipmentLine]):
    line_id = serializers.CharField(source="line_ref", read_only=True)
    sku = serializers.CharField(source="sku_code", read_only=True, help_text="The code as it was told.")
    warehouse = WarehouseByCode(read_only=True, allow_null=True, help_text="Where the units left; null while unknown.")

    class Meta:
        model = ExternalShipmentLine
        fields = ["line_id", "sku", "warehouse", "units", "loose", "problem"]
        read_only_fields = fields
        extra_kwargs = {"loose": {"help_text": "Units that left on hand for no order that we know."}}


class ShipmentSerializer(serializers.ModelSerializer[ExternalShipment]):
    shipment_id = serializers.CharField(source="ref", read_only=True)
    source = serializers.SlugRelatedField[Source](  # type: ignore[assignment]  # a field of that name
        slug_field="uuid", read_only=True, allow_null=True, help_text="The stock source that told it; null: another."
    )
    order = serializers.CharField(source="order_ref", read_only=True)
    reservation = serializers.SlugRelatedField[Any](
        slug_field="uuid", read_only=True, allow_null=True, help_text="What it ships; null while no order fits."
    )
    lines = ShipmentLineSerializer(many=True, read_only=True)

    class Meta:
        model = ExternalShipment
        fields = [
            "id",
            "reporter",
            "source",
            "shipment_id",
            "kind",
            "state",
            "order",
            "reservation",
            "happened_at",
            "received_at",
            "problem",
            "lines",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "problem": {"help_text": "Why it does not count as told; empty as a rule."},
        }


class ShipmentRequestLine(StrictSerializer):
    line_id = Code(max_length=ID_LENGTH, help_text="The line's id in this shipment: it counts once.")
    sku = Code(
        max_length=ID_LENGTH,
        help_text="The SKU's code, exactly. A bundle is confirmed by its components. An unknown one counts once it is.",
    )
    units = Units(help_text="Whole units that were picked or have left.")
    warehouse = WarehouseByCode(
        required=False,
        allow_null=True,
        default=None,
        help_text="Where they left; without it, where the order's units are reserved.",
    )


class ShipmentRequest(StrictSerializer):
    """One parcel or one picking."""

    shipment_id = Code(max_length=ID_LENGTH, help_text="Your id of it: told again, it changes nothing.")
    order = Code(
        max_length=ID_LENGTH,
        required=False,
        default="",
        allow_blank=True,
        help_text="The order's number, with or without #, or the key of its reservation where numbers repeat.",
    )
    kind = serializers.ChoiceField(
        choices=ExternalShipment.Kind.choices,
        required=False,
        default=ExternalShipment.Kind.SHIPPED,
        help_text="shipped lowers on hand and reserved; picked is kept for the record.",
    )
    happened_at = serializers.DateTimeField(
        required=False, validators=[refuse_future], help_text="When; now unless given."
    )
    cancelled = StrictBoolean(
        required=False, default=False, help_text="true: it did not leave after all; what it moved is taken back."
    )
    lines = ShipmentRequestLine(many=True, max_length=MOST_LINES)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        ids = [line["line_id"] for line in attrs["lines"]]
        if len(set(ids)) < len(ids):
            raise serializers.ValidationError({"lines": "Two lines have one line_id."})
        if not ids and not attrs["cancelled"]:
            raise serializers.ValidationError({"lines": "Send at least one line."})
        return attrs
