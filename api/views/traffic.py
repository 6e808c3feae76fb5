"""What came in and went out of channels: orders, the inbox, pushes."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from api.errors import ProblemError
from api.filters import EventFilter, OrderFilter, PushFilter
from api.serializers.retries import RetryResults, results_of
from api.serializers.traffic import (
    FetchRequest,
    InboundDetailSerializer,
    InboundSerializer,
    OrderSerializer,
    PushSerializer,
    ReplayedSerializer,
    ReplayRequest,
)
from api.views.base import ReadViews
from channels import asking, connection, inbox
from channels.contract import ChannelError
from channels.models import InboundEvent, Order, OrderLine, Push


@extend_schema_view(list=extend_schema(summary="List orders"), retrieve=extend_schema(summary="Read an order"))
class OrderViews(ReadViews[Order]):
    """Orders as channels last told them, and what of them is booked. No buyer's data."""

    read_scope = "orders:read"
    write_scope = "channels:write"
    calling_actions = ("fetch",)
    queryset = (
        Order.objects.select_related("channel")
        .defer("channel__credentials", "channel__options", "payload")
        .prefetch_related(Prefetch("lines", OrderLine.objects.select_related("sku")))
    )
    serializer_class = OrderSerializer
    filterset_class = OrderFilter

    @extend_schema(summary="Fetch an order again", request=None, responses=OrderSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def fetch(self, request: Request, pk: str) -> Response:
        """Ask the store for it now and book what differs."""
        order: Order = self.get_object()
        if order.channel.disconnected_at is not None:
            raise ProblemError(409, "disconnected", "The channel is disconnected: reconnect it first.")
        try:
            asking.fetch_order(order=order, now=timezone.now())
        except ChannelError as error:
            connection.note_failure(order.channel, error, now=timezone.now())
            raise
        return Response(OrderSerializer(self.get_object()).data)

    @extend_schema(
        summary="Fetch many orders again",
        request=FetchRequest,
        responses=RetryResults,
        operation_id="orders_fetch_many",
    )
    @action(methods=["post"], detail=False, url_path="fetch", url_name="fetch-many", filter_backends=[])
    def fetch_many(self, request: Request) -> Response:
        """Ask the stores for them now and book what differs. results says what each still waits for."""
        asked = self.parse(request, FetchRequest)["orders"]
        there = Order.objects.select_related("channel").filter(pk__in=asked, channel__disconnected_at=None)
        told = asking.retry_orders(list(there.order_by("pk")), now=timezone.now())
        results = results_of(asked, told, refused="No order of a connected channel has this id.")
        return Response(RetryResults({"results": results}).data)


@extend_schema_view(
    list=extend_schema(summary="List what came in"),
    retrieve=extend_schema(summary="Read what came in", responses={200: InboundDetailSerializer}),
)
class InboxViews(ReadViews[InboundEvent]):
    """The inbox: webhooks as they arrived. Only the single event shows its body."""

    read_scope = "channels:read"
    write_scope = "channels:write"
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

    @extend_schema(summary="Work on an event again", request=None, responses=InboundDetailSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def replay(self, request: Request, pk: str) -> Response:
        """Harmless, since only differences are booked."""
        inbox.replay(self.get_object(), now=timezone.now())
        return Response(InboundDetailSerializer(self.get_object()).data)

    @extend_schema(
        summary="Work on failed events again",
        request=ReplayRequest,
        responses=ReplayedSerializer,
        operation_id="inbox_replay_failed",
    )
    @action(methods=["post"], detail=False, url_path="replay", url_name="replay-failed", filter_backends=[])
    def replay_failed(self, request: Request) -> Response:
        """All of them, or those of a channel or topic; with events just those, whatever became of them."""
        asked, now = self.parse(request, ReplayRequest), timezone.now()
        if "events" in asked:
            there = InboundEvent.objects.filter(pk__in=asked["events"])
            told = dict.fromkeys(there.values_list("pk", flat=True), "")
            results = results_of(asked["events"], told, refused="There is no event of this id.")
            return Response({"replayed": inbox.replay_all(there, now=now), "results": results})
        failed = InboundEvent.objects.filter(state=InboundEvent.State.FAILED)
        if "channel" in asked:
            failed = failed.filter(channel_id=asked["channel"])
        if "topic" in asked:
            failed = failed.filter(topic=asked["topic"])
        return Response({"replayed": inbox.replay_all(failed, now=now), "results": []})


@extend_schema_view(list=extend_schema(summary="List pushes"), retrieve=extend_schema(summary="Read a push"))
class PushViews(ReadViews[Push]):
    """Changes of quantity sent to channels: intended, sent, settled. A refused one parks its listing; retry that."""

    read_scope = "channels:read"
    queryset = Push.objects.select_related("channel", "listing__sku").defer("channel__credentials", "channel__options")
    serializer_class = PushSerializer
    filterset_class = PushFilter
