"""Channels, and what came in and went out of them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from api.filters import EventFilter, ListingFilter, OrderFilter, PushFilter
from api.serializers.channels import (
    ChannelChange,
    ChannelSerializer,
    ChannelsResume,
    ChannelsStop,
    InboundDetailSerializer,
    InboundSerializer,
    ListingChange,
    ListingSerializer,
    OrderSerializer,
    PushSerializer,
)
from api.views.base import ReadViews, actor_of
from channels import emergency, mapping, modes
from channels.models import Channel, ChannelWarehouse, InboundEvent, Listing, Order, OrderLine, Push


@extend_schema_view(list=extend_schema(summary="List channels"), retrieve=extend_schema(summary="Read a channel"))
class ChannelViews(ReadViews[Channel]):
    """Connected stores. Their credentials can't be read."""

    read_scope = "channels:read"
    write_scope = "channels:write"
    # Deferred, so that credentials are not even decrypted here.
    queryset = Channel.objects.defer("credentials", "options").prefetch_related(
        Prefetch("feeds", ChannelWarehouse.objects.select_related("warehouse"))
    )
    serializer_class = ChannelSerializer

    @extend_schema(summary="Change a channel's mode", request=ChannelChange, responses={200: ChannelSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """observe computes and sends nothing, live sends, sell-down sends decreases only, paused does nothing."""
        asked = self.parse(request, ChannelChange)
        channel = self.get_object()
        modes.change_mode(channel=channel, mode=asked["mode"], actor=actor_of(request), now=timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Emergency stop", request=ChannelsStop, responses={200: ChannelSerializer(many=True)}, filters=False
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def stop(self, request: Request) -> Response:
        """Pause channels, or let only decreases out; each remembers its mode. Answers those that were changed."""
        asked = self.parse(request, ChannelsStop)
        channels = list(emergency.connected())
        if "channels" in asked:
            unknown = set(asked["channels"]) - {channel.pk for channel in channels}
            if unknown:
                raise ValidationError({"channels": [f"No connected channel has the id {min(unknown)}."]})
            channels = [channel for channel in channels if channel.pk in asked["channels"]]
        if "tag" in asked:
            channels = [channel for channel in channels if asked["tag"] in channel.tag_list]
            if not channels:
                raise ValidationError({"tag": ["No such channel has this tag."]})
        changed = emergency.stop(channels=channels, mode=asked["mode"], actor=actor_of(request), now=timezone.now())
        return self._answer(changed)

    @extend_schema(
        summary="Resume after an emergency stop",
        request=ChannelsResume,
        responses={200: ChannelSerializer(many=True)},
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def resume(self, request: Request) -> Response:
        """Put stopped channels back into the modes they were in. Answers those that were changed."""
        asked = self.parse(request, ChannelsResume)
        channels = emergency.stopped()
        if "channels" in asked:
            channels = channels.filter(pk__in=asked["channels"])
        return self._answer(emergency.resume(channels=list(channels), actor=actor_of(request), now=timezone.now()))

    def _answer(self, channels: Sequence[Channel]) -> Response:
        rows = self.get_queryset().filter(pk__in=[channel.pk for channel in channels])
        return Response(self.get_serializer(rows, many=True).data)


@extend_schema_view(list=extend_schema(summary="List listings"), retrieve=extend_schema(summary="Read a listing"))
class ListingViews(ReadViews[Listing]):
    """SKUs as channels offer them: one row per stock pool."""

    read_scope = "channels:read"
    write_scope = "channels:write"
    queryset = Listing.objects.select_related("channel", "sku").defer("channel__credentials", "channel__options")
    serializer_class = ListingSerializer
    filterset_class = ListingFilter

    @extend_schema(summary="Map a listing to a SKU", request=ListingChange, responses={200: ListingSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Waiting order lines are booked and its quantity is published; null takes the mapping away."""
        asked = self.parse(request, ListingChange)
        listing, actor, now = self.get_object(), actor_of(request), timezone.now()
        if asked["sku"] is None:
            mapping.unlink(listing=listing, actor=actor, now=now)
        else:
            mapping.link(listing=listing, sku=asked["sku"], actor=actor, now=now)
        return Response(self.get_serializer(self.get_object()).data)


@extend_schema_view(list=extend_schema(summary="List orders"), retrieve=extend_schema(summary="Read an order"))
class OrderViews(ReadViews[Order]):
    """Orders as channels last told them, and what of them is booked. No buyer's data."""

    read_scope = "orders:read"
    queryset = (
        Order.objects.select_related("channel")
        .defer("channel__credentials", "channel__options", "payload")
        .prefetch_related(Prefetch("lines", OrderLine.objects.select_related("sku")))
    )
    serializer_class = OrderSerializer
    filterset_class = OrderFilter


@extend_schema_view(
    list=extend_schema(summary="List what came in"),
    retrieve=extend_schema(summary="Read what came in", responses={200: InboundDetailSerializer}),
)
class InboxViews(ReadViews[InboundEvent]):
    """The inbox: webhooks as they arrived. Only the single event shows its body."""

    read_scope = "channels:read"
    queryset = InboundEvent.objects.select_related("channel").defer(
        "channel__credentials", "channel__options", "headers"
    )
    serializer_class = InboundSerializer
    filterset_class = EventFilter

    def get_queryset(self) -> QuerySet[InboundEvent]:
        rows = super().get_queryset()
        return rows.defer("body") if self.action == "list" else rows

    def get_serializer_class(self) -> type[BaseSerializer[InboundEvent]]:
        return InboundSerializer if self.action == "list" else InboundDetailSerializer


@extend_schema_view(list=extend_schema(summary="List pushes"), retrieve=extend_schema(summary="Read a push"))
class PushViews(ReadViews[Push]):
    """Changes of quantity sent to channels: intended, sent, settled."""

    read_scope = "channels:read"
    queryset = Push.objects.select_related("channel", "listing__sku").defer("channel__credentials", "channel__options")
    serializer_class = PushSerializer
    filterset_class = PushFilter
