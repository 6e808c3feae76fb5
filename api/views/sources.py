"""Stock sources: connected, mapped, read; what they told, and what a person decides about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from api.errors import ProblemError
from api.fields import Options, Secrets
from api.filters import refuse_parameters
from api.serializers.sources import (
    ConnectedSourceSerializer,
    ConnectSourceRequest,
    EventsSecretSerializer,
    FileRequest,
    KindsSerializer,
    LocationsRequest,
    ReconnectSourceRequest,
    SourceChange,
    SourceEventSerializer,
    SourceLocationsSerializer,
    SourcePullDetailSerializer,
    SourcePullSerializer,
    SourceReportSerializer,
    SourceSerializer,
    SourceStockSerializer,
    TrySourceRequest,
)
from api.source_filters import PullFilter, ReadingFilter, SourceEventFilter, SourceFilter
from api.views.base import ApiView, ReadViews, actor_of
from inventory.models import Warehouse
from inventory.sources import comparing, connecting, events, lane, mapping, pulls
from inventory.sources.contract import Capabilities, SourceError
from inventory.sources.csv_files import files
from inventory.sources.models import Pull, Reading, Source, SourceEvent, SourceLocation
from inventory.sources.registry import KINDS, capabilities_of


class SourceKindsView(ApiView[Source]):
    """What can be connected."""

    read_scope = "sources:read"
    serializer_class = KindsSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(summary="List kinds of sources", responses=KindsSerializer, operation_id="source_kinds_list")
    def get(self, request: Request) -> Response:
        """The systems that stock can come from, and what connecting asks for."""
        refuse_parameters(request, ())
        shown = [_asked_by(kind.capabilities) for kind in KINDS.values()]
        return Response(KindsSerializer({"kinds": shown}).data)


_SHOWN = ("kind", "name", "about", "default_base_url", "pulls", "steps")


def _asked_by(capabilities: Capabilities) -> dict[str, Any]:
    return {
        **{
            name: getattr(capabilities, name)
            for name in ("kind", "name", "about", "default_base_url", "pulls", "steps")
        },
        "credentials": [{**asdict(field), "choices": []} for field in capabilities.credentials],
        "options": [
            {**asdict(option), "choices": [code for code, _label in option.choices]} for option in capabilities.options
        ],
    }


@extend_schema_view(list=extend_schema(summary="List sources"), retrieve=extend_schema(summary="Read a source"))
class SourceViews(ReadViews[Source]):
    """Systems that know what lies in some of our warehouses. Their credentials can't be read."""

    read_scope = "sources:read"
    write_scope = "sources:write"
    calling_actions = ("create", "test", "check", "reconnect")
    queryset = Source.objects.defer("credentials").prefetch_related(
        Prefetch("locations", SourceLocation.objects.select_related("warehouse"))
    )
    serializer_class = SourceSerializer
    filterset_class = SourceFilter

    @extend_schema(summary="Connect a source", request=ConnectSourceRequest, responses={201: ConnectedSourceSerializer})
    def create(self, request: Request) -> Response:
        """Test it and keep it. Nothing of its stock is read before its places are mapped."""
        source, report = connecting.connect(
            **self.parse(request, ConnectSourceRequest), actor=actor_of(request), now=timezone.now()
        )
        secret = source.credentials.get("events_secret") if capabilities_of(source).signs_with_ours else None
        body = {"source": self.get_queryset().get(pk=source.pk), "report": report, "events_secret": secret}
        return Response(ConnectedSourceSerializer(body).data, status=201)

    @extend_schema(summary="Test a source", request=TrySourceRequest, responses=SourceReportSerializer)
    @action(methods=["post"], detail=False, filter_backends=[])
    def test(self, request: Request) -> Response:
        """Ask who is there with these credentials, keeping nothing."""
        report, _connection, _locations = connecting.test(**self.parse(request, TrySourceRequest))
        return Response(SourceReportSerializer(report).data)

    @extend_schema(summary="Change a source", request=SourceChange, responses={200: SourceSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        source, asked = self._connected(), self.parse(request, SourceChange)
        if "options" in asked:
            Options.check(asked["options"], capabilities_of(source).options)
            asked["options"] = {**source.options, **asked["options"]}
        connecting.change(source, actor=actor_of(request), now=timezone.now(), **asked)
        return self._shown()

    @extend_schema(methods=["get"], summary="List a source's places", responses=SourceLocationsSerializer)
    @extend_schema(
        methods=["put"],
        summary="Map a source's places",
        request=LocationsRequest,
        responses=SourceLocationsSerializer,
    )
    @action(methods=["get", "put"], detail=True, filter_backends=[])
    def locations(self, request: Request, pk: str) -> Response:
        """Which of its places is which warehouse. Once one is mapped, its stock is read."""
        if request.method == "PUT":
            source = self._connected()
            self._map(source, self.parse(request, LocationsRequest)["locations"], actor=actor_of(request))
        else:
            refuse_parameters(request, ())
        rows = SourceLocation.objects.filter(source=self.get_object()).select_related("warehouse")
        return Response(SourceLocationsSerializer({"locations": rows}).data)

    def _map(self, source: Source, items: list[dict[str, Any]], *, actor: str) -> None:
        known = set(source.locations.values_list("ref", flat=True))
        wanted: dict[str, Warehouse | str | None] = {}
        for place, item in enumerate(items):
            if item["ref"] not in known:
                raise ValidationError({f"locations[{place}].ref": f"It has no place {item['ref']}."})
            wanted[item["ref"]] = mapping.IGNORED if item["is_ignored"] else item["warehouse"]
        mapping.set_locations(source, wanted, actor=actor)
        if source.locations.exclude(warehouse=None).exists():
            Source.objects.filter(pk=source.pk).update(next_pull_at=timezone.now())
            lane.wake(source)

    @extend_schema(summary="Read a source's stock now", request=None, responses={202: SourceSerializer})
    @action(methods=["post"], detail=True, filter_backends=[])
    def read(self, request: Request, pk: str) -> Response:
        """A reading begins, unless one is under way; source-pulls/ tells how far it is. 409 before it is mapped."""
        source, now = self._connected(), timezone.now()
        if not capabilities_of(source).pulls:
            Source.objects.filter(pk=source.pk).update(next_pull_at=now)  # the drop folder is looked at
        elif not mapping.deciding(source):
            raise ProblemError(409, "conflict", "First say which of its places is which warehouse: locations/.")
        else:
            connecting.read_now(source, actor=actor_of(request), now=now)
        lane.wake(source)
        return Response(SourceSerializer(self.get_object()).data, status=202)

    @extend_schema(summary="Test a connected source", request=None, responses=SourceReportSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def check(self, request: Request, pk: str) -> Response:
        """Ask whether it still answers, and what places it has. One that answers again goes on."""
        source = self._connected()
        try:
            report = connecting.check(source, now=timezone.now())
        except SourceError as error:
            pulls.note_failure(source, error, now=timezone.now())
            raise
        return Response(SourceReportSerializer(report).data)

    @extend_schema(summary="Reconnect a source", request=ReconnectSourceRequest, responses=SourceReportSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def reconnect(self, request: Request, pk: str) -> Response:
        """Replace its credentials or address by ones that work, also after it was disconnected."""
        source: Source = self.get_object()
        capabilities, asked = capabilities_of(source), self.parse(request, ReconnectSourceRequest)
        if not capabilities.pulls:
            raise ProblemError(409, "conflict", "This source is given files: there is nothing to reconnect.")
        once = [field.name for field in capabilities.credentials if not field.is_kept]
        Secrets.check(asked["credentials"], capabilities.credentials, kept=[*source.credentials, *once])
        report = connecting.reconnect(source, **asked, actor=actor_of(request), now=timezone.now())
        lane.wake(source)
        return Response(SourceReportSerializer(report).data)

    @extend_schema(summary="Make a new events secret", request=None, responses=EventsSecretSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def secret(self, request: Request, pk: str) -> Response:
        """Its events are to be signed with it from now on; shown this once. The old one is accepted for a day."""
        source = self._connected()
        if not capabilities_of(source).signs_with_ours:
            raise ProblemError(409, "conflict", "Its events are not signed with a secret of ours.")
        renewed = connecting.renew_secret(source, actor=actor_of(request), now=timezone.now())
        return Response({"events_secret": renewed.credentials["events_secret"]})

    @extend_schema(summary="End older events secrets", request=None, responses={204: None})
    @action(methods=["post"], detail=True, url_path="end-old-secret", filter_backends=[])
    def end_old_secret(self, request: Request, pk: str) -> Response:
        """Accept no event any more that is signed with another secret than the newest."""
        connecting.end_old_secret(self._connected(), actor=actor_of(request))
        return Response(status=204)

    @extend_schema(summary="Disconnect a source", request=None, responses=SourceSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def disconnect(self, request: Request, pk: str) -> Response:
        """Stop all calls, forget the credentials and give back what was held for it; its history stays."""
        connecting.disconnect(self._connected(), actor=actor_of(request), now=timezone.now())
        return self._shown()

    @extend_schema(summary="Send a file of stock", request=FileRequest, responses={201: SourcePullDetailSerializer})
    @action(methods=["post"], detail=True, filter_backends=[])
    def files(self, request: Request, pk: str) -> Response:
        """Keep the file as a reading that waits: nothing is changed before source-pulls/{id}/apply/."""
        source, asked, now = self._connected(), self.parse(request, FileRequest), timezone.now()
        if capabilities_of(source).pulls:
            raise ProblemError(409, "conflict", "This source is read over HTTP; it takes no files.")
        pull, _plan = files.stage(
            source,
            asked["content"].encode(),
            name=asked["name"],
            is_full=asked["is_full"],
            trigger=Pull.Trigger.UPLOAD,
            actor=actor_of(request),
            as_of=now,
            now=now,
        )
        return Response(SourcePullDetailSerializer(pull).data, status=201)

    def _connected(self) -> Source:
        source: Source = self.get_object()
        if source.disconnected_at is not None:
            raise ProblemError(409, "disconnected", "The source is disconnected: reconnect it first.")
        return source

    def _shown(self) -> Response:
        return Response(SourceSerializer(self.get_object()).data)


@extend_schema_view(
    list=extend_schema(summary="List readings of sources"),
    retrieve=extend_schema(summary="Read a reading", responses=SourcePullDetailSerializer),
)
class SourcePullViews(ReadViews[Pull]):
    """Each time a source's stock was read. Only the single one shows its problems and differences."""

    read_scope = "sources:read"
    write_scope = "sources:write"
    queryset = Pull.objects.select_related("source").defer("source__credentials")
    serializer_class = SourcePullSerializer
    filterset_class = PullFilter

    def get_serializer_class(self) -> type[BaseSerializer[Pull]]:
        return SourcePullSerializer if self.action == "list" else SourcePullDetailSerializer

    @extend_schema(summary="Apply a reading", request=None, responses=SourcePullDetailSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def apply(self, request: Request, pk: str) -> Response:
        """Have a reading that waits done, within moments; poll it. 409 when it does not wait."""
        return self._decide(request, is_wanted=True)

    @extend_schema(summary="Discard a reading", request=None, responses=SourcePullDetailSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def discard(self, request: Request, pk: str) -> Response:
        """Change nothing. 409 when it does not wait."""
        return self._decide(request, is_wanted=False)

    def _decide(self, request: Request, *, is_wanted: bool) -> Response:
        pull: Pull = self.get_object()
        if pull.source.disconnected_at is not None:
            raise ProblemError(409, "disconnected", "The source is disconnected: reconnect it first.")
        if not pulls.decide(pull, apply=is_wanted, actor=actor_of(request), now=timezone.now()):
            raise ProblemError(409, "conflict", "It does not wait; nothing was changed.")
        lane.wake(pull.source)
        return Response(SourcePullDetailSerializer(self.get_object()).data)


@extend_schema_view(
    list=extend_schema(summary="List what sources say"), retrieve=extend_schema(summary="Read what a source says")
)
class SourceStockViews(ReadViews[Reading]):
    """The last word of each source on each SKU and warehouse, beside what the ledger had at that moment."""

    read_scope = "sources:read"
    write_scope = "sources:write"
    queryset = (
        Reading.objects.filter(sku__merged_into=None)  # those of merged SKUs are part of the others
        .select_related("source", "sku", "warehouse")
        .defer("source__credentials")
    )
    serializer_class = SourceStockSerializer
    filterset_class = ReadingFilter

    @extend_schema(summary="Follow a source", request=None, responses=SourceStockSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def accept(self, request: Request, pk: str) -> Response:
        """Set on hand to what it says, as of its reading: what has moved since stays moved."""
        reading: Reading = self.get_object()
        if reading.source.disconnected_at is not None:
            raise ProblemError(409, "disconnected", "The source is disconnected: reconnect it first.")
        reason = _("%(source)s was followed after review.") % {"source": reading.source.name}
        comparing.accept(reading, actor=actor_of(request), now=timezone.now(), reason=reason)
        return Response(SourceStockSerializer(self.get_object()).data)


@extend_schema_view(
    list=extend_schema(summary="List events of sources"), retrieve=extend_schema(summary="Read a source's event")
)
class SourceEventViews(ReadViews[SourceEvent]):
    """Events that sources sent, as they were taken."""

    read_scope = "sources:read"
    write_scope = "sources:write"
    queryset = SourceEvent.objects.select_related("source").defer("source__credentials", "body")
    serializer_class = SourceEventSerializer
    filterset_class = SourceEventFilter

    @extend_schema(summary="Work on an event again", request=None, responses=SourceEventSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def again(self, request: Request, pk: str) -> Response:
        """What counted already does not count twice."""
        event: SourceEvent = self.get_object()
        if events.try_again(event):
            lane.wake(event.source)
        return Response(SourceEventSerializer(self.get_object()).data)
