"""Channels: connected, changed, asked to read and to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import ProblemError
from api.fields import Options, Secrets
from api.filters import ChannelFilter, ImportFilter, refuse_parameters
from api.serializers.batches import MappingRunSerializer
from api.serializers.channels import (
    ChannelChange,
    ChannelSerializer,
    ChannelsResume,
    ChannelsStop,
    ConnectedSerializer,
    ConnectionReportSerializer,
    ConnectRequest,
    DueSerializer,
    GoLiveRequest,
    ImportSerializer,
    LocationsSerializer,
    MirrorRequest,
    OpenedSerializer,
    OpeningRequest,
    OpeningsSerializer,
    PlatformsSerializer,
    PreviewSerializer,
    ReconnectRequest,
    TryRequest,
)
from api.serializers.inventory import WarehouseSerializer
from api.views.base import ApiView, ReadViews, actor_of
from channels import (
    asking,
    breaker,
    catalog,
    connect,
    connection,
    emergency,
    ingress,
    mapping_runs,
    mirror,
    modes,
    opening,
    preferences,
    tasks,
)
from channels.contract import Capabilities, ChannelError, ConnectionReport
from channels.models import CatalogImport, Channel, ChannelWarehouse
from channels.registry import PLATFORMS, capabilities_of

ANSWERS_WITHIN = 1.0  # seconds that a request works on a run before it leaves the rest to the worker


class PlatformsView(ApiView[Channel]):
    """What can be connected."""

    read_scope = "channels:read"
    serializer_class = PlatformsSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(summary="List platforms", responses=PlatformsSerializer, operation_id="platforms_list")
    def get(self, request: Request) -> Response:
        """The platforms that stores can be connected of, and what connecting asks for."""
        refuse_parameters(request, ())
        shown = [_asked_by(platform.capabilities) for platform in PLATFORMS.values()]
        return Response(PlatformsSerializer({"platforms": shown}).data)


def _asked_by(capabilities: Capabilities) -> dict[str, Any]:
    choices = {field.name: [code for code, _label in field.choices] for field in capabilities.credentials}
    return {
        "platform": capabilities.platform,
        "name": capabilities.name,
        "default_base_url": capabilities.default_base_url,
        "has_locations": capabilities.has_locations,
        "credentials": [
            {**asdict(field), "choices": choices[field.name]} for field in capabilities.credentials if field.for_token
        ],
        "options": [
            {**asdict(option), "choices": [code for code, _label in option.choices]} for option in capabilities.options
        ],
        "where_to_find": capabilities.where_to_find,
    }


@extend_schema_view(list=extend_schema(summary="List channels"), retrieve=extend_schema(summary="Read a channel"))
class ChannelViews(ReadViews[Channel]):
    """Connected stores. Their credentials can't be read."""

    read_scope = "channels:read"
    write_scope = "channels:write"
    calling_actions = ("create", "test", "check", "reconnect")
    refused_reads = ("preview", "opening_stock")
    # Deferred, so that credentials are not even decrypted here.
    queryset = (
        Channel.objects.defer("credentials")
        .select_related("mirror")
        .prefetch_related(Prefetch("feeds", ChannelWarehouse.objects.select_related("warehouse").order_by("priority")))
    )
    serializer_class = ChannelSerializer
    filterset_class = ChannelFilter

    @extend_schema(summary="Connect a store", request=ConnectRequest, responses={201: ConnectedSerializer})
    def create(self, request: Request) -> Response:
        """Test the credentials and keep the store as a channel that observes. Import its catalogue next."""
        asked = self.parse(request, ConnectRequest)
        feeds = asked.pop("warehouses")
        if any(feed["location"] for feed in feeds):
            words = "The store's locations are known once it is connected: leave them out, then change the channel."
            raise ValidationError({"warehouses": words})
        channel, report = connect.connect(
            **asked,
            warehouses=[feed["warehouse"] for feed in feeds],
            actor=actor_of(request),
            now=timezone.now(),
        )
        body = {"channel": self.get_queryset().get(pk=channel.pk), "report": report}
        return Response(ConnectedSerializer(body).data, status=201)

    @extend_schema(summary="Test a store", request=TryRequest, responses=ConnectionReportSerializer)
    @action(methods=["post"], detail=False, filter_backends=[])
    def test(self, request: Request) -> Response:
        """Ask the store who it is with these credentials, keeping nothing."""
        return _reported(connect.try_out(**self.parse(request, TryRequest)).report)

    @extend_schema(summary="Change a channel", request=ChannelChange, responses={200: ChannelSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """All of it or nothing. Going live is refused (409) where it would empty the channel; see its preview."""
        channel, actor, now = self._connected(), actor_of(request), timezone.now()
        asked = self.parse(request, ChannelChange)
        mode, accepts_zeros = asked.pop("mode", None), asked.pop("accept_zeros", False)
        feeds, options = asked.pop("warehouses", None), asked.pop("options", None)
        Options.check(options or {}, capabilities_of(channel).options)
        if feeds is not None:
            _check_locations(channel, feeds)
        if "name" in asked and Channel.objects.filter(name=asked["name"]).exclude(pk=channel.pk).exists():
            raise ProblemError(409, "conflict", "There is a channel of this name already.", field="name")
        with transaction.atomic():  # nothing by halves, whatever was asked for
            preferences.set_pace(channel=channel, values=asked, actor=actor, now=now)
            if options:
                preferences.set_options(channel=channel, options=options, actor=actor)
            if feeds is not None:
                modes.set_warehouses(
                    channel=channel,
                    warehouses=[feed["warehouse"] for feed in feeds],
                    locations={feed["warehouse"].pk: feed["location"] for feed in feeds},
                    actor=actor,
                    now=now,
                )
            if mode is not None:
                _refuse_emptying(channel, mode, accepts_zeros=accepts_zeros)
                modes.change_mode(channel=channel, mode=mode, actor=actor, now=now)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(summary="Preview going live", responses=PreviewSerializer)
    @action(methods=["get"], detail=True, filter_backends=[])
    def preview(self, request: Request, pk: str) -> Response:
        """What would be written if the channel went live now."""
        refuse_parameters(request, ())
        return Response(PreviewSerializer(modes.preview(self._connected())).data)

    @extend_schema(summary="Go live with a part", request=GoLiveRequest, responses=ChannelSerializer)
    @action(methods=["post"], detail=True, url_path="go-live", filter_backends=[])
    def go_live(self, request: Request, pk: str) -> Response:
        """Write to these listings and observe all others. Refused (409) where it would empty most of them."""
        channel, asked = self._connected(), self.parse(request, GoLiveRequest)
        if not asked["accept_zeros"]:
            _refuse_zeros(modes.preview(channel, among=channel.listings.filter(pk__in=asked["listings"])))
        modes.go_live_with(
            channel=channel,
            listing_ids=asked["listings"],
            chosen_by="the API",
            actor=actor_of(request),
            now=timezone.now(),
        )
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(summary="Make all missing SKUs", request=None, responses={202: MappingRunSerializer})
    @action(methods=["post"], detail=True, url_path="create-skus", filter_backends=[])
    def create_skus(self, request: Request, pk: str) -> Response:
        """Of every unmapped listing whose code is nobody's yet, in the background; mapping-runs/ tells of it."""
        run = mapping_runs.create_missing_skus(channel=self._connected(), actor=actor_of(request), now=timezone.now())
        mapping_runs.work_for(ANSWERS_WITHIN)
        return Response(MappingRunSerializer(run).data, status=202)

    @extend_schema(summary="List a store's locations", responses=LocationsSerializer)
    @action(methods=["get"], detail=True, filter_backends=[])
    def locations(self, request: Request, pk: str) -> Response:
        """The places where the store keeps quantities; none where it keeps one number for each product."""
        refuse_parameters(request, ())
        return Response(LocationsSerializer({"locations": self.get_object().locations.all()}).data)

    @extend_schema(summary="Import the catalogue", request=None, responses=ImportSerializer)
    @action(methods=["post"], detail=True, url_path="import", url_name="import", filter_backends=[])
    def start_import(self, request: Request, pk: str) -> Response:
        """Begin to read the whole catalogue, or answer with the import that is under way; poll imports/{id}/."""
        return Response(ImportSerializer(catalog.start_import(channel=self._connected(), now=timezone.now())).data)

    @extend_schema(summary="Poll the orders", request=None, responses={204: None})
    @action(methods=["post"], detail=True, filter_backends=[])
    def poll(self, request: Request, pk: str) -> Response:
        """Have the orders that changed read now instead of with the next poll."""
        asking.poll_soon(channel=self._connected(), now=timezone.now())
        return Response(status=204)

    @extend_schema(summary="Publish all quantities", request=None, responses=DueSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def publish(self, request: Request, pk: str) -> Response:
        """Have every listing compared with its target and written where it differs, as its mode allows."""
        return Response({"due": modes.publish_all(channel=self._connected(), now=timezone.now())})

    @extend_schema(summary="Let a stopped wave out", request=None, responses=ChannelSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def allow(self, request: Request, pk: str) -> Response:
        """The changes that were too many to go out by themselves go out; waves of any size pass for 15 minutes."""
        channel, now = self._connected(), timezone.now()
        breaker.allow(channel=channel, actor=actor_of(request), now=now)
        modes.publish_all(channel=channel, now=now)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(summary="Test a channel", request=None, responses=ConnectionReportSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def check(self, request: Request, pk: str) -> Response:
        """Ask the store whether it still knows us. One that answers again goes on, and its webhooks are checked."""
        channel = self._connected()
        try:
            report = connect.check(channel=channel, now=timezone.now())
        except ChannelError as error:
            connection.note_failure(channel, error, now=timezone.now())
            raise
        tasks.check_subscriptions(channel, now=timezone.now())
        return _reported(report)

    @extend_schema(summary="Reconnect a channel", request=ReconnectRequest, responses=ConnectionReportSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def reconnect(self, request: Request, pk: str) -> Response:
        """Replace its credentials by ones that work, also after it was disconnected; what waited goes on."""
        channel: Channel = self.get_object()
        given = self.parse(request, ReconnectRequest)["credentials"]
        asked = [field for field in capabilities_of(channel).credentials if field.for_token]
        kept = {
            field.name: channel.credentials[field.name]
            for field in asked
            if channel.credentials.get(field.name) and not field.is_asked_again
        }
        Secrets.check(given, asked, kept=kept)
        report = connect.reconnect(
            channel=channel, credentials={**kept, **given}, actor=actor_of(request), now=timezone.now()
        )
        ingress.forget()
        return _reported(report)

    @extend_schema(summary="Disconnect a channel", request=None, responses=ChannelSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def disconnect(self, request: Request, pk: str) -> Response:
        """Stop all calls and forget the credentials; listings, orders and history stay."""
        connect.disconnect(channel=self._connected(), actor=actor_of(request), now=timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(methods=["get"], summary="Preview opening stock", responses=OpeningsSerializer)
    @extend_schema(methods=["post"], summary="Take opening stock", request=OpeningRequest, responses=OpenedSerializer)
    @action(methods=["get", "post"], detail=True, url_path="opening-stock", filter_backends=[])
    def opening_stock(self, request: Request, pk: str) -> Response:
        """The quantities that the store shows, for SKUs that have no stock yet. POST counts them into a warehouse."""
        channel = self._connected()
        if request.method == "GET":
            refuse_parameters(request, ())
            return Response(OpeningsSerializer({"openings": opening.openings(channel)}).data)
        warehouse = self.parse(request, OpeningRequest)["warehouse"]
        if warehouse is not None and not channel.feeds.filter(warehouse=warehouse).exists():
            raise ValidationError({"warehouse": "Choose a warehouse that the channel sells from."})
        if warehouse is None and any(each.warehouse is None for each in opening.openings(channel)):
            raise ValidationError({"warehouse": "Say where the units are counted: a warehouse of the channel."})
        batch = opening.take(channel=channel, warehouse=warehouse, actor=actor_of(request), now=timezone.now())
        return Response(OpenedSerializer({"pk": batch.pk, "counts": batch.counts.count()}).data)

    @extend_schema(summary="Show the platform's own stock", request=MirrorRequest, responses={201: WarehouseSerializer})
    @action(methods=["post"], detail=True, filter_backends=[])
    def mirror(self, request: Request, pk: str) -> Response:
        """Show what the platform holds for us as a new warehouse that nobody changes here."""
        channel, code = self._connected(), self.parse(request, MirrorRequest)["code"]
        if not capabilities_of(channel).holds_stock:
            raise ProblemError(409, "conflict", f"{capabilities_of(channel).name} holds no stock for its merchants.")
        if channel.mirror is not None:
            raise ProblemError(409, "conflict", f"{channel.mirror.code} shows it already.")
        made = mirror.start(channel=channel, code=code, actor=actor_of(request), now=timezone.now())
        return Response(WarehouseSerializer(made).data, status=201)

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

    def _connected(self) -> Channel:
        channel: Channel = self.get_object()
        if channel.disconnected_at is not None:
            raise ProblemError(409, "disconnected", "The channel is disconnected: reconnect it first.")
        return channel


@extend_schema_view(list=extend_schema(summary="List imports"), retrieve=extend_schema(summary="Read an import"))
class ImportViews(ReadViews[CatalogImport]):
    """Full reads of stores' catalogues: how far each is."""

    read_scope = "channels:read"
    queryset = CatalogImport.objects.select_related("channel").defer("channel__credentials")
    serializer_class = ImportSerializer
    filterset_class = ImportFilter


def _reported(report: ConnectionReport) -> Response:
    return Response(ConnectionReportSerializer(report).data)


def _check_locations(channel: Channel, feeds: list[dict[str, Any]]) -> None:
    """Raise ValidationError unless each warehouse stands for a location, where the store has any."""
    places = {place.ref: place.name for place in channel.locations.all()}
    for feed in feeds:
        if feed["location"] and feed["location"] not in places:
            raise ValidationError({"warehouses": f"The store has no location {feed['location']}; see locations/."})
        if places and not feed["location"]:
            words = f"Say which location {feed['warehouse'].code} stands for: {', '.join(places)}."
            raise ValidationError({"warehouses": words})


def _refuse_emptying(channel: Channel, mode: str, *, accepts_zeros: bool) -> None:
    """Raise ProblemError, 409, where going live would take most of the channel off sale and nobody said so."""
    if mode != Channel.Mode.LIVE or channel.mode == mode or accepts_zeros:
        return
    _refuse_zeros(modes.preview(channel))


def _refuse_zeros(preview: modes.Preview) -> None:
    if preview.empties:
        raise ProblemError(
            409,
            "would-empty",
            f"Going live would take {preview.to_zero} of {preview.known} listings to zero. Look at preview/; "
            "send accept_zeros: true if that is meant.",
            field="accept_zeros",
        )
