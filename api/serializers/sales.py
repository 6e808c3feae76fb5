"""Sales of shops as tills send them, and what became of each line."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Code, SkuByCode, StrictBoolean, StrictSerializer, WarehouseByCode, Whole
from api.serializers.problems import FieldErrorSerializer
from inventory.shops.models import SaleLine
from inventory.shops.reading import CODE_LENGTH, ID_LENGTH, TILL_LENGTH

MOST_LINES = 500
MOST_SALES = 200


class _Anything(serializers.JSONField):
    """Whatever JSON there is: it is looked at later, alone."""

    def __init__(self) -> None:
        super().__init__(allow_null=True)


class SaleLineRequest(StrictSerializer):
    line_id = Code(max_length=ID_LENGTH, help_text="The line's id in this sale. A correction needs one of its own.")
    sku = Code(max_length=CODE_LENGTH, required=False, help_text="The SKU's code, exactly; or send its barcode.")
    barcode = Code(max_length=CODE_LENGTH, required=False, help_text="The barcode that was scanned.")
    quantity = Whole(
        min_value=-(10**15),
        max_value=10**15,
        required=False,
        help_text="Whole units. Below zero it voids the line; a void needs none.",
    )
    kind = serializers.ChoiceField(
        choices=["sale", "return", "void"],
        required=False,
        default="sale",
        help_text="return: units came back. void: the line of this id never happened.",
    )
    sellable = StrictBoolean(required=False, default=True, help_text="Of a return: false when it can't be sold again.")


class SaleRequest(StrictSerializer):
    """One sale. Its lines are looked at one by one: what is wrong with one costs no other."""

    sale_id = Code(max_length=ID_LENGTH, help_text="The till's id of the sale; with line_id it names each line.")
    location = WarehouseByCode(help_text="The code of the warehouse that is the shop.")
    till = Code(
        max_length=TILL_LENGTH,
        required=False,
        default="",
        allow_blank=True,
        help_text="Whose ids these are, where two systems in one shop both count from 1.",
    )
    occurred_at = serializers.DateTimeField(
        help_text="When it was sold. Late sales are weighed by it, also against counts made since."
    )
    lines = serializers.ListField(
        child=serializers.JSONField(allow_null=True),
        allow_empty=False,
        max_length=MOST_LINES,
        help_text="Objects as in SaleLine.",
    )


class SaleRequestSchema(SaleRequest):
    """As it is described: the lines are read one by one, so that a bad one does not refuse the sale."""

    lines = SaleLineRequest(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg, assignment]


class SalesRequest(StrictSerializer):
    sales = serializers.ListField(
        child=serializers.JSONField(allow_null=True), allow_empty=False, max_length=MOST_SALES
    )


class SalesRequestSchema(StrictSerializer):
    sales = SaleRequestSchema(many=True, allow_empty=False, max_length=MOST_SALES)  # type: ignore[call-arg]


class LineResultSerializer(serializers.Serializer[Any]):
    line_id = serializers.CharField(allow_null=True, read_only=True)
    status = serializers.ChoiceField(
        choices=["booked", "waiting", "voided", "conflict", "invalid"],
        read_only=True,
        help_text="waiting: kept until a person says which SKU it was. conflict: told before with other content.",
    )
    sku = serializers.CharField(allow_null=True, read_only=True, help_text="The code of the SKU that it was booked on.")
    repeat = serializers.BooleanField(read_only=True, help_text="true: it was told before, and nothing changed now.")
    detail = serializers.CharField(read_only=True, help_text="What a person should know; empty as a rule.")
    errors = FieldErrorSerializer(many=True, read_only=True)  # type: ignore[assignment]


class SaleResultSerializer(serializers.Serializer[Any]):
    sale_id = serializers.CharField(allow_null=True, read_only=True)
    location = serializers.CharField(allow_null=True, read_only=True)
    results = LineResultSerializer(many=True, read_only=True, help_text="One per line, in the order of the request.")


class SaleOfManySerializer(SaleResultSerializer):
    errors = FieldErrorSerializer(  # type: ignore[assignment]
        many=True, read_only=True, help_text="Why the whole sale was refused; empty as a rule."
    )


class SalesResultSerializer(serializers.Serializer[Any]):
    sales = SaleOfManySerializer(many=True, read_only=True, help_text="One per sale, in the order of the request.")


class SaleLineSerializer(serializers.ModelSerializer[SaleLine]):
    location = WarehouseByCode(source="warehouse", read_only=True)
    sku = SkuByCode(read_only=True, allow_null=True)
    quantity = serializers.IntegerField(source="units", read_only=True)
    sellable = serializers.BooleanField(source="is_sellable", read_only=True)

    class Meta:
        model = SaleLine
        fields = [
            "id",
            "location",
            "till",
            "sale_id",
            "line_id",
            "kind",
            "sku",
            "code",
            "is_barcode",
            "quantity",
            "sellable",
            "state",
            "reason",
            "actor",
            "occurred_at",
            "recorded_at",
            "voided_at",
        ]
        read_only_fields = fields


class ResolveRequest(StrictSerializer):
    sku = SkuByCode(help_text="The code of the SKU that was sold.")
