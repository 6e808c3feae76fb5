"""Runs, what they found, discrepancies and decisions about them, as JSON."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import Id, SkuByCode, StrictSerializer, Text, Units, WarehouseByCode
from api.serializers.channels import ChannelBriefSerializer
from api.serializers.problems import FieldErrorSerializer
from channels.models import Listing
from reconciliation.models import Batch, BatchItem, Discrepancy, DiscrepancyNote, Finding, Run, Severity, Verb

MOST_DECISIONS = 1_000  # discrepancies of one request
MOST_LISTINGS = 1_000  # of a run over a selection
SEVERITIES = [severity.name.lower() for severity in Severity]


# Runs -----------------------------------------------------------------------------------------------------------


class RunSerializer(serializers.ModelSerializer[Run]):
    channel = ChannelBriefSerializer(read_only=True, allow_null=True)
    sku = SkuByCode(read_only=True, allow_null=True, help_text="Where only the listings of one SKU are compared.")
    percent_read = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="How far the reading is; null where nobody knows how much there is."
    )

    class Meta:
        model = Run
        fields = [
            "id",
            "channel",
            "scope",
            "sku",
            "trigger",
            "requested_by",
            "state",
            "phase",
            "percent_read",
            "problem",
            "listings_expected",
            "listings_read",
            "unreadable",
            "pages",
            "calls",
            "suspected",
            "dismissed",
            "found",
            "opened",
            "corrected",
            "left",
            "healed",
            "unsettled",
            "open_after",
            "waiting_seconds",
            "parsing_seconds",
            "comparing_seconds",
            "writing_seconds",
            "confirming_seconds",
            "asked_at",
            "decided_by",
            "started_at",
            "ended_at",
        ]
        read_only_fields = fields


class RunRequest(StrictSerializer):
    channel = Id(required=False, help_text="The channel's id. Alone: everything it offers is compared.")
    sku = SkuByCode(required=False, help_text="Only listings of this SKU: of the channel, or of every channel.")
    listings = serializers.ListField(
        child=Id(), required=False, allow_empty=False, max_length=MOST_LISTINGS, help_text="Only these, by their ids."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Say what to compare: a channel, a SKU, or listings.")
        if "listings" in attrs and len(attrs) > 1:
            raise serializers.ValidationError({"listings": "Listings stand alone: leave channel and sku out."})
        return attrs


class RunsSerializer(serializers.Serializer[Any]):
    runs = RunSerializer(many=True, read_only=True, help_text="One per channel that is concerned.")


class FindingSerializer(serializers.ModelSerializer[Finding]):
    listing = serializers.PrimaryKeyRelatedField[Listing](read_only=True, allow_null=True)
    discrepancy = serializers.PrimaryKeyRelatedField[Discrepancy](read_only=True, allow_null=True)
    difference = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Finding
        fields = [
            "id",
            "listing",
            "ref",
            "product_ref",
            "state",
            "cause",
            "ledger_says",
            "channel_shows",
            "difference",
            "note",
            "discrepancy",
            "settled_at",
        ]
        read_only_fields = fields


# Discrepancies --------------------------------------------------------------------------------------------------


class EvidenceSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="What the sentence is about: reading, push, order, event, listing, source.")
    id = serializers.IntegerField(allow_null=True, help_text="Of the row it is about, where there is one.")
    sentence = serializers.CharField()


class DiscrepancySerializer(serializers.ModelSerializer[Discrepancy]):
    channel = ChannelBriefSerializer(read_only=True, allow_null=True)
    listing = serializers.PrimaryKeyRelatedField[Listing](read_only=True, allow_null=True)
    sku = SkuByCode(read_only=True, allow_null=True)
    warehouse = WarehouseByCode(read_only=True, allow_null=True)
    proposed_sku = SkuByCode(read_only=True, allow_null=True)
    difference = serializers.SerializerMethodField(
        help_text="What is shown less what the ledger says; null where no number is shown."
    )
    severity = serializers.SerializerMethodField()
    evidence = EvidenceSerializer(many=True, read_only=True)
    assignee = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    run = serializers.PrimaryKeyRelatedField[Run](read_only=True, allow_null=True)

    class Meta:
        model = Discrepancy
        fields = [
            "id",
            "version",
            "state",
            "kind",
            "channel",
            "source_name",
            "listing",
            "sku",
            "warehouse",
            "ledger_says",
            "channel_shows",
            "difference",
            "severity",
            "money_at_risk",
            "cause",
            "evidence",
            "proposal",
            "proposal_reason",
            "proposed_sku",
            "assignee",
            "run",
            "agreed_at",
            "read_at",
            "first_seen_at",
            "last_seen_at",
            "snoozed_until",
            "resolution",
            "resolution_reason",
            "resolved_by",
            "resolved_at",
            "undone_by",
            "undone_at",
        ]
        read_only_fields = fields

    def get_difference(self, row: Discrepancy) -> int | None:
        return None if row.channel_shows is None or row.ledger_says is None else row.difference

    @extend_schema_field({"type": "string", "enum": SEVERITIES})
    def get_severity(self, row: Discrepancy) -> str:
        return Severity(row.severity).name.lower()


class AssignRequest(StrictSerializer):
    assignee = serializers.SlugRelatedField[Any](
        slug_field="username",
        queryset=get_user_model().objects.filter(is_active=True),
        allow_null=True,
        help_text="The name of who looks after it; null: nobody.",
    )


class NoteRequest(StrictSerializer):
    text = Text(max_length=2000)


class NoteSerializer(serializers.ModelSerializer[DiscrepancyNote]):
    class Meta:
        model = DiscrepancyNote
        fields = ["id", "actor", "text", "at"]
        read_only_fields = fields


class DecisionRequest(StrictSerializer):
    """What one decision needs, whatever it is about."""

    action = serializers.ChoiceField(
        choices=Verb.choices,
        help_text="keep-ours has the ledger's number pushed; take-theirs adjusts the ledger; recount makes a count"
        " task; snooze and ignore write nothing; change-mapping links the listing to another SKU.",
    )
    warehouse = WarehouseByCode(
        required=False, help_text="For take-theirs and recount; may be left out where there is only one."
    )
    reason = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=300, help_text="take-theirs and ignore need one."
    )
    until = serializers.DateTimeField(required=False, help_text="For snooze: when it comes back.")
    sku = SkuByCode(required=False, help_text="For change-mapping: what the listing sells.")


class DecideRequest(DecisionRequest):
    version = Units(minimum=0, help_text="Of the discrepancy as you read it; refused (409) when it has changed since.")


class DecisionItem(StrictSerializer):
    id = Id(help_text="The discrepancy's.")
    version = Units(minimum=0, help_text="Of the discrepancy as you read it.")


class DecideManyRequest(DecisionRequest):
    """One decision about many. They are looked at one by one: what is wrong with one costs no other."""

    discrepancies = serializers.ListField(
        child=serializers.JSONField(allow_null=True), allow_empty=False, max_length=MOST_DECISIONS
    )


class DecideManySchema(DecisionRequest):
    """As it is described."""

    discrepancies = DecisionItem(many=True, allow_empty=False, max_length=MOST_DECISIONS)  # type: ignore[call-arg]


class EffectSerializer(serializers.Serializer[Any]):
    where = serializers.ChoiceField(choices=["channel", "ledger", "mapping", "task", "queue"])
    name = serializers.CharField(help_text="Of the channel, the warehouse or the SKU.")
    units = serializers.IntegerField(help_text="Signed; 0 where no quantity changes.")
    sentence = serializers.CharField()


class DecidedSerializer(serializers.Serializer[Any]):
    discrepancy = DiscrepancySerializer(read_only=True)
    effects = EffectSerializer(many=True, read_only=True, help_text="What it writes where.")


# Batches --------------------------------------------------------------------------------------------------------


class BatchSerializer(serializers.ModelSerializer[Batch]):
    """One decision about many, worked on in the background."""

    action = serializers.CharField(source="verb", read_only=True, help_text="Empty: each one's own proposal.")
    undoes = serializers.PrimaryKeyRelatedField[Batch](read_only=True, allow_null=True)
    waiting = serializers.IntegerField(read_only=True, help_text="How many are not worked on yet.")

    class Meta:
        model = Batch
        fields = ["id", "action", "state", "total", "waiting", "undoes", "requested_by", "started_at", "ended_at"]
        read_only_fields = fields


class BatchItemSerializer(serializers.ModelSerializer[BatchItem]):
    discrepancy = serializers.PrimaryKeyRelatedField[Discrepancy](read_only=True)

    class Meta:
        model = BatchItem
        fields = ["id", "discrepancy", "state", "message", "ended_at"]
        read_only_fields = fields


class DecisionResult(serializers.Serializer[Any]):
    discrepancy = serializers.IntegerField(allow_null=True, read_only=True)
    status = serializers.ChoiceField(
        choices=["waiting", "moved", "refused", "invalid"],
        read_only=True,
        help_text="waiting: it is being worked on. moved: it has changed since you read it.",
    )
    detail = serializers.CharField(read_only=True)
    errors = FieldErrorSerializer(many=True, read_only=True)  # type: ignore[assignment]


class DecideManyResult(serializers.Serializer[Any]):
    batch = BatchSerializer(read_only=True, allow_null=True, help_text="null where nothing is left to work on.")
    results = DecisionResult(many=True, read_only=True, help_text="One per discrepancy, in the order of the request.")
