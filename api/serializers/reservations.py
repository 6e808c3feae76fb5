"""Reservations as JSON, and what it takes to make one."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import (
    Code,
    Id,
    SkuByCode,
    StrictBoolean,
    StrictSerializer,
    Text,
    Units,
    WarehouseByCode,
    no_sku,
    no_warehouse,
)
from inventory.codes import skus_named
from inventory.models import Reservation, ReservationLine, Sku, Warehouse
from inventory.reservations import Request

MAX_LINES = 500


class ReservationLineSerializer(serializers.ModelSerializer[ReservationLine]):
    sku = SkuByCode(read_only=True)
    warehouse = WarehouseByCode(read_only=True)

    class Meta:
        model = ReservationLine
        fields = ["id", "sku", "warehouse", "reserved", "fulfilled", "backordered_at"]
        read_only_fields = fields


class ReservationSerializer(serializers.ModelSerializer[Reservation]):
    lines = ReservationLineSerializer(many=True, read_only=True)

    class Meta:
        model = Reservation
        fields = ["uuid", "key", "reference", "state", "expires_at", "created_at", "lines"]
        read_only_fields = fields


class EndRequest(StrictSerializer):
    reason = Text(max_length=300, required=False, default="", allow_blank=True)


class BackorderRequest(StrictSerializer):
    lines = serializers.ListField(
        child=Id(), allow_empty=False, max_length=MAX_LINES, help_text="Ids of lines of the reservation."
    )
    backordered = StrictBoolean(
        required=False, default=True, help_text="false: they stand in the queue by their time again."
    )


class ReservationRequestLine(StrictSerializer):
    sku = Code(help_text="The SKU's code, exactly.")
    warehouse = Code(
        required=False,
        allow_null=True,
        help_text="The warehouse's code; without one, the first by priority that has all the units.",
    )
    units = Units()


class ReservationRequest(StrictSerializer):
    """All lines are reserved or none; ``validated_data["requests"]`` is what the ledger takes."""

    reference = Text(max_length=200, required=False, default="", allow_blank=True)
    expires_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="When the units are free again by themselves.",
    )
    lines = ReservationRequestLine(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Look all codes up at once, and name every line whose code is unknown."""
        lines = attrs["lines"]
        named = {line["sku"] for line in lines}
        skus = Sku.objects.in_bulk(named, field_name="code")
        # Of the others some may be codes from before a SKU was renamed.
        skus |= skus_named(named - skus.keys())
        codes = {line["warehouse"] for line in lines if line.get("warehouse") is not None}
        warehouses = Warehouse.objects.in_bulk(codes, field_name="code") if codes else {}
        errors: dict[int, dict[str, str]] = {}
        requests = []
        for position, line in enumerate(lines):
            sku, code = skus.get(line["sku"]), line.get("warehouse")
            warehouse = warehouses.get(code) if code is not None else None
            if sku is None:
                errors.setdefault(position, {})["sku"] = no_sku(line["sku"])
            if code is not None and warehouse is None:
                errors.setdefault(position, {})["warehouse"] = no_warehouse(code)
            if sku is not None:
                requests.append(Request(sku=sku, units=line["units"], warehouse=warehouse))
        if errors:
            raise serializers.ValidationError({"lines": errors})  # type: ignore[dict-item]
        return {**attrs, "requests": requests}
