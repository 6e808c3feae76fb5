"""Events, who is told of them, and REST hooks for automation tools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from api.errors import ProblemError
from api.filters import DeliveryFilter, EndpointFilter, refuse_parameters
from api.models import ApiToken, Attempt, Delivery, Endpoint, Event
from api.permissions import ANY
from api.serializers.webhooks import (
    DeliveryDetailSerializer,
    DeliverySerializer,
    EndpointRequest,
    EndpointSerializer,
    EventSerializer,
    HookRequest,
    HookSerializer,
    MeSerializer,
    NewEndpointSerializer,
    ReplaySerializer,
)
from api.views.base import ApiView, ReadViews, actor_of
from api.webhooks import endpoints, outbox, testing
from api.webhooks.bodies import shown
from api.webhooks.endpoints import RefusedEndpoint
from api.webhooks.kinds import KINDS, TEST
from api.webhooks.samples import samples_of

EVENTS_AT_ONCE = 100
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def may_hear_of(request: Request, kinds: Iterable[str]) -> None:
    """Raise ProblemError, 403, unless the token may read what events of these kinds tell."""
    held = cast(ApiToken, request.auth).scopes
    for code in kinds:
        scope = KINDS[code].scope
        if scope not in held:
            raise ProblemError(
                403,
                "missing-scope",
                f"To be told of {code} a token needs the scope {scope} too.",
                extra={"scope": scope},
            )


def _readable(request: Request) -> list[str]:
    held = cast(ApiToken, request.auth).scopes
    return [kind.code for kind in KINDS.values() if kind.scope in held]


def _refused(error: RefusedEndpoint, **names: str) -> ValidationError:
    field = names.get(error.field, error.field) or "non_field_errors"
    return ValidationError({field: str(error)})


class MeView(ApiView[ApiToken]):
    """Who calls."""

    read_scope = ANY
    serializer_class = MeSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(summary="Read who calls", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """A test of the connection for scripts and tools: whose token it is, and what it may do."""
        refuse_parameters(request, ())
        token = cast(ApiToken, request.auth)
        host = settings.PUBLIC_URL.partition("://")[2]
        body = {
            "label": f"{token.user.get_username()} at {host}",
            "username": token.user.get_username(),
            "token_name": token.name,
            "scopes": token.scopes,
            "installation": settings.PUBLIC_URL,
        }
        return Response(MeSerializer(body).data)


class EventsView(ApiView[Event]):
    """What happened, for tools that ask instead of being told."""

    read_scope = "webhooks:read"
    serializer_class = EventSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(
        summary="List events",
        responses=EventSerializer(many=True),
        parameters=[
            OpenApiParameter("type", {"type": "string", "enum": list(KINDS)}, description="Events of this kind only."),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": EVENTS_AT_ONCE},
                description="How many; 50 unless given.",
            ),
            OpenApiParameter(
                "before",
                {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1},
                description="Events of a smaller version: the next page.",
            ),
        ],
    )
    def get(self, request: Request) -> Response:
        """A bare array, newest first, of the last 30 days; only kinds that the token may read. Each has a stable id."""
        refuse_parameters(request, ("type", "limit", "before"))
        asked = request.query_params
        kinds = _readable(request)
        if "type" in asked:
            if asked["type"] not in KINDS:
                raise ValidationError({"type": f"There is no such event. There are: {', '.join(KINDS)}."})
            may_hear_of(request, [asked["type"]])
            kinds = [asked["type"]]
        rows = Event.objects.filter(kind__in=kinds).order_by("-pk")
        if "before" in asked:
            rows = rows.filter(pk__lt=_number(asked["before"], "before", 2**63 - 1))
        limit = _number(asked["limit"], "limit", EVENTS_AT_ONCE) if "limit" in asked else 50
        return Response([shown(event) for event in rows[:limit]])


def _number(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and 1 <= int(text) <= most):
        raise ValidationError({name: f"Send a whole number from 1 to {most}."})
    return int(text)


@extend_schema_view(
    list=extend_schema(summary="List webhook endpoints"), retrieve=extend_schema(summary="Read a webhook endpoint")
)
class EndpointViews(ReadViews[Endpoint]):
    """Addresses that are told of events, by Standard Webhooks."""

    read_scope = "webhooks:read"
    write_scope = "webhooks:write"
    queryset = Endpoint.objects.existing()
    serializer_class = EndpointSerializer
    filterset_class = EndpointFilter
    lookup_field = "uuid"
    lookup_value_regex = _UUID

    @extend_schema(summary="Make a webhook endpoint", request=EndpointRequest, responses={201: NewEndpointSerializer})
    def create(self, request: Request) -> Response:
        """The answer holds the secret that signs its events; no other answer does."""
        asked = self.parse(request, EndpointRequest)
        may_hear_of(request, asked["kinds"])
        try:
            made = endpoints.make(
                **asked, owner=cast(AbstractUser, request.user), actor=actor_of(request), now=timezone.now()
            )
        except RefusedEndpoint as error:
            raise _refused(error) from error
        return Response(NewEndpointSerializer(made).data, status=201)

    @extend_schema(summary="Change a webhook endpoint", request=EndpointRequest, responses=EndpointSerializer)
    def partial_update(self, request: Request, uuid: str) -> Response:
        endpoint = self.get_object()
        asked = self.parse(request, EndpointRequest, partial=True)
        may_hear_of(request, asked.get("kinds", ()))
        try:
            endpoint = endpoints.change(endpoint=endpoint, actor=actor_of(request), **asked)
        except RefusedEndpoint as error:
            raise _refused(error) from error
        return Response(EndpointSerializer(endpoint).data)

    @extend_schema(summary="Remove a webhook endpoint", responses={204: None})
    def destroy(self, request: Request, uuid: str) -> Response:
        """It is told of nothing any more. Also 204 when it is gone already."""
        _remove(request, uuid)
        return Response(status=204)

    @extend_schema(summary="Make a new secret", request=None, responses=NewEndpointSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def rotate(self, request: Request, uuid: str) -> Response:
        """For 24 hours every event is signed with the old secret too."""
        rotated = endpoints.rotate(endpoint=self.get_object(), actor=actor_of(request), now=timezone.now())
        return Response(NewEndpointSerializer(rotated).data)

    @extend_schema(summary="Send a test", request=None, responses=DeliveryDetailSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def test(self, request: Request, uuid: str) -> Response:
        """Send a webhook.test event now, once, and answer with what came of it."""
        return Response(DeliveryDetailSerializer(testing.send(self.get_object())).data)

    @extend_schema(summary="Switch an endpoint off", request=None, responses=EndpointSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def disable(self, request: Request, uuid: str) -> Response:
        """Send nothing more; what waits is cancelled and can be replayed. A repeat changes nothing."""
        done = endpoints.switch_off(endpoint=self.get_object(), actor=actor_of(request), now=timezone.now())
        return Response(EndpointSerializer(done).data)

    @extend_schema(summary="Switch an endpoint on", request=None, responses=EndpointSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def enable(self, request: Request, uuid: str) -> Response:
        """Send events again from now on. A repeat changes nothing."""
        done = endpoints.switch_on(endpoint=self.get_object(), actor=actor_of(request))
        return Response(EndpointSerializer(done).data)

    @extend_schema(summary="Replay what was missed", request=None, responses=ReplaySerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def replay(self, request: Request, uuid: str) -> Response:
        """Send again all that was given up or cancelled. 0 while the endpoint is off."""
        missed = Delivery.objects.filter(endpoint=self.get_object(), state__in=["failed", "cancelled"])
        count = endpoints.replay(deliveries=missed.exclude(event__kind=TEST), now=timezone.now())
        outbox.wake()
        return Response({"replayed": count})


def _remove(request: Request, uuid: str | UUID) -> None:
    endpoint = Endpoint.objects.existing().filter(uuid=uuid).first()
    if endpoint is not None:
        endpoints.remove(endpoint=endpoint, actor=actor_of(request), now=timezone.now())


@extend_schema_view(
    list=extend_schema(summary="List deliveries"),
    retrieve=extend_schema(summary="Read a delivery", responses=DeliveryDetailSerializer),
)
class DeliveryViews(ReadViews[Delivery]):
    """The log: one row per event and endpoint. Only the single delivery shows its attempts."""

    read_scope = "webhooks:read"
    write_scope = "webhooks:write"
    queryset = Delivery.objects.select_related("event", "endpoint").prefetch_related(
        Prefetch("attempts", Attempt.objects.order_by("-pk"))
    )
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter

    def get_queryset(self) -> QuerySet[Delivery]:
        """Leave out events that the token may not read."""
        rows = super().get_queryset()
        if not isinstance(self.request.auth, ApiToken):  # the schema is drawn for nobody
            return rows
        return rows.filter(event__kind__in=[*_readable(self.request), TEST])

    def get_serializer_class(self) -> type[BaseSerializer[Delivery]]:
        return DeliverySerializer if self.action == "list" else DeliveryDetailSerializer

    @extend_schema(summary="Replay a delivery", request=None, responses=ReplaySerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def replay(self, request: Request, pk: str) -> Response:
        """Send it again with the same id. 0 while it is still due, and when its endpoint is off."""
        one = Delivery.objects.filter(pk=self.get_object().pk).exclude(event__kind=TEST)
        count = endpoints.replay(deliveries=one, now=timezone.now())
        outbox.wake()
        return Response({"replayed": count})


class HookViews(ApiView[Endpoint], GenericViewSet[Endpoint]):
    """REST hooks: what Zapier, Make and their like subscribe with."""

    read_scope = "webhooks:read"
    write_scope = "webhooks:write"
    queryset = Endpoint.objects.existing().filter(origin=Endpoint.Origin.HOOK)
    serializer_class = HookSerializer
    filter_backends = []
    pagination_class = None
    lookup_field = "uuid"
    lookup_value_regex = _UUID

    @extend_schema(summary="Subscribe to an event", request=HookRequest, responses={201: HookSerializer})
    def create(self, request: Request) -> Response:
        """Have events of one kind sent to ``target_url``. Keep the id: DELETE takes it."""
        asked = self.parse(request, HookRequest)
        may_hear_of(request, [asked["event"]])
        try:
            made = endpoints.make(
                url=asked["target_url"],
                kinds=[asked["event"]],
                name=f"Hook of {cast(ApiToken, request.auth).name or 'a tool'}"[:100],
                origin=Endpoint.Origin.HOOK,
                owner=cast(AbstractUser, request.user),
                actor=actor_of(request),
                now=timezone.now(),
            )
        except RefusedEndpoint as error:
            raise _refused(error, url="target_url", kinds="event") from error
        body = {"id": made.uuid, "target_url": made.url, "event": asked["event"], "secret": made.secret}
        return Response(HookSerializer(body).data, status=201)

    @extend_schema(summary="Unsubscribe", responses={204: None})
    def destroy(self, request: Request, uuid: str) -> Response:
        """Also 204 when it is gone already."""
        _remove(request, uuid)
        return Response(status=204)

    @extend_schema(
        summary="Read samples of an event",
        responses=EventSerializer(many=True),
        parameters=[
            OpenApiParameter(
                "event", {"type": "string", "enum": list(KINDS)}, required=True, description="The kind of event."
            )
        ],
    )
    @action(methods=["get"], detail=False)
    def samples(self, request: Request) -> Response:
        """A bare array: the last three events of the kind, or a made-up one where none has happened yet."""
        refuse_parameters(request, ("event",))
        kind = request.query_params.get("event", "")
        if kind not in KINDS:
            raise ValidationError({"event": f"Name an event. There are: {', '.join(KINDS)}."})
        may_hear_of(request, [kind])
        return Response(samples_of(kind))
