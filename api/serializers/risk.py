"""What runs out, as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import SkuByCode
from inventory.risk import SOON_DAYS, Risk


class RunsOutQuery(serializers.Serializer[Any]):
    within_days = serializers.IntegerField(min_value=1, max_value=365, required=False, default=SOON_DAYS)


class RunsOutSerializer(serializers.Serializer[Risk]):
    sku = SkuByCode(read_only=True)
    available = serializers.IntegerField(read_only=True, help_text="In all warehouses together.")
    sold = serializers.IntegerField(read_only=True, help_text="Units within the last 28 days.")
    days_left = serializers.IntegerField(source="whole_days", read_only=True, help_text="Whole days that they last.")


class RunsOutListSerializer(serializers.Serializer[Any]):
    skus = RunsOutSerializer(many=True, read_only=True, help_text="The soonest first, at most 500.")
