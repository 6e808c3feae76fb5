"""Runs that compare channels with the ledger, and what they found."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import ProblemError
from api.filters import refuse_parameters
from api.reconciliation_filters import FindingFilter, RunFilter
from api.serializers.reconciliation import FindingSerializer, RunRequest, RunSerializer, RunsSerializer
from api.serializers.schedule import ScheduleChange, ScheduleSerializer
from api.views.base import ApiView, ReadViews, actor_of
from channels.models import Channel, Listing
from reconciliation import runs, schedule
from reconciliation.models import Finding, Run, Schedule

_RUN = {
    "id": 41,
    "channel": {"id": 3, "uuid": "7a1f2c7e-4b0e-4f0b-9a53-0f6f6c2f8f10", "name": "North"},
    "scope": "full",
    "sku": None,
    "trigger": "request",
    "requested_by": "user:ana",
    "state": "done",
    "phase": "end",
    "percent_read": 100,
    "problem": "",
    "listings_expected": 2000,
    "listings_read": 2000,
    "unreadable": 0,
    "pages": 20,
    "calls": 31,
    "suspected": 14,
    "dismissed": 9,
    "found": 5,
    "opened": 2,
    "corrected": 2,
    "left": 1,
    "healed": 0,
    "unsettled": 0,
    "open_after": 2,
    "waiting_seconds": 8.1,
    "parsing_seconds": 0.2,
    "comparing_seconds": 0.1,
    "writing_seconds": 0.1,
    "confirming_seconds": 32.5,
    "asked_at": None,
    "decided_by": "",
    "started_at": "2026-11-21T02:30:00Z",
    "ended_at": "2026-11-21T02:30:42Z",
}
_A_RUN = OpenApiExample("A run that has ended", _RUN, response_only=True)
_RUNS = OpenApiExample("One per channel", {"runs": [_RUN]}, response_only=True)
_OF_A_CHANNEL = OpenApiExample("A whole channel", {"channel": 3}, request_only=True)
_OF_A_SKU = OpenApiExample("One SKU, wherever it is sold", {"sku": "TEE-BLK-M"}, request_only=True)
_OF_LISTINGS = OpenApiExample("A selection", {"listings": [17, 18]}, request_only=True)
_A_FINDING = OpenApiExample(
    "A difference that people look at",
    {
        "id": 903,
        "listing": 17,
        "ref": "p310",
        "product_ref": "310",
        "state": "opened",
        "cause": "hand-edit",
        "ledger_says": 7,
        "channel_shows": 40,
        "difference": 33,
        "note": "",
        "discrepancy": 77,
        "settled_at": "2026-11-21T02:30:40Z",
    },
    response_only=True,
)


@extend_schema_view(
    list=extend_schema(summary="List runs", examples=[_A_RUN]),
    retrieve=extend_schema(summary="Read a run", examples=[_A_RUN]),
)
class RunViews(ReadViews[Run]):
    """Comparisons of a channel with the ledger: each night, and whenever someone asks."""

    read_scope = "reconciliation:read"
    write_scope = "reconciliation:write"
    queryset = Run.objects.all().for_list()
    serializer_class = RunSerializer
    filterset_class = RunFilter

    @extend_schema(
        summary="Start a run",
        request=RunRequest,
        responses={201: RunsSerializer},
        examples=[_OF_A_CHANNEL, _OF_A_SKU, _OF_LISTINGS, _RUNS],
    )
    def create(self, request: Request) -> Response:
        """Read a channel, the listings of a SKU, or a selection, and compare. Writes nothing to a store.

        A channel that is being compared already answers with that run.
        """
        asked, actor, now = self.parse(request, RunRequest), actor_of(request), timezone.now()
        channel = _channel(asked["channel"]) if "channel" in asked else None
        sku = asked.get("sku")
        try:
            if channel is not None and sku is None:
                started = [runs.start(channel=channel, requested_by=actor, now=now)]
            else:
                started = runs.start_selection(listings=_listings(asked, channel), requested_by=actor, now=now, sku=sku)
        except runs.CantStart as problem:
            raise ProblemError(409, "not-possible", str(problem)) from problem
        rows = {row.pk: row for row in self.get_queryset().filter(pk__in=[run.pk for run in started])}
        return Response(RunsSerializer({"runs": [rows[run.pk] for run in started]}).data, status=201)

    @extend_schema(summary="Stop a run", request=None, responses=RunSerializer, examples=[_A_RUN])
    @action(methods=["post"], detail=True, filter_backends=[])
    def stop(self, request: Request, pk: str) -> Response:
        """What it has confirmed stays. A run that has ended is answered as it is."""
        runs.stop(run=self.get_object(), actor=actor_of(request), now=timezone.now())
        return self._shown()

    @extend_schema(summary="Let a suspicious run go on", request=None, responses=RunSerializer, examples=[_A_RUN])
    @action(methods=["post"], detail=True, filter_backends=[])
    def allow(self, request: Request, pk: str) -> Response:
        """It has stopped because it would flag too much. A run that does not ask is answered as it is."""
        try:
            runs.allow(run=self.get_object(), actor=actor_of(request), now=timezone.now())
        except runs.CantStart as problem:
            raise ProblemError(409, "not-possible", str(problem)) from problem
        return self._shown()

    @extend_schema(
        summary="List what a run found", responses=FindingSerializer(many=True), examples=[_A_FINDING], filters=True
    )
    @action(
        methods=["get"],
        detail=True,
        queryset=Finding.objects.all(),
        filterset_class=FindingFilter,
        serializer_class=FindingSerializer,
    )
    def findings(self, request: Request, pk: str) -> Response:
        """Every suspicion and what became of it."""
        return self.rows_of(Run, "run", pk)

    def _shown(self) -> Response:
        return Response(RunSerializer(self.get_object()).data)


class ScheduleView(ApiView[Schedule]):
    read_scope = "reconciliation:read"
    write_scope = "reconciliation:write"
    serializer_class = ScheduleSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(summary="Read the schedule", operation_id="reconciliation_schedule_read")
    def get(self, request: Request) -> Response:
        """When this installation compares by itself, how carefully, and which channels."""
        refuse_parameters(request, ())
        return Response(ScheduleSerializer(schedule.current(now=timezone.now())).data)

    @extend_schema(summary="Change the schedule", request=ScheduleChange)
    def patch(self, request: Request) -> Response:
        """All of it or nothing."""
        asked = self.parse(request, ScheduleChange)
        kept = schedule.change(**asked, actor=actor_of(request), now=timezone.now())
        return Response(ScheduleSerializer(kept).data)


def _channel(pk: int) -> Channel:
    channel: Channel | None = Channel.objects.filter(pk=pk).first()
    if channel is None:
        raise ValidationError({"channel": f"There is no channel {pk}."})
    return channel


def _listings(asked: dict[str, Any], channel: Channel | None) -> list[Listing]:
    """Return the listings that are to be compared. Raises ValidationError naming those that there are not."""
    if "listings" not in asked:
        rows = asked["sku"].listings.order_by("pk")
        return list(rows.filter(channel=channel) if channel is not None else rows)
    found: dict[int, Listing] = Listing.objects.in_bulk(asked["listings"])
    missing = [str(pk) for pk in asked["listings"] if pk not in found]
    if missing:
        raise ValidationError({"listings": f"There is no listing {', '.join(missing[:10])}."})
    return [found[pk] for pk in sorted(found)]
