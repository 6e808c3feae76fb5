"""When this installation reconciles, as JSON."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import Id, StrictBoolean, StrictSerializer, Text, Whole
from channels.models import Channel
from reconciliation import schedule
from reconciliation.models import Schedule

_MOST_CHANNELS = 1_000


class ScheduleSerializer(serializers.ModelSerializer[Schedule]):
    nightly = serializers.SerializerMethodField(help_text="Ids of the connected channels that it compares.")

    class Meta:
        model = Schedule
        fields = [*schedule.Settings.__annotations__, "nightly", "next_run_at", "last_run_at"]
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_nightly(self, row: Schedule) -> list[int]:
        return list(schedule.nightly_channels().order_by("pk").values_list("pk", flat=True))


class ScheduleChange(StrictSerializer):
    """What is left out stays as it is."""

    cron = Text(max_length=100, required=False, help_text="Minute, hour, day, month, weekday; UTC.")
    is_enabled = StrictBoolean(required=False)
    grace_seconds = Whole(
        min_value=5, max_value=3600, required=False, help_text="Before a difference is looked at again."
    )
    suspicious_percent = Whole(
        min_value=1, max_value=100, required=False, help_text="A run that would flag more of a channel stops and asks."
    )
    suspicious_least = Whole(
        min_value=0, max_value=2**31 - 1, required=False, help_text="Fewer differences than that are never suspicious."
    )
    nightly = serializers.ListField(
        child=Id(),
        required=False,
        max_length=_MOST_CHANNELS,
        help_text="Ids of all the connected channels that it compares; the others are left out.",
    )

    def validate_cron(self, text: str) -> str:
        try:
            schedule.validate_cron(text)
        except ModelValidationError as problem:
            raise serializers.ValidationError(problem.messages) from problem
        return text

    def validate_nightly(self, channel_ids: list[int]) -> list[int]:
        known = Channel.objects.filter(pk__in=channel_ids, disconnected_at=None).values_list("pk", flat=True)
        unknown = sorted(set(channel_ids) - set(known))
        if unknown:
            raise serializers.ValidationError(f"No connected channel has the id {unknown[0]}.")
        return channel_ids

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Say what to change.")
        return attrs
