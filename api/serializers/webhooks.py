"""Events, endpoints and deliveries as JSON. A secret appears in the one answer that makes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import StrictSerializer, Text
from api.models import Attempt, Delivery, Endpoint, Event
from api.webhooks.bodies import EventAnswer, shown
from api.webhooks.endpoints import URL_LENGTH
from api.webhooks.kinds import CHOICES


class EventSerializer(serializers.Serializer[Event]):
    """What happened, exactly as receivers of webhooks get it."""

    id = serializers.CharField(read_only=True, help_text="The same in every delivery: what repeats are known by.")
    type = serializers.CharField(read_only=True, help_text="The kind of event, for example stock.available_changed.")
    timestamp = serializers.DateTimeField(read_only=True, help_text="When it happened.")
    subject = serializers.CharField(read_only=True, help_text="What it is about, for example sku:41:warehouse:1.")
    version = serializers.IntegerField(
        read_only=True, help_text="Of one type and subject only the event with the largest version counts."
    )
    data = serializers.JSONField(read_only=True)  # type: ignore[assignment]  # a field of that name, not the property

    def to_representation(self, instance: Event) -> EventAnswer:  # type: ignore[override]
        return shown(instance)


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    state = serializers.ChoiceField(
        choices=["live", "failing", "off"], read_only=True, help_text="failing: its last attempt failed."
    )

    class Meta:
        model = Endpoint
        fields = [
            "uuid",
            "url",
            "name",
            "kinds",
            "origin",
            "state",
            "failures",
            "failing_since",
            "last_success_at",
            "disabled_at",
            "disabled_reason",
            "created_at",
        ]
        read_only_fields = fields


class NewEndpointSerializer(EndpointSerializer):
    """The endpoint with its secret, which no other answer shows."""

    secret = serializers.CharField(read_only=True, help_text="Checks our signatures. Shown this once.")

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class EndpointRequest(StrictSerializer):
    url = Text(max_length=URL_LENGTH, help_text="Gets a POST for each event; https:// only.")
    name = Text(max_length=100, required=False, allow_blank=True)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=CHOICES), allow_empty=False, help_text="What it is told of."
    )


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = ["at", "milliseconds", "status", "problem", "answer"]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    endpoint = serializers.UUIDField(source="endpoint.uuid", read_only=True)
    event = EventSerializer(read_only=True)

    class Meta:
        model = Delivery
        fields = [
            "id",
            "endpoint",
            "event",
            "state",
            "last_status",
            "last_problem",
            "due_at",
            "created_at",
            "ended_at",
        ]
        read_only_fields = fields


class DeliveryDetailSerializer(DeliverySerializer):
    """The delivery with every attempt, newest first."""

    attempts = AttemptSerializer(many=True, read_only=True)

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "attempts"]
        read_only_fields = fields


class ReplaySerializer(serializers.Serializer[Any]):
    replayed = serializers.IntegerField(read_only=True, help_text="How many deliveries are sent again.")


class HookRequest(StrictSerializer):
    """A REST hook: one address, one kind of event."""

    target_url = Text(max_length=URL_LENGTH)
    event = serializers.ChoiceField(choices=CHOICES)


class HookSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True, help_text="What DELETE takes.")
    target_url = serializers.CharField(read_only=True)
    event = serializers.CharField(read_only=True)
    secret = serializers.CharField(read_only=True, help_text="Checks our signatures. Shown this once.")


class MeSerializer(serializers.Serializer[Any]):
    """Who calls: a test of the connection."""

    label = serializers.CharField(  # type: ignore[assignment]  # a field of that name, not the property
        read_only=True, help_text="What a tool shows as the connected account."
    )
    username = serializers.CharField(read_only=True)
    token_name = serializers.CharField(read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    installation = serializers.CharField(read_only=True, help_text="The address of this installation.")
