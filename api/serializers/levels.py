"""Tolerances and hold-backs as JSON: what each scope says itself; null inherits."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import Code, Id, SkuByCode, StrictSerializer, Units, Whole
from api.serializers.channels import ChannelBriefSerializer
from api.serializers.problems import FieldErrorSerializer
from channels.models import HoldBack, Listing
from reconciliation.models import Tolerance

LEVELS = ("everything", "channel", "sku", "listing")
MOST_SCOPES = 500  # of one request


class _ScopeSerializer(serializers.ModelSerializer[Any]):
    level = serializers.SerializerMethodField(help_text="The most specific level that says something decides.")
    channel = ChannelBriefSerializer(read_only=True, allow_null=True)
    sku = SkuByCode(read_only=True, allow_null=True)
    listing = serializers.PrimaryKeyRelatedField[Listing](read_only=True, allow_null=True)

    SCOPE: ClassVar[list[str]] = ["level", "channel", "sku", "listing"]

    @extend_schema_field({"type": "string", "enum": list(LEVELS)})
    def get_level(self, row: Tolerance | HoldBack) -> str:
        return next((level for level in LEVELS[1:] if getattr(row, f"{level}_id") is not None), LEVELS[0])


class ToleranceSerializer(_ScopeSerializer):
    policy = serializers.SerializerMethodField(help_text="What happens with a difference that is within.")

    class Meta:
        model = Tolerance
        fields = [
            *_ScopeSerializer.SCOPE,
            *("over_units", "over_percent", "under_units", "under_percent", "policy"),
        ]
        read_only_fields = fields

    @extend_schema_field({"type": ["string", "null"], "enum": [*Tolerance.Policy.values, None]})
    def get_policy(self, row: Tolerance) -> str | None:
        return row.policy or None


class HoldBackSerializer(_ScopeSerializer):
    class Meta:
        model = HoldBack
        fields = [*_ScopeSerializer.SCOPE, "units"]
        read_only_fields = fields


# What the endpoints take ----------------------------------------------------------------------------------------


class _ScopeItem(StrictSerializer):
    """A scope: the level, and the one member that names it there."""

    level = serializers.ChoiceField(choices=LEVELS, help_text="everything takes no other member of the three.")
    channel = Id(required=False, help_text="The channel's id.")
    sku = Code(max_length=200, required=False, help_text="The SKU's code, exactly.")
    listing = Id(required=False, help_text="The listing's id.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in LEVELS[1:]:
            if name == attrs["level"] and name not in attrs:
                raise serializers.ValidationError({name: f"Say which {name}."})
            if name != attrs["level"] and name in attrs:
                raise serializers.ValidationError({name: f"The level {attrs['level']} has no {name}."})
        if not attrs.keys() - {"level", *LEVELS}:
            values = ", ".join(sorted(self.fields.keys() - {"level", *LEVELS}))
            raise serializers.ValidationError(f"Say what to set: {values}. null clears.")
        return attrs


class ToleranceItem(_ScopeItem):
    over_units = Units(minimum=0, required=False, allow_null=True, help_text="Where the channel shows too much.")
    over_percent = Whole(
        min_value=0, max_value=100, required=False, allow_null=True, help_text="Of what the ledger says."
    )
    under_units = Units(minimum=0, required=False, allow_null=True, help_text="Where it shows too little.")
    under_percent = Whole(min_value=0, max_value=100, required=False, allow_null=True)
    policy = serializers.ChoiceField(choices=Tolerance.Policy.values, required=False, allow_null=True)


class HoldBackItem(_ScopeItem):
    units = Units(minimum=0, required=False, allow_null=True, help_text="Kept from the channel; null inherits.")


class _ItemsRequest(StrictSerializer):
    """The items are looked at one by one: what is wrong with one costs no other."""

    items = serializers.ListField(
        child=serializers.JSONField(allow_null=True), allow_empty=False, max_length=MOST_SCOPES
    )


class ItemsRequest(_ItemsRequest):
    pass


class TolerancesSchema(StrictSerializer):
    items = ToleranceItem(many=True, allow_empty=False, max_length=MOST_SCOPES)  # type: ignore[call-arg]


class HoldBacksSchema(StrictSerializer):
    items = HoldBackItem(many=True, allow_empty=False, max_length=MOST_SCOPES)  # type: ignore[call-arg]


class ItemResult(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["changed", "unchanged", "invalid"], read_only=True)
    errors = FieldErrorSerializer(many=True, read_only=True)  # type: ignore[assignment]


class ItemsResult(serializers.Serializer[Any]):
    results = ItemResult(many=True, read_only=True, help_text="One per item, in the order of the request.")
