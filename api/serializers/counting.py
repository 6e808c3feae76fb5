"""Counts to make, as JSON."""

from __future__ import annotations

from rest_framework import serializers

from api.fields import SkuByCode, StrictSerializer, Text, WarehouseByCode
from inventory.models import StockCount
from reconciliation.models import CountTask, Discrepancy


class CountTaskSerializer(serializers.ModelSerializer[CountTask]):
    sku = SkuByCode(read_only=True)
    warehouse = WarehouseByCode(read_only=True)
    discrepancy = serializers.PrimaryKeyRelatedField[Discrepancy](
        read_only=True, allow_null=True, help_text="The one that rests until it is counted."
    )
    count = serializers.PrimaryKeyRelatedField[StockCount](
        read_only=True, allow_null=True, help_text="The count that has ended it."
    )

    class Meta:
        model = CountTask
        fields = [
            "id",
            "sku",
            "warehouse",
            "reason",
            "state",
            "discrepancy",
            "count",
            "asked_by",
            "asked_at",
            "ended_at",
        ]
        read_only_fields = fields


class CountTaskRequest(StrictSerializer):
    sku = SkuByCode(help_text="The SKU's code, exactly.")
    warehouse = WarehouseByCode(help_text="The warehouse's code, exactly.")
    reason = Text(max_length=300, required=False, default="", allow_blank=True, help_text="Why, for who counts it.")
