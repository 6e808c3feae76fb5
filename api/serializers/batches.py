"""Many counts, and many mappings, done at once and taken back whole."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import StrictBoolean, StrictSerializer, Text, WarehouseByCode
from api.serializers.channels import ChannelBriefSerializer
from channels.models import MappingRun
from inventory.batches import taking
from inventory.batches.models import CountBatch


class CountBatchSerializer(serializers.ModelSerializer[CountBatch]):
    class Meta:
        model = CountBatch
        fields = ["id", "kind", "state", "name", "actor", "kept", "started_at", "ended_at", "undone_by"]
        read_only_fields = fields


class CountChangeSerializer(serializers.Serializer[taking.Change]):
    sku = serializers.CharField(source="sku.code")
    warehouse = serializers.CharField(source="warehouse.code")
    before = serializers.IntegerField(help_text="On hand now.")
    after = serializers.IntegerField(help_text="On hand once the batch is taken.")
    reserved = serializers.IntegerField(help_text="Units of them that are promised.")


class CountBatchDetailSerializer(CountBatchSerializer):
    """The batch with the first 200 lines of its file that can't be used, and of what it would change."""

    problems = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField(help_text="While it waits; what differs first.")

    class Meta(CountBatchSerializer.Meta):
        fields = [*CountBatchSerializer.Meta.fields, "problems", "changes"]
        read_only_fields = fields

    def get_problems(self, batch: CountBatch) -> list[str]:
        return [str(sentence) for sentence in batch.problems[:200]]

    @extend_schema_field(CountChangeSerializer(many=True))
    def get_changes(self, batch: CountBatch) -> list[dict[str, object]]:
        if batch.state != CountBatch.State.PREVIEW:
            return []
        changes = sorted(taking.changes(batch), key=lambda change: not change.difference)
        shown: list[dict[str, object]] = [dict(CountChangeSerializer(change).data) for change in changes[:200]]
        return shown


class CountFileRequest(StrictSerializer):
    name = Text(max_length=200, help_text="What people know the file by.")
    content = Text(trim_whitespace=False, help_text="CSV with the header sku,on_hand and, where you like, warehouse.")
    warehouse = WarehouseByCode(
        required=False, allow_null=True, default=None, help_text="For lines that name none: its code."
    )


class MappingRunSerializer(serializers.ModelSerializer[MappingRun]):
    """Many mappings changed at once: by matching, from a file, by making SKUs."""

    channel = ChannelBriefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = MappingRun
        fields = [
            "id",
            "kind",
            "state",
            "channel",
            "name",
            "makes_skus",
            "actor",
            "total",
            "reached",
            "changed",
            "made",
            "kept",
            "started_at",
            "ended_at",
            "undone_by",
        ]
        read_only_fields = fields


class MappingFileRequest(StrictSerializer):
    name = Text(max_length=200, help_text="What people know the file by.")
    content = Text(trim_whitespace=False, help_text="CSV as the export of the mappings has it.")
    makes_skus = StrictBoolean(required=False, default=False, help_text="true: codes that are nobody's become SKUs.")
