"""Stock sources as JSON: what they are, what they told, and what connects and changes them. No credential appears."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import (
    Options,
    Secrets,
    SkuByCode,
    StrictBoolean,
    StrictSerializer,
    Text,
    WarehouseByCode,
    Whole,
)
from api.serializers.channels import AskedFieldSerializer
from inventory.sources.models import Pull, PullDifference, PullProblem, Reading, Source, SourceEvent, SourceLocation
from inventory.sources.registry import KINDS, capabilities_of

MOST_LOCATIONS = 1000
SOURCE_KINDS = sorted(KINDS)


class SourceSerializer(serializers.ModelSerializer[Source]):
    options = serializers.SerializerMethodField(help_text="How it is read; source-kinds/ explains each.")
    warehouses = serializers.SerializerMethodField(help_text="Codes of the warehouses whose stock it tells.")

    class Meta:
        model = Source
        fields = [
            "id",
            "uuid",
            "kind",
            "name",
            "base_url",
            "account",
            "events_url",
            "warehouses",
            "options",
            "reserves",
            "knows_orders_after",
            "on_difference",
            "tolerance_units",
            "tolerance_percent",
            "zero_percent",
            "counts_picks",
            "is_paused",
            "pull_seconds",
            "next_pull_at",
            "failures",
            "connection",
            "connection_problem",
            "connection_problem_at",
            "skew_seconds",
            "last_event_at",
            "refused_events",
            "created_at",
            "disconnected_at",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_options(self, source: Source) -> dict[str, str]:
        asked = capabilities_of(source).options
        return {option.name: str(source.options.get(option.name, option.default)) for option in asked}

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_warehouses(self, source: Source) -> list[str]:
        places = source.locations.all()
        return list(dict.fromkeys(place.warehouse.code for place in places if place.warehouse is not None))


class KindSerializer(serializers.Serializer[Any]):
    """A kind of system that stock can come from, and what connecting asks for."""

    kind = serializers.CharField()
    name = serializers.CharField()
    about = serializers.CharField()
    default_base_url = serializers.CharField()
    pulls = serializers.BooleanField(help_text="Read over HTTP; otherwise it is given files.")
    credentials = AskedFieldSerializer(many=True)
    options = AskedFieldSerializer(many=True)
    steps = serializers.ListField(child=serializers.CharField(), help_text="What to do there before connecting.")


class KindsSerializer(serializers.Serializer[Any]):
    kinds = KindSerializer(many=True)


class SourceReportSerializer(serializers.Serializer[Any]):
    """What a test of the connection found."""

    account = serializers.CharField(help_text="What the other side calls itself.")
    warnings = serializers.ListField(child=serializers.CharField(), help_text="Sentences for people; none blocks.")
    skew_seconds = serializers.FloatField(allow_null=True, help_text="By how much its clock is ahead of ours.")


class TrySourceRequest(StrictSerializer):
    kind = serializers.ChoiceField(choices=SOURCE_KINDS)
    base_url = Text(max_length=300, required=False, default="", allow_blank=True, help_text="Where it answers.")
    credentials = Secrets(required=False, help_text="What source-kinds/ lists. Kept encrypted, never shown again.")
    options = Options()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        capabilities = KINDS[attrs["kind"]].capabilities
        attrs.setdefault("credentials", {})
        Secrets.check(attrs["credentials"], capabilities.credentials)
        attrs["options"] = Options.completed(attrs.get("options", {}), capabilities.options)
        attrs["base_url"] = attrs["base_url"] or capabilities.default_base_url
        if capabilities.pulls and not attrs["base_url"]:
            raise serializers.ValidationError({"base_url": "Send the address where it answers."})
        return attrs


class ConnectSourceRequest(TrySourceRequest):
    name = Text(max_length=100, help_text="What your team calls it.")


class ConnectedSourceSerializer(serializers.Serializer[Any]):
    source = SourceSerializer(read_only=True)  # type: ignore[assignment]  # a field of that name
    report = SourceReportSerializer(read_only=True)
    events_secret = serializers.CharField(
        allow_null=True, help_text="Signs its events to us; shown this once. null where it needs none of ours."
    )


class EventsSecretSerializer(serializers.Serializer[Any]):
    events_secret = serializers.CharField(help_text="Signs its events to us; shown this once.")


class ReconnectSourceRequest(StrictSerializer):
    credentials = Secrets(required=False, default=dict, help_text="Those that change; the others are kept.")
    base_url = Text(
        max_length=300,
        required=False,
        default="",
        allow_blank=True,
        help_text="Where it answers now.",
    )


class SourceChange(StrictSerializer):
    """What is left out stays as it is."""

    name = Text(max_length=100, required=False)
    reserves = serializers.ChoiceField(
        choices=Source.Reserves.choices, required=False, help_text="Who keeps units aside for orders."
    )
    knows_orders_after = Whole(
        min_value=0, max_value=86_400, required=False, help_text="Seconds until it knows an order of ours."
    )
    on_difference = serializers.ChoiceField(choices=Source.OnDifference.choices, required=False)
    tolerance_units = Whole(min_value=0, max_value=1_000_000, required=False)
    tolerance_percent = Whole(min_value=0, max_value=100, required=False)
    zero_percent = Whole(
        min_value=0, max_value=100, required=False, help_text="Ask before more than this share of the SKUs goes to 0."
    )
    counts_picks = StrictBoolean(required=False, help_text="Units leave on hand when they are picked.")
    pull_seconds = Whole(min_value=30, max_value=86_400, required=False, help_text="Between readings.")
    is_paused = StrictBoolean(required=False)
    options = Options(help_text="Those that change.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Say what to change.")
        return attrs


class SourceLocationSerializer(serializers.ModelSerializer[SourceLocation]):
    warehouse = WarehouseByCode(read_only=True, allow_null=True)

    class Meta:
        model = SourceLocation
        fields = ["ref", "name", "parent_ref", "note", "warehouse", "is_ignored", "gone_at"]
        read_only_fields = fields


class SourceLocationsSerializer(serializers.Serializer[Any]):
    locations = SourceLocationSerializer(many=True, read_only=True)


class LocationItem(StrictSerializer):
    ref = Text(max_length=200, help_text="The source's id of the place.")
    warehouse = WarehouseByCode(
        required=False, allow_null=True, default=None, help_text="The warehouse that it is; null: not decided."
    )
    is_ignored = StrictBoolean(required=False, default=False, help_text="true: what lies there is not ours to sell.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["is_ignored"] and attrs["warehouse"] is not None:
            raise serializers.ValidationError("A place is a warehouse or is ignored, not both.")
        return attrs


class LocationsRequest(StrictSerializer):
    """Places that are left out stay as they are."""

    locations = LocationItem(many=True, allow_empty=False, max_length=MOST_LOCATIONS)  # type: ignore[call-arg]


class FileRequest(StrictSerializer):
    """A file of stock for a source that is given files."""

    name = Text(max_length=200, help_text="What people know the file by.")
    content = Text(trim_whitespace=False, help_text="CSV with the header sku,location,on_hand.")
    is_full = StrictBoolean(required=False, default=False, help_text="true: a SKU that it leaves out counts as 0.")


class SourcePullSerializer(serializers.ModelSerializer[Pull]):
    """One reading of a source's stock, whole or of some SKUs."""

    source = serializers.SlugRelatedField[Source](  # type: ignore[assignment]  # a field of that name
        slug_field="uuid", read_only=True
    )

    class Meta:
        model = Pull
        fields = [
            "id",
            "source",
            "state",
            "phase",
            "trigger",
            "actor",
            "is_full",
            "total",
            "as_of",
            "pages",
            "rows",
            "matched",
            "adjusted",
            "flagged",
            "skipped",
            "zeroed",
            "problem",
            "file_name",
            "started_at",
            "ended_at",
        ]
        read_only_fields = fields


class PullProblemSerializer(serializers.ModelSerializer[PullProblem]):
    class Meta:
        model = PullProblem
        fields = ["kind", "sku_code", "location_ref", "sentence"]
        read_only_fields = fields


class PullDifferenceSerializer(serializers.ModelSerializer[PullDifference]):
    sku = SkuByCode(read_only=True)
    warehouse = WarehouseByCode(read_only=True)

    class Meta:
        model = PullDifference
        fields = ["sku", "warehouse", "expected", "reported", "as_of", "outcome", "note"]
        read_only_fields = fields


class SourcePullDetailSerializer(SourcePullSerializer):
    """The reading with the first 200 of what it could not use and of where it differed."""

    problems = serializers.SerializerMethodField()
    differences = serializers.SerializerMethodField()

    class Meta(SourcePullSerializer.Meta):
        fields = [*SourcePullSerializer.Meta.fields, "problems", "differences"]
        read_only_fields = fields

    @extend_schema_field(PullProblemSerializer(many=True))
    def get_problems(self, pull: Pull) -> Any:
        return PullProblemSerializer(pull.problems.all()[:200], many=True).data

    @extend_schema_field(PullDifferenceSerializer(many=True))
    def get_differences(self, pull: Pull) -> Any:
        rows = pull.differences.select_related("sku", "warehouse")
        return PullDifferenceSerializer(rows[:200], many=True).data


class SourceStockSerializer(serializers.ModelSerializer[Reading]):
    """The last word of a source on one SKU in one warehouse."""

    source = serializers.SlugRelatedField[Source](  # type: ignore[assignment]  # a field of that name
        slug_field="uuid", read_only=True
    )
    sku = SkuByCode(read_only=True)
    warehouse = WarehouseByCode(read_only=True)
    difference = serializers.IntegerField(read_only=True, help_text="What it says less what the ledger had then.")

    class Meta:
        model = Reading
        fields = [
            "id",
            "source",
            "sku",
            "warehouse",
            "on_hand",
            "reserved",
            "unsellable",
            "as_of",
            "expected",
            "difference",
            "outcome",
        ]
        read_only_fields = fields


class SourceEventSerializer(serializers.ModelSerializer[SourceEvent]):
    source = serializers.SlugRelatedField[Source](  # type: ignore[assignment]  # a field of that name
        slug_field="uuid", read_only=True
    )

    class Meta:
        model = SourceEvent
        fields = ["id", "source", "delivery_id", "topic", "state", "problem", "received_at", "ended_at"]
        read_only_fields = fields
