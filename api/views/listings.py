"""Listings, and what a person decides about them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import ProblemError, refusal_of_item
from api.filters import ListingFilter, refuse_parameters
from api.serializers.listings import (
    ExplanationSerializer,
    IgnoreBesideRequest,
    IgnoredSerializer,
    ListingChange,
    ListingSerializer,
    MadeSkuSerializer,
    MakeSkuRequest,
    MappingItem,
    MappingsRequest,
    MappingsRequestSchema,
    MappingsResult,
    RetriedSerializer,
    RetryRequest,
    SuggestionsSerializer,
    TrackRequest,
)
from api.serializers.retries import results_of
from api.views.base import ReadViews, actor_of
from channels import availability, connection, mapping, mapping_runs, parking, suggesting, tracking
from channels.contract import ChannelError
from channels.models import Channel, Listing, MappingChange
from inventory.models import Sku
from reconciliation import checks


@extend_schema_view(list=extend_schema(summary="List listings"), retrieve=extend_schema(summary="Read a listing"))
class ListingViews(ReadViews[Listing]):
    """SKUs as channels offer them: one row per stock pool."""

    read_scope = "channels:read"
    write_scope = "channels:write"
    calling_actions = ("track", "check")
    queryset = Listing.objects.select_related("channel", "sku").defer("channel__credentials")
    serializer_class = ListingSerializer
    filterset_class = ListingFilter

    @extend_schema(summary="Map a listing to a SKU", request=ListingChange, responses={200: ListingSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Waiting order lines are booked and its quantity is published; null takes the mapping away."""
        asked = self.parse(request, ListingChange)
        listing = self.get_object()
        _map(listing, asked["sku"], actor=actor_of(request))
        return self._shown()

    @extend_schema(summary="Map many listings", request=MappingsRequestSchema, responses=MappingsResult)
    @action(methods=["post"], detail=False, url_path="map", url_name="map", filter_backends=[])
    def map_many(self, request: Request) -> Response:
        """Each is mapped, or unmapped with null, or refused by itself. results says which."""
        asked = self.parse(request, MappingsRequest)["mappings"]
        results = [self._map_one(item, actor=actor_of(request)) for item in asked]
        return Response(MappingsResult({"results": results}).data)

    def _map_one(self, item: object, *, actor: str) -> dict[str, Any]:
        try:
            serializer = MappingItem(data=item)
            serializer.is_valid(raise_exception=True)
            asked = serializer.validated_data
            listing = self.get_queryset().filter(pk=asked["listing"]).first()
            if listing is None:
                raise ProblemError(404, "not-found", f"There is no listing {asked['listing']}.", field="listing")
            _map(listing, asked["sku"], actor=actor)
        except Exception as error:
            refusal = refusal_of_item(error)
            if refusal is None:
                raise
            return {**refusal, "listing": None}
        return {"status": "done", "detail": "", "errors": [], "listing": self.get_queryset().get(pk=listing.pk)}

    @extend_schema(summary="Ignore a listing", request=None, responses=ListingSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def ignore(self, request: Request, pk: str) -> Response:
        """Never link it: it leaves the queue, and its sales don't concern the ledger."""
        mapping.ignore(listing=self.get_object(), actor=actor_of(request), now=timezone.now())
        return self._shown()

    @extend_schema(
        summary="Ignore products beside their variations", request=IgnoreBesideRequest, responses=IgnoredSerializer
    )
    @action(methods=["post"], detail=False, url_path="ignore-beside", filter_backends=[])
    def ignore_beside(self, request: Request) -> Response:
        """Ignore the unmapped products whose variations are all listings of their own: those of ?beside=true."""
        asked, actor, now = self.parse(request, IgnoreBesideRequest), actor_of(request), timezone.now()
        channels = Channel.objects.order_by("pk")
        if "channel" in asked:
            channels = channels.filter(pk=asked["channel"])
            if not channels:
                raise ValidationError({"channel": f"There is no channel {asked['channel']}."})
        ignored = [mapping.ignore_beside_variations(channel=each, actor=actor, now=now) for each in channels]
        return Response({"ignored": sum(ignored)})

    @extend_schema(summary="Take a mapping back", request=None, responses=ListingSerializer)
    @action(methods=["post"], detail=True, url_path="take-back", filter_backends=[])
    def take_back(self, request: Request, pk: str) -> Response:
        """Undo the last thing that was decided about it. 409 when nothing was."""
        listing = self.get_object()
        change = MappingChange.objects.filter(listing=listing).order_by("-pk").first()
        if change is None:
            raise ProblemError(409, "conflict", "Nothing was decided about this listing yet.")
        mapping.take_back(change=change, actor=actor_of(request), now=timezone.now())
        return self._shown()

    @extend_schema(summary="Make a listing's SKU", request=MakeSkuRequest, responses={201: MadeSkuSerializer})
    @action(methods=["post"], detail=True, url_path="create-sku", filter_backends=[])
    def create_sku(self, request: Request, pk: str) -> Response:
        """Make a SKU, or a bundle, from what the store calls it, and link it. Refused where its code can't be one."""
        listing = self.get_object()
        components = self.parse(request, MakeSkuRequest).get("components", ())
        if listing.mapping == Listing.Mapping.MAPPED:
            raise ProblemError(409, "conflict", "This listing is linked already.")
        sku = mapping.create_sku(
            listing=listing,
            components={each["sku"].pk: each["units"] for each in components},
            actor=actor_of(request),
            now=timezone.now(),
        )
        body = {"sku": sku, "listing": self.get_object()}
        return Response(MadeSkuSerializer(body).data, status=201)

    @extend_schema(summary="Retry a parked listing", request=None, responses=ListingSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def retry(self, request: Request, pk: str) -> Response:
        """Send its quantity again with the next wave. One that is not parked stays as it is."""
        parking.retry(listing=self.get_object(), actor=actor_of(request), now=timezone.now())
        return self._shown()

    @extend_schema(
        summary="Retry many parked listings",
        request=RetryRequest,
        responses=RetriedSerializer,
        operation_id="listings_retry_many",
    )
    @action(methods=["post"], detail=False, url_path="retry", url_name="retry-many", filter_backends=[])
    def retry_many(self, request: Request) -> Response:
        """Those that are parked are sent again with the next wave; others stay as they are. results says which."""
        asked = self.parse(request, RetryRequest)["listings"]
        actor, now = actor_of(request), timezone.now()
        parked = self.get_queryset().filter(pk__in=asked, parked_at__isnull=False).order_by("pk")
        retried = {each.pk: "" for each in parked if parking.retry(listing=each, actor=actor, now=now)}
        results = results_of(asked, retried, refused="No parked listing has this id.")
        return Response({"retried": len(retried), "results": results})

    @extend_schema(summary="Match unmapped listings again", request=None, responses={204: None})
    @action(methods=["post"], detail=False, filter_backends=[])
    def match(self, request: Request) -> Response:
        """Look anew for the SKUs of all that wait, in the background where it is much; mapping-runs/ tells of it."""
        mapping_runs.match_again()
        return Response(status=204)

    @extend_schema(summary="Read a listing's quantity now", request=None, responses=ListingSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def check(self, request: Request, pk: str) -> Response:
        """Ask the store what it shows. A difference that is confirmed becomes a discrepancy."""
        listing = self.get_object()
        if listing.channel.disconnected_at is not None:
            raise ProblemError(409, "disconnected", "The channel is disconnected: reconnect it first.")
        try:
            checks.look_now(listing=listing, now=timezone.now())
        except ChannelError as error:
            connection.note_failure(listing.channel, error, now=timezone.now())
            raise
        return self._shown()

    @extend_schema(summary="Count an unlimited listing", request=TrackRequest, responses=ListingSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def track(self, request: Request, pk: str) -> Response:
        """Have the store count it from now on, starting with its target; explanation/ tells that beforehand."""
        seen = self.parse(request, TrackRequest)["quantity"]
        tracking.start(listing=self.get_object(), seen=seen, actor=actor_of(request), now=timezone.now())
        return self._shown()

    @extend_schema(summary="Explain a listing's number", responses=ExplanationSerializer)
    @action(methods=["get"], detail=True, filter_backends=[])
    def explanation(self, request: Request, pk: str) -> Response:
        """What it should show, and the terms that sum to that exactly."""
        refuse_parameters(request, ())
        return Response(ExplanationSerializer(availability.explain(self.get_object())).data)

    @extend_schema(summary="Suggest SKUs of a listing", responses=SuggestionsSerializer)
    @action(methods=["get"], detail=True, filter_backends=[])
    def suggestions(self, request: Request, pk: str) -> Response:
        """SKUs that it may mean, with the reason of each."""
        refuse_parameters(request, ())
        listing = self.get_object()
        return Response(SuggestionsSerializer({"suggestions": suggesting.suggest([listing])[listing.pk]}).data)

    def _shown(self) -> Response:
        return Response(ListingSerializer(self.get_object()).data)


def _map(listing: Listing, sku: Sku | None, *, actor: str) -> None:
    now = timezone.now()
    if sku is None:
        mapping.unlink(listing=listing, actor=actor, now=now)
    else:
        mapping.link(listing=listing, sku=sku, actor=actor, now=now)
