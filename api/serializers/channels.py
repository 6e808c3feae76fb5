"""Channels as JSON, and what connects and changes them. Credentials never appear."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import (
    Code,
    Id,
    Options,
    Secrets,
    StrictBoolean,
    StrictSerializer,
    Text,
    WarehouseByCode,
    Whole,
)
from channels import emergency
from channels.models import CatalogImport, Channel, Location
from channels.registry import PLATFORMS, capabilities_of

MOST_WAREHOUSES = 50
MOST_LISTINGS = 1000


class ChannelBriefSerializer(serializers.ModelSerializer[Channel]):
    """Which channel a row belongs to."""

    class Meta:
        model = Channel
        fields = ["id", "uuid", "name"]
        read_only_fields = fields


class FeedSerializer(StrictSerializer):
    """A warehouse that a channel sells from."""

    warehouse = WarehouseByCode(help_text="The warehouse's code, exactly.")
    location = Text(
        max_length=120,
        required=False,
        default="",
        allow_blank=True,
        help_text="The id of the store's location that it stands for, where the platform has locations.",
    )


class ChannelSerializer(serializers.ModelSerializer[Channel]):
    warehouses = serializers.SerializerMethodField(help_text="Those it sells from; orders take from the first first.")
    options = serializers.SerializerMethodField(help_text="What the platform leaves open; platforms/ explains each.")
    mirror = WarehouseByCode(
        read_only=True, allow_null=True, help_text="The warehouse that shows what the platform holds for us."
    )

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
            "options",
            "mirror",
            "mode",
            "mode_before",
            "stopped_at",
            "stopped_by",
            "poll_seconds",
            "breaker_percent",
            "breaker_zeros",
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

    @extend_schema_field(FeedSerializer(many=True))
    def get_warehouses(self, channel: Channel) -> list[dict[str, str]]:
        return [{"warehouse": feed.warehouse.code, "location": feed.location_ref} for feed in channel.feeds.all()]

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_options(self, channel: Channel) -> dict[str, str]:
        asked = capabilities_of(channel).options
        return {option.name: str(channel.options.get(option.name, option.default)) for option in asked}


class ChannelsStop(StrictSerializer):
    """Without ``channels`` and ``tag``: all of them."""

    mode = serializers.ChoiceField(choices=[mode.value for mode in emergency.MODES], default="paused")
    channels = serializers.ListField(child=Id(), required=False, allow_empty=False, help_text="Ids of channels.")
    tag = Text(required=False, max_length=200, help_text="Every channel that has this tag.")


class ChannelsResume(StrictSerializer):
    """Without ``channels``: all that are stopped."""

    channels = serializers.ListField(child=Id(), required=False, allow_empty=False, help_text="Ids of channels.")


class LocationSerializer(serializers.ModelSerializer[Location]):
    """A place where the store keeps quantities."""

    class Meta:
        model = Location
        fields = ["ref", "name", "is_usable", "unusable_reason"]
        read_only_fields = fields


class LocationsSerializer(serializers.Serializer[Any]):
    locations = LocationSerializer(many=True, read_only=True)


class ImportSerializer(serializers.ModelSerializer[CatalogImport]):
    """One full read of a store's catalogue."""

    channel = ChannelBriefSerializer(read_only=True)

    class Meta:
        model = CatalogImport
        fields = [
            "id",
            "channel",
            "state",
            "total",
            "products_read",
            "listings_read",
            "listings_new",
            "problem",
            "started_at",
            "ended_at",
        ]
        read_only_fields = fields


class AskedFieldSerializer(serializers.Serializer[Any]):
    """Something that connecting asks for."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not the property
    help = serializers.CharField()
    is_secret = serializers.BooleanField(default=False)
    is_required = serializers.BooleanField(default=False)
    default = serializers.CharField(default="")
    choices = serializers.ListField(child=serializers.CharField())


class PlatformSerializer(serializers.Serializer[Any]):
    """A platform that stores can be connected of, and what connecting asks for."""

    platform = serializers.CharField()
    name = serializers.CharField()
    default_base_url = serializers.CharField(help_text="Empty where every store has an address of its own.")
    has_locations = serializers.BooleanField(help_text="Whether each warehouse must stand for a location.")
    credentials = AskedFieldSerializer(many=True)
    options = AskedFieldSerializer(many=True)
    where_to_find = serializers.ListField(child=serializers.CharField(), help_text="The steps to the credentials.")


class PlatformsSerializer(serializers.Serializer[Any]):
    platforms = PlatformSerializer(many=True)


class ConnectionReportSerializer(serializers.Serializer[Any]):
    """What a test of the connection found."""

    account_ref = serializers.CharField(help_text="The platform's id of the store.")
    account_name = serializers.CharField()
    plan = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField(), help_text="None: the platform does not tell.")
    warnings = serializers.ListField(child=serializers.CharField(), help_text="Sentences for people; none blocks.")


class ConnectedSerializer(serializers.Serializer[Any]):
    channel = ChannelSerializer(read_only=True)
    report = ConnectionReportSerializer(read_only=True)


class TryRequest(StrictSerializer):
    platform = serializers.ChoiceField(choices=sorted(PLATFORMS))
    base_url = Text(
        max_length=300, required=False, default="", allow_blank=True, help_text="The platform's own unless given."
    )
    credentials = Secrets(help_text="What platforms/ lists for the platform. Kept encrypted, never shown again.")
    options = Options()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        capabilities = PLATFORMS[attrs["platform"]].capabilities
        Secrets.check(attrs["credentials"], [field for field in capabilities.credentials if field.for_token])
        attrs["options"] = Options.completed(attrs.get("options", {}), capabilities.options)
        if not attrs["base_url"] and not capabilities.default_base_url:
            raise serializers.ValidationError({"base_url": "Send the store's address."})
        return attrs


class ConnectRequest(TryRequest):
    name = Text(max_length=100, help_text="What your team calls this store.")
    warehouses = FeedSerializer(many=True, max_length=MOST_WAREHOUSES)  # type: ignore[call-arg]

    def validate_warehouses(self, feeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return checked_feeds(feeds)


class ReconnectRequest(StrictSerializer):
    credentials = Secrets(help_text="Those that change; the others are kept.")


class ChannelChange(StrictSerializer):
    """What is left out stays as it is."""

    name = Text(max_length=100, required=False)
    mode = serializers.ChoiceField(
        choices=[mode for mode in Channel.Mode.choices if mode[0] != Channel.Mode.PART_LIVE],
        required=False,
        help_text="observe computes and sends nothing; live sends; sell-down sends decreases only; paused rests.",
    )
    accept_zeros = StrictBoolean(
        required=False,
        help_text="With mode live: go live although that takes most of the channel's listings to zero.",
    )
    tags = Text(
        max_length=200, required=False, allow_blank=True, help_text="Words, by commas, to stop channels together by."
    )
    poll_seconds = Whole(min_value=60, max_value=86_400, required=False, help_text="Between order polls.")
    breaker_percent = Whole(
        min_value=1, max_value=100, required=False, help_text="A wave that changes more of the listings stops and asks."
    )
    breaker_zeros = Whole(
        min_value=0, max_value=10**6, required=False, help_text="So does one that takes more listings to zero."
    )
    warehouses = FeedSerializer(many=True, required=False, max_length=MOST_WAREHOUSES)  # type: ignore[call-arg]
    options = Options(help_text="Those that change.")

    def validate_warehouses(self, feeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return checked_feeds(feeds)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Say what to change.")
        if "accept_zeros" in attrs and attrs.get("mode") != Channel.Mode.LIVE:
            raise serializers.ValidationError({"accept_zeros": "Send it with mode live."})
        return attrs


def checked_feeds(feeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return ``feeds``. Raises ValidationError for a warehouse that stands there twice."""
    if len({feed["warehouse"].pk for feed in feeds}) < len(feeds):
        raise serializers.ValidationError("A warehouse stands there twice.")
    return feeds


class GoLiveRequest(StrictSerializer):
    listings = serializers.ListField(
        child=Id(), allow_empty=False, max_length=MOST_LISTINGS, help_text="Ids of those that are written to."
    )
    accept_zeros = StrictBoolean(
        required=False, default=False, help_text="true: although that takes most of them to zero."
    )


class WaveSerializer(serializers.Serializer[Any]):
    listing = serializers.IntegerField(source="listing.pk")
    accounted = serializers.IntegerField(help_text="What it shows if we know of everything that happened there.")
    target = serializers.IntegerField()


class PreviewSerializer(serializers.Serializer[Any]):
    """What would be written if the channel went live now."""

    changes = serializers.IntegerField()
    raised = serializers.IntegerField()
    lowered = serializers.IntegerField()
    to_zero = serializers.IntegerField()
    unread = serializers.IntegerField(help_text="Listings whose quantity is not read yet.")
    known = serializers.IntegerField()
    empties = serializers.BooleanField(help_text="true: going live needs accept_zeros.")
    sample = WaveSerializer(many=True, help_text="The changes that would go out first.")


class DueSerializer(serializers.Serializer[Any]):
    due = serializers.IntegerField(help_text="Listings that are compared, and written where they differ.")


class OpeningSerializer(serializers.Serializer[Any]):
    listing = serializers.IntegerField(source="listing.pk")
    sku = Code(source="listing.sku.code", read_only=True)
    units = serializers.IntegerField(help_text="What the store shows.")
    reserved = serializers.IntegerField(help_text="Promised to open orders besides; on hand becomes the sum.")
    warehouse = WarehouseByCode(
        read_only=True, allow_null=True, help_text="Where they are counted; null where POST has to say."
    )


class OpeningsSerializer(serializers.Serializer[Any]):
    openings = OpeningSerializer(many=True)


class OpeningRequest(StrictSerializer):
    warehouse = WarehouseByCode(
        required=False,
        allow_null=True,
        default=None,
        help_text="One that the channel sells from, for listings at no location of their own.",
    )


class OpenedSerializer(serializers.Serializer[Any]):
    batch = serializers.IntegerField(source="pk", help_text="Of the counts; they can be undone together.")
    counts = serializers.IntegerField(help_text="SKUs that have stock now.")


class MirrorRequest(StrictSerializer):
    code = Code(max_length=50, help_text="Of the new warehouse.")
