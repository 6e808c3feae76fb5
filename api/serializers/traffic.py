"""What came in and went out of channels, as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Id, SkuByCode, StrictSerializer, Text
from api.serializers.channels import ChannelBriefSerializer
from api.serializers.retries import RetryResult
from channels.models import InboundEvent, Listing, Order, OrderLine, Push

MOST_RETRIED = 200  # of one request


class OrderLineSerializer(serializers.ModelSerializer[OrderLine]):
    sku = SkuByCode(read_only=True, allow_null=True)
    listing = serializers.PrimaryKeyRelatedField[Listing](read_only=True, allow_null=True)

    class Meta:
        model = OrderLine
        fields = [
            "ref",
            "listing",
            "sku",
            "external_sku",
            "title",
            "ordered",
            "sold",
            "fulfilled",
            "state",
            "reason",
        ]
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer[Order]):
    channel = ChannelBriefSerializer(read_only=True)
    lines = OrderLineSerializer(many=True, read_only=True)

    class Meta:
        model = Order
        fields = [
            "id",
            "channel",
            "ref",
            "number",
            "state",
            "status",
            "problem",
            "placed_at",
            "changed_at",
            "first_seen_at",
            "booked_at",
            "lines",
        ]
        read_only_fields = fields


class InboundSerializer(serializers.ModelSerializer[InboundEvent]):
    """A row of the inbox, without its body."""

    channel = ChannelBriefSerializer(read_only=True)

    class Meta:
        model = InboundEvent
        fields = [
            "id",
            "channel",
            "delivery_id",
            "topic",
            "state",
            "attempts",
            "due_at",
            "problem",
            "received_at",
            "ended_at",
        ]
        read_only_fields = fields


class InboundDetailSerializer(InboundSerializer):
    """The row with its body. Headers stay out: they hold signatures."""

    class Meta(InboundSerializer.Meta):
        fields = [*InboundSerializer.Meta.fields, "body"]
        read_only_fields = fields


class PushSerializer(serializers.ModelSerializer[Push]):
    channel = ChannelBriefSerializer(read_only=True)
    listing = serializers.PrimaryKeyRelatedField[Listing](read_only=True)
    sku = serializers.SerializerMethodField(help_text="What the listing sells now.")

    class Meta:
        model = Push
        fields = [
            "id",
            "key",
            "channel",
            "listing",
            "sku",
            "accounted_before",
            "target",
            "delta",
            "state",
            "receipt",
            "reading",
            "cause_at",
            "created_at",
            "settled_at",
        ]
        read_only_fields = fields

    def get_sku(self, push: Push) -> str | None:
        return push.listing.sku.code if push.listing.sku else None


class FetchRequest(StrictSerializer):
    orders = serializers.ListField(
        child=Id(), allow_empty=False, max_length=MOST_RETRIED, help_text="Ids of orders, at most 200."
    )


class ReplayRequest(StrictSerializer):
    """Which events are worked on again: some by their ids, or all that failed."""

    events = serializers.ListField(
        child=Id(), required=False, allow_empty=False, max_length=MOST_RETRIED, help_text="Just these, at most 200."
    )
    channel = Id(required=False, help_text="Those of the channel of this id only.")
    topic = Text(max_length=120, required=False, help_text="Those of exactly this topic only.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "events" in attrs and len(attrs) > 1:
            raise serializers.ValidationError({"events": "Events stand alone: leave channel and topic out."})
        return attrs


class ReplayedSerializer(serializers.Serializer[Any]):
    replayed = serializers.IntegerField(read_only=True, help_text="How many events are worked on again.")
    results = RetryResult(many=True, read_only=True, help_text="One per id of events; none where none was named.")
