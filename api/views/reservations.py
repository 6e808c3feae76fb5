"""Reservations: units promised to a cause of the caller's."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Prefetch
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api import idempotency
from api.errors import ProblemError
from api.filters import ReservationFilter
from api.serializers.reservations import BackorderRequest, EndRequest, ReservationRequest, ReservationSerializer
from api.views.base import ReadViews, actor_of
from inventory import backorders, reservations
from inventory.errors import KeyConflict
from inventory.models import Reservation, ReservationLine


@extend_schema_view(
    list=extend_schema(summary="List reservations"), retrieve=extend_schema(summary="Read a reservation")
)
class ReservationViews(ReadViews[Reservation]):
    """Units promised to orders of channels and to callers of this API."""

    read_scope = "stock:read"
    write_scope = "reservations:write"
    keyed_actions = ("create",)
    queryset = Reservation.objects.prefetch_related(
        Prefetch("lines", ReservationLine.objects.select_related("sku", "warehouse"))
    )
    serializer_class = ReservationSerializer
    filterset_class = ReservationFilter
    lookup_field = "uuid"
    lookup_value_regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

    @extend_schema(summary="Reserve units", request=ReservationRequest, responses={201: ReservationSerializer})
    def create(self, request: Request) -> Response:
        """Reserve every line, or none: 409 lists every shortage. A repeat answers the same reservation as it is now."""
        key, now = idempotency.key_of(request, endpoint="reservations"), timezone.now()
        asked = self.parse(request, ReservationRequest)
        expires_at, reference = asked["expires_at"], asked["reference"]
        # A repeat may come after the first one's time has run out; it must still get its answer.
        if expires_at is not None and expires_at <= now and not Reservation.objects.filter(key=key).exists():
            raise ValidationError({"expires_at": "This time has passed."})
        reservation = reservations.reserve(
            asked["requests"],
            key=key,
            actor=actor_of(request),
            now=now,
            reference=reference,
            expires_at=expires_at,
        )
        if reservation.reference != reference:
            raise KeyConflict(key)
        return idempotency.answer(self._shown(reservation), is_repeat=reservation.created_at != now)

    @extend_schema(summary="Release a reservation", request=EndRequest, responses={200: ReservationSerializer})
    @action(methods=["post"], detail=True, filter_backends=[])
    def release(self, request: Request, uuid: str) -> Response:
        """Give all held units back. A repeat changes nothing; 409 when it was fulfilled or has expired."""
        return self._end(request, reservations.release)

    @extend_schema(summary="Fulfil a reservation", request=EndRequest, responses={200: ReservationSerializer})
    @action(methods=["post"], detail=True, filter_backends=[])
    def fulfil(self, request: Request, uuid: str) -> Response:
        """Ship all held units: on hand and reserved both fall. A repeat changes nothing; 409 when it has ended."""
        return self._end(request, reservations.fulfil)

    @extend_schema(summary="Put lines on backorder", request=BackorderRequest, responses={200: ReservationSerializer})
    @action(methods=["post"], detail=True, filter_backends=[])
    def backorder(self, request: Request, uuid: str) -> Response:
        """Have lines wait for the next delivery, behind all others; their units stay reserved. A repeat is harmless.

        409 for a line that holds no units any more.
        """
        asked, actor, now = self.parse(request, BackorderRequest), actor_of(request), timezone.now()
        reservation: Reservation = self.get_object()
        lines = {line.pk: line for line in reservation.lines.select_related("sku", "reservation")}
        for place, pk in enumerate(asked["lines"]):
            if pk not in lines:
                raise ValidationError({f"lines[{place}]": f"This reservation has no line {pk}."})
            if asked["backordered"] and not lines[pk].reserved:
                raise ProblemError(409, "conflict", f"Line {pk} holds no units any more.", field=f"lines[{place}]")
        for pk in asked["lines"]:
            if asked["backordered"]:
                backorders.put(line=lines[pk], actor=actor, now=now)
            else:
                backorders.take_off(line=lines[pk], actor=actor)
        return Response(self._shown(reservation))

    def _end(self, request: Request, end: Callable[..., Reservation]) -> Response:
        asked = self.parse(request, EndRequest)
        reservation: Reservation = self.get_object()
        if reservation.key.startswith("order:"):
            # Booking keeps it equal to the channel's order: whatever we did here would be undone by its next event.
            raise ProblemError(
                409,
                "reservation-of-an-order",
                "This reservation belongs to an order of a channel and follows that order.",
            )
        if reservation.key.startswith("source:"):
            # What a stock source has promised to others. Fulfilled here it would take units off on hand that lie there.
            raise ProblemError(
                409, "kept-elsewhere", f"These units are held for {reservation}, which alone says when they are free."
            )
        ended = end(reservation=reservation, actor=actor_of(request), now=timezone.now(), reason=asked["reason"])
        return Response(self._shown(ended))

    def _shown(self, reservation: Reservation) -> object:
        fresh = self.get_queryset().get(pk=reservation.pk)
        return ReservationSerializer(fresh).data
