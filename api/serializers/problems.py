"""Problem details (RFC 9457), for the schema alone: ``api.errors`` builds them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class FieldErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="The path to the field, e.g. lines[0].units; empty for the whole body.")
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="A stable name for programs, e.g. urn:evenkeel:problem:invalid-input.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for people.")
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]  # a field of that name, not the property


class ShortageSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    warehouse = serializers.CharField(allow_null=True, help_text="null where the line named none.")
    asked = serializers.IntegerField()
    available = serializers.IntegerField()


class ConflictSerializer(ProblemSerializer):
    shortages = ShortageSerializer(
        many=True,
        required=False,
        help_text="With type …:insufficient-stock: every line that can't be served.",
    )


class ItemResult(serializers.Serializer[Any]):
    """What became of one item of a request that holds many; subclasses add the thing itself."""

    status = serializers.ChoiceField(
        choices=["done", "refused", "invalid"],
        read_only=True,
        help_text="refused: what is stored speaks against it. invalid: errors names what is wrong with it.",
    )
    detail = serializers.CharField(read_only=True, help_text="A sentence for people; empty where it is done.")
    errors = FieldErrorSerializer(many=True, read_only=True)  # type: ignore[assignment]
