"""Channels and what came in and went out of them, as JSON. Credentials and options never appear."""

from __future__ import annotations

from rest_framework import serializers

from api.fields import SkuByCode, StrictModelSerializer, StrictSerializer
from channels import emergency
from channels.models import Channel, InboundEvent, Listing, Order, OrderLine, Push


class ChannelBriefSerializer(serializers.ModelSerializer[Channel]):
    """Which channel a row belongs to."""

    class Meta:
        model = Channel
        fields = ["id", "uuid", "name"]
        read_only_fields = fields


class ChannelSerializer(serializers.ModelSerializer[Channel]):
    warehouses = serializers.SerializerMethodField(help_text="Codes of the warehouses it sells from, first one first.")

    class Meta:
        model = Channel
        # A list of what may be seen, never of what may not: a new column stays unseen until it is named here.
        fields = [
            "id",
            "uuid",
            "platform",
            "name",
            "base_url",
            "account_ref",
            "webhook_url",
            "warehouses",
            "tags",
            "mode",
            "mode_before",
            "stopped_at",
            "stopped_by",
            "connection",
            "connection_problem",
            "connection_problem_at",
            "failing_since",
            "failing_words",
            "halted_at",
            "halted_reason",
            "orders_polled_to",
            "last_event_at",
            "refused_webhooks",
            "refused_webhook_at",
            "created_at",
            "disconnected_at",
        ]
        read_only_fields = fields

    def get_warehouses(self, channel: Channel) -> list[str]:
        return [feed.warehouse.code for feed in channel.feeds.all()]


class ChannelChange(StrictModelSerializer):
    class Meta:
        model = Channel
        fields = ["mode"]
        extra_kwargs = {"mode": {"required": True}}


class ChannelsStop(StrictSerializer):
    """Without ``channels`` and ``tag``: all of them."""

    mode = serializers.ChoiceField(choices=[mode.value for mode in emergency.MODES], default="paused")
    channels = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, allow_empty=False, help_text="Ids of channels."
    )
    tag = serializers.CharField(required=False, max_length=200, help_text="Every channel that has this tag.")


class ChannelsResume(StrictSerializer):
    """Without ``channels``: all that are stopped."""

    channels = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, allow_empty=False, help_text="Ids of channels."
    )


class ListingSerializer(serializers.ModelSerializer[Listing]):
    channel = ChannelBriefSerializer(read_only=True)
    sku = SkuByCode(read_only=True, allow_null=True)

    class Meta:
        model = Listing
        fields = [
            "id",
            "channel",
            "ref",
            "product_ref",
            "title",
            "external_sku",
            "barcode",
            "url",
            "price",
            "enabled",
            "state",
            "sku",
            "mapping",
            "mapping_reason",
            "tracked",
            "unwritable_reason",
            "accounted",
            "shown",
            "shown_at",
            "drift",
            "drift_since",
            "due_at",
            "parked_at",
            "parked_reason",
            "last_pushed_at",
        ]
        read_only_fields = fields


class ListingChange(StrictSerializer):
    sku = SkuByCode(allow_null=True, help_text="The code of the SKU that it sells; null takes the mapping away.")


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
