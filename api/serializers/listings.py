"""Listings as JSON, and what decides about them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import AnyList, Id, SkuByCode, StrictSerializer, Units
from api.serializers.channels import ChannelBriefSerializer
from api.serializers.inventory import ComponentSerializer, SkuSerializer, once_each
from api.serializers.problems import ItemResult
from api.serializers.retries import RetryResults
from channels.models import Listing

MOST_MAPPINGS = 500  # of one request


class ListingSerializer(serializers.ModelSerializer[Listing]):
    channel = ChannelBriefSerializer(read_only=True)
    sku = SkuByCode(read_only=True, allow_null=True)
    url = serializers.CharField(read_only=True, help_text="Its page in the store; may be empty.")

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


class MappingItem(ListingChange):
    listing = Id(help_text="The listing's id.")


class MappingsRequest(StrictSerializer):
    """The listings are mapped one by one: what is wrong with one costs no other."""

    mappings = AnyList(max_length=MOST_MAPPINGS)


class MappingsRequestSchema(StrictSerializer):
    mappings = MappingItem(many=True, allow_empty=False, max_length=MOST_MAPPINGS)  # type: ignore[call-arg]


class MappingResult(ItemResult):
    listing = ListingSerializer(read_only=True, allow_null=True, help_text="As it is now; null where it was refused.")


class MappingsResult(serializers.Serializer[Any]):
    results = MappingResult(many=True, read_only=True, help_text="One per mapping, in the order of the request.")


class MadeSkuSerializer(serializers.Serializer[Any]):
    sku = SkuSerializer(read_only=True)
    listing = ListingSerializer(read_only=True)


class MakeSkuRequest(StrictSerializer):
    components = ComponentSerializer(
        many=True, required=False, allow_empty=False, help_text="Where it is a bundle: what one unit is made of."
    )

    def validate_components(self, components: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return once_each(components)


class IgnoreBesideRequest(StrictSerializer):
    channel = Id(required=False, help_text="Those of the channel of this id only.")


class IgnoredSerializer(serializers.Serializer[Any]):
    ignored = serializers.IntegerField(read_only=True, help_text="How many left the queue.")


class TrackRequest(StrictSerializer):
    quantity = Units(minimum=0, help_text="The target you have seen: refused (409) when it is another one by now.")


class RetryRequest(StrictSerializer):
    listings = serializers.ListField(
        child=Id(), allow_empty=False, max_length=MOST_MAPPINGS, help_text="Ids of listings, at most 500."
    )


class RetriedSerializer(RetryResults):
    retried = serializers.IntegerField(read_only=True, help_text="How many were parked and are tried again.")


class TermSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not the property
    units = serializers.IntegerField(help_text="Signed.")


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why a listing should show its number: the terms sum to it exactly."""

    target = serializers.IntegerField(source="total")
    terms = TermSerializer(many=True)


class SuggestionSerializer(serializers.Serializer[Any]):
    sku = SkuByCode(read_only=True)
    confidence = serializers.IntegerField(help_text="Of 100.")
    reason = serializers.CharField()


class SuggestionsSerializer(serializers.Serializer[Any]):
    suggestions = SuggestionSerializer(many=True, help_text="SKUs that the listing may mean, best first.")
