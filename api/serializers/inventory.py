"""SKUs, warehouses and movements as JSON, and what the stock endpoints take."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import (
    Code,
    SkuByCode,
    StrictBoolean,
    StrictModelSerializer,
    StrictSerializer,
    Units,
    WarehouseByCode,
    Whole,
    refuse_future,
)
from inventory.models import MAX_UNITS, Movement, Sku, StockCount, StockLevel, Warehouse, validate_code


class WarehouseSerializer(StrictModelSerializer):
    # Declared, so that a code that is taken is answered 409 in one place, with or without a race.
    code = Code(max_length=50, validators=[validate_code])
    name = serializers.CharField(max_length=200)
    priority = Whole(
        min_value=0,
        max_value=32767,
        required=False,
        help_text="Where a reservation that names no warehouse looks first: the smaller number. 100 unless given.",
    )

    class Meta:
        model = Warehouse
        fields = ["id", "code", "name", "priority", "created_at"]
        read_only_fields = ["id", "created_at"]


class SkuSerializer(StrictModelSerializer):
    code = Code(max_length=200, validators=[validate_code])
    name = serializers.CharField(max_length=300, required=False, allow_blank=True)
    barcode = serializers.CharField(max_length=64, required=False, allow_blank=True)

    class Meta:
        model = Sku
        fields = ["id", "code", "name", "barcode", "is_bundle", "archived_at", "created_at"]
        read_only_fields = ["id", "is_bundle", "archived_at", "created_at"]


class ComponentSerializer(StrictSerializer):
    sku = SkuByCode(help_text="The component's code, exactly. Never a bundle itself.")
    units = Units(help_text="Units of it that one unit of the bundle is made of.")


class ComponentsRequest(StrictSerializer):
    components = ComponentSerializer(many=True, help_text="All of them; none makes it a plain SKU again.")

    def validate_components(self, components: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({each["sku"].pk for each in components}) < len(components):
            raise serializers.ValidationError("A component stands there twice.")
        return components


class StockLevelSerializer(serializers.ModelSerializer[StockLevel]):
    sku = SkuByCode(read_only=True)
    warehouse = WarehouseByCode(read_only=True)
    available = serializers.IntegerField(read_only=True, help_text="On hand less reserved; negative when oversold.")

    class Meta:
        model = StockLevel
        fields = ["id", "sku", "warehouse", "on_hand", "reserved", "available", "unsellable"]
        read_only_fields = fields


class MovementSerializer(serializers.ModelSerializer[Movement]):
    sku = SkuByCode(read_only=True)
    warehouse = WarehouseByCode(read_only=True)
    available_after = serializers.IntegerField(read_only=True)

    class Meta:
        model = Movement
        fields = [
            "id",
            "key",
            "sku",
            "warehouse",
            "kind",
            "on_hand_delta",
            "reserved_delta",
            "unsellable_delta",
            "on_hand_after",
            "reserved_after",
            "unsellable_after",
            "available_after",
            "reason",
            "actor",
            "occurred_at",
            "recorded_at",
        ]
        read_only_fields = fields


class StockCountSerializer(serializers.ModelSerializer[StockCount]):
    sku = SkuByCode(read_only=True)
    warehouse = WarehouseByCode(read_only=True)
    difference = serializers.IntegerField(read_only=True, help_text="Counted less expected; posted as a movement.")

    class Meta:
        model = StockCount
        fields = [
            "id",
            "key",
            "sku",
            "warehouse",
            "counted",
            "expected",
            "difference",
            "reason",
            "actor",
            "counted_at",
        ]
        read_only_fields = fields


class TransferSerializer(serializers.Serializer[Any]):
    """Both halves of a transfer."""

    out = MovementSerializer(read_only=True)
    into = MovementSerializer(read_only=True)


# What the endpoints take ------------------------------------------------------------------------------------------


class _Place(StrictSerializer):
    sku = SkuByCode(help_text="The SKU's code, exactly.")
    warehouse = WarehouseByCode(help_text="The warehouse's code, exactly.")


class _Reason(StrictSerializer):
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class _When(StrictSerializer):
    occurred_at = serializers.DateTimeField(
        required=False, validators=[refuse_future], help_text="When it happened; now unless given."
    )


class ReceiptRequest(_Place, _Reason, _When):
    units = Units(help_text="Units that have arrived.")


class AdjustmentRequest(_Place, _When):
    units = Whole(min_value=-MAX_UNITS, max_value=MAX_UNITS, help_text="Signed: what on hand changes by.")
    reason = serializers.CharField(max_length=300)

    def validate_units(self, units: int) -> int:
        if units == 0:
            raise serializers.ValidationError("An adjustment of 0 units changes nothing.")
        return units


class TransferRequest(_Reason):
    sku = SkuByCode(help_text="The SKU's code, exactly.")
    source = WarehouseByCode(  # type: ignore[assignment]  # a field of that name, not the property
        help_text="The code of the warehouse that gives."
    )
    destination = WarehouseByCode(help_text="The code of the warehouse that gets.")
    units = Units(help_text="Units to move; all of them must be available.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["source"] == attrs["destination"]:
            raise serializers.ValidationError({"destination": "A transfer needs two different warehouses."})
        return attrs


class CountRequest(_Place, _Reason):
    counted = Units(minimum=0, help_text="Units on hand that were counted.")
    counted_at = serializers.DateTimeField(
        required=False,
        validators=[refuse_future],
        help_text="When; now unless given. What has moved since then is kept.",
    )


class ReturnRequest(_Place, _Reason):
    units = Units(help_text="Units that came back.")
    sellable = StrictBoolean(help_text="true: to on hand; false: to unsellable.")
