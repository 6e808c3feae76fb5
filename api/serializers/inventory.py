"""SKUs, warehouses and movements as JSON, and what the stock endpoints take."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import (
    AnyList,
    Code,
    Key,
    SkuByCode,
    StrictBoolean,
    StrictModelSerializer,
    StrictSerializer,
    Text,
    Units,
    WarehouseByCode,
    Whole,
    refuse_future,
    refuse_zero,
)
from api.serializers.problems import ItemResult
from channels.merging import SoldTwice
from inventory.models import MAX_UNITS, Movement, Sku, StockCount, StockLevel, Warehouse, validate_code

MOST_COUNTED = 2**31 - 1  # what the columns of settings hold
MOST_SKUS = 500  # of one request
MOST_ADJUSTMENTS = 200


class WarehouseSerializer(StrictModelSerializer):
    # Declared, so that a code that is taken is answered 409 in one place, with or without a race.
    code = Code(max_length=50, validators=[validate_code])
    name = Text(max_length=200)
    priority = Whole(
        min_value=0,
        max_value=32767,
        required=False,
        help_text="Where a reservation that names no warehouse looks first: the smaller number. 100 unless given.",
    )

    is_shop = StrictBoolean(required=False, help_text="Whether customers buy here in person.")
    hold_back = Whole(
        min_value=0,
        max_value=MOST_COUNTED,
        required=False,
        help_text="Units of each SKU here that channels never show: a customer may be carrying them.",
    )

    class Meta:
        model = Warehouse
        fields = ["id", "code", "name", "priority", "is_shop", "hold_back", "kept_by", "created_at"]
        read_only_fields = ["id", "kept_by", "created_at"]


class SkuSerializer(StrictModelSerializer):
    code = Code(max_length=200, validators=[validate_code])
    name = Text(max_length=300, required=False, allow_blank=True)
    barcode = Text(max_length=64, required=False, allow_blank=True)

    low_at = Whole(
        min_value=0,
        max_value=MOST_COUNTED,
        required=False,
        allow_null=True,
        help_text="So many available units or fewer count as low; null: never.",
    )
    merged_into = SkuByCode(
        read_only=True, allow_null=True, help_text="The SKU that it is part of now; null for one that was not merged."
    )

    class Meta:
        model = Sku
        fields = ["id", "code", "name", "barcode", "low_at", "is_bundle", "merged_into", "archived_at", "created_at"]
        read_only_fields = ["id", "is_bundle", "merged_into", "archived_at", "created_at"]


class SkusRequest(StrictSerializer):
    """The SKUs are looked at one by one: what is wrong with one costs no other."""

    skus = AnyList(max_length=MOST_SKUS)


class SkusRequestSchema(StrictSerializer):
    skus = SkuSerializer(many=True, allow_empty=False, max_length=MOST_SKUS)  # type: ignore[call-arg]


class SkuResult(ItemResult):
    sku = SkuSerializer(read_only=True, allow_null=True, help_text="As it is stored; null where it was refused.")


class SkusResult(serializers.Serializer[Any]):
    results = SkuResult(many=True, read_only=True, help_text="One per SKU, in the order of the request.")


class ComponentSerializer(StrictSerializer):
    sku = SkuByCode(help_text="The component's code, exactly. Never a bundle itself.")
    units = Units(help_text="Units of it that one unit of the bundle is made of.")


def once_each(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return ``components``. Raises ValidationError for one that stands there twice."""
    if len({each["sku"].pk for each in components}) < len(components):
        raise serializers.ValidationError("A component stands there twice.")
    return components


class ComponentsRequest(StrictSerializer):
    components = ComponentSerializer(many=True, help_text="All of them; none makes it a plain SKU again.")

    def validate_components(self, components: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return once_each(components)


class MergeRequest(StrictSerializer):
    into = SkuByCode(help_text="The code of the SKU that stays.")


class MergedStockSerializer(serializers.Serializer[Any]):
    """What the one that stays has in a warehouse afterwards."""

    warehouse = WarehouseByCode(read_only=True)
    on_hand = serializers.IntegerField(read_only=True)
    reserved = serializers.IntegerField(read_only=True)
    unsellable = serializers.IntegerField(read_only=True)
    available = serializers.IntegerField(read_only=True, help_text="On hand less reserved; negative when oversold.")


class MergedQuantitySerializer(serializers.Serializer[Any]):
    listing = serializers.IntegerField(source="listing.pk", read_only=True)
    channel = serializers.IntegerField(source="listing.channel_id", read_only=True)
    before = serializers.IntegerField(read_only=True, help_text="Units that it should show now.")
    after = serializers.IntegerField(read_only=True, help_text="Units that it should show then.")


class SoldTwiceSerializer(serializers.Serializer[Any]):
    channel = serializers.IntegerField(source="channel.pk", read_only=True)
    listings = serializers.SerializerMethodField(help_text="Each would show all there is of the one SKU.")

    def get_listings(self, each: SoldTwice) -> list[int]:
        return [listing.pk for listing in each.listings]


class MergedPartSerializer(serializers.Serializer[Any]):
    bundle = SkuByCode(read_only=True)
    units = serializers.IntegerField(read_only=True, help_text="Of the one that stays, in one unit of the bundle.")


class MergePreviewSerializer(serializers.Serializer[Any]):
    """What a merge would do. With obstacles it is refused, and the rest says how things stand."""

    sku = SkuByCode(read_only=True)
    into = SkuByCode(read_only=True)
    obstacles = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Why it can't be done, a sentence each; none: it can."
    )
    levels = MergedStockSerializer(many=True, read_only=True)
    reservations = serializers.IntegerField(
        source="promises", read_only=True, help_text="Open ones that hold units of the SKU that goes."
    )
    listings = serializers.IntegerField(source="relinked", read_only=True, help_text="How many are relinked.")
    quantities = MergedQuantitySerializer(
        source="shown", many=True, read_only=True, help_text="Those that change; the first 50."
    )
    changing = serializers.IntegerField(read_only=True, help_text="How many quantities change in all.")
    sold_twice = SoldTwiceSerializer(many=True, read_only=True, help_text="Channels that sell both.")
    bundles = MergedPartSerializer(source="parts", many=True, read_only=True)
    codes = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="What means the one that stays, afterwards."
    )


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
    reason = Text(max_length=300, required=False, default="", allow_blank=True)


class _When(StrictSerializer):
    occurred_at = serializers.DateTimeField(
        required=False, validators=[refuse_future], help_text="When it happened; now unless given."
    )


class ReceiptRequest(_Place, _Reason, _When):
    units = Units(help_text="Units that have arrived.")


class AdjustmentRequest(_Place, _When):
    units = Whole(min_value=-MAX_UNITS, max_value=MAX_UNITS, help_text="Signed: what on hand changes by.")
    reason = Text(max_length=300)

    def validate_units(self, units: int) -> int:
        return refuse_zero(units)


class AdjustmentItem(AdjustmentRequest):
    key = Key(help_text="Names this one change, as an Idempotency-Key does for a request that holds one.")


class AdjustmentsRequest(StrictSerializer):
    """The adjustments are posted one by one: what is wrong with one costs no other."""

    adjustments = AnyList(max_length=MOST_ADJUSTMENTS)


class AdjustmentsRequestSchema(StrictSerializer):
    adjustments = AdjustmentItem(many=True, allow_empty=False, max_length=MOST_ADJUSTMENTS)  # type: ignore[call-arg]


class AdjustmentResult(ItemResult):
    movement = MovementSerializer(read_only=True, allow_null=True, help_text="null where it was refused.")
    repeat = serializers.BooleanField(read_only=True, help_text="true: it was done before, and nothing changed now.")


class AdjustmentsResult(serializers.Serializer[Any]):
    results = AdjustmentResult(many=True, read_only=True, help_text="One per adjustment, in the order of the request.")


class ReclassifyRequest(_Place, _Reason):
    units = Whole(
        min_value=-MAX_UNITS,
        max_value=MAX_UNITS,
        help_text="Signed: sellable units that become unsellable; below zero, unsellable ones that can be sold again.",
    )

    def validate_units(self, units: int) -> int:
        return refuse_zero(units)


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
