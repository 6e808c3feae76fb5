"""What disagrees, and what callers decide about it: one against the live number, or many in the background."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import FieldError, ProblemError, flat
from api.reconciliation_filters import BatchFilter, BatchItemFilter, DiscrepancyFilter
from api.serializers.reconciliation import (
    AssignRequest,
    BatchItemSerializer,
    BatchSerializer,
    DecidedSerializer,
    DecideManyRequest,
    DecideManyResult,
    DecideManySchema,
    DecideRequest,
    DecisionItem,
    DiscrepancySerializer,
    NoteRequest,
    NoteSerializer,
)
from api.views.base import ReadViews, actor_of
from channels import connection
from channels.contract import ChannelError
from channels.tracking import CantStart
from inventory.errors import LedgerError
from reconciliation import batches, triage, verbs
from reconciliation.models import Batch, BatchItem, Discrepancy, DiscrepancyNote, Verb
from reconciliation.verbs import Choice, NotPossible, PictureMoved

_DISCREPANCY = {
    "id": 77,
    "version": 1,
    "state": "open",
    "kind": "channel",
    "channel": {"id": 3, "uuid": "7a1f2c7e-4b0e-4f0b-9a53-0f6f6c2f8f10", "name": "North"},
    "source_name": "",
    "listing": 17,
    "sku": "TEE-BLK-M",
    "warehouse": "MAIN",
    "ledger_says": 7,
    "channel_shows": 40,
    "difference": 33,
    "severity": "high",
    "money_at_risk": "656.7000",
    "cause": "hand-edit",
    "evidence": [
        {"kind": "event", "id": 512, "sentence": "The store told of a change of this product that no order explains."}
    ],
    "proposal": "keep-ours",
    "proposal_reason": "Every unit shown too many can be sold without being there.",
    "proposed_sku": None,
    "assignee": None,
    "run": 41,
    "agreed_at": "2026-11-20T02:30:00Z",
    "read_at": "2026-11-21T02:30:40Z",
    "first_seen_at": "2026-11-21T02:30:40Z",
    "last_seen_at": "2026-11-21T02:30:40Z",
    "snoozed_until": None,
    "resolution": "",
    "resolution_reason": "",
    "resolved_by": "",
    "resolved_at": None,
    "undone_by": "",
    "undone_at": None,
}
_BATCH = {
    "id": 9,
    "action": "keep-ours",
    "state": "running",
    "total": 1,
    "waiting": 1,
    "undoes": None,
    "requested_by": "user:ana",
    "started_at": "2026-11-21T08:00:00Z",
    "ended_at": None,
}
_ONE = OpenApiExample("A hand edit", _DISCREPANCY, response_only=True)
_KEEP = OpenApiExample("Keep ours", {"action": "keep-ours", "version": 1}, request_only=True)
_TAKE = OpenApiExample(
    "Take theirs",
    {"action": "take-theirs", "version": 1, "warehouse": "MAIN", "reason": "Counted on the shelf"},
    request_only=True,
)
_SNOOZE = OpenApiExample(
    "Snooze", {"action": "snooze", "version": 1, "until": "2026-11-24T06:00:00Z"}, request_only=True
)
_RESOLVED = OpenApiExample(
    "Decided",
    {
        "discrepancy": {
            **_DISCREPANCY,
            "version": 2,
            "state": "resolved",
            "resolution": "keep-ours",
            "resolved_by": "user:ana",
            "resolved_at": "2026-11-21T08:00:00Z",
        },
        "effects": [{"where": "channel", "name": "North", "units": -33, "sentence": "North: 40 → 7 (−33)."}],
    },
    response_only=True,
)
_MANY = OpenApiExample(
    "Keep ours for two",
    {"action": "keep-ours", "discrepancies": [{"id": 77, "version": 1}, {"id": 78, "version": 1}]},
    request_only=True,
)
_MANY_RESULT = OpenApiExample(
    "One is worked on, one has moved",
    {
        "batch": _BATCH,
        "results": [
            {"discrepancy": 77, "status": "waiting", "detail": "", "errors": []},
            {"discrepancy": 78, "status": "moved", "detail": "It has changed since you read it.", "errors": []},
        ],
    },
    response_only=True,
    status_codes=["202"],
)
_A_NOTE = OpenApiExample(
    "A note",
    {"id": 4, "actor": "user:ana", "text": "Ben counts it tonight.", "at": "2026-11-21T08:00:00Z"},
    response_only=True,
)
_A_BATCH = OpenApiExample("At work", _BATCH, response_only=True)
_AN_ITEM = OpenApiExample(
    "Done",
    {"id": 300, "discrepancy": 77, "state": "done", "message": "", "ended_at": "2026-11-21T08:00:02Z"},
    response_only=True,
)


@extend_schema_view(
    list=extend_schema(summary="List discrepancies", examples=[_ONE]),
    retrieve=extend_schema(summary="Read a discrepancy", examples=[_ONE]),
)
class DiscrepancyViews(ReadViews[Discrepancy]):
    """Confirmed differences between the ledger and a channel or a stock source."""

    read_scope = "reconciliation:read"
    write_scope = "reconciliation:write"
    calling_actions = ("resolve",)
    queryset = Discrepancy.objects.all().for_list().select_related("proposed_sku")
    serializer_class = DiscrepancySerializer
    filterset_class = DiscrepancyFilter

    @extend_schema(
        summary="Assign a discrepancy",
        request=AssignRequest,
        responses=DiscrepancySerializer,
        examples=[OpenApiExample("To ana", {"assignee": "ana"}, request_only=True), _ONE],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say who looks after it. Its version stays: the numbers are as they were read."""
        row, asked = self.get_object(), self.parse(request, AssignRequest)
        triage.assign(row=row, person=asked["assignee"], actor=actor_of(request))
        return Response(DiscrepancySerializer(self.get_object()).data)

    @extend_schema(
        methods=["get"],
        summary="List the notes of a discrepancy",
        responses=NoteSerializer(many=True),
        examples=[_A_NOTE],
        filters=True,
    )
    @extend_schema(
        methods=["post"],
        summary="Note something beside a discrepancy",
        request=NoteRequest,
        responses={201: NoteSerializer},
        examples=[OpenApiExample("A note", {"text": "Ben counts it tonight."}, request_only=True), _A_NOTE],
    )
    @action(
        methods=["get", "post"],
        detail=True,
        queryset=DiscrepancyNote.objects.all(),
        serializer_class=NoteSerializer,
        filterset_class=None,
    )
    def notes(self, request: Request, pk: str) -> Response:
        """What people wrote beside it."""
        if request.method == "GET":
            return self.rows_of(Discrepancy, "discrepancy", pk)
        row, asked = get_object_or_404(Discrepancy, pk=pk), self.parse(request, NoteRequest)
        note = triage.note(row=row, text=asked["text"], actor=actor_of(request), now=timezone.now())
        return Response(NoteSerializer(note).data, status=201)

    @extend_schema(
        summary="Decide a discrepancy",
        request=DecideRequest,
        responses=DecidedSerializer,
        examples=[_KEEP, _TAKE, _SNOOZE, _RESOLVED],
    )
    @action(methods=["post"], detail=True, filter_backends=[])
    def resolve(self, request: Request, pk: str) -> Response:
        """Read the live number, and act if it is still the one that was decided on.

        409 picture-moved answers with the discrepancy as it is now, and nothing was done. Each discrepancy is decided
        once: repeating a request changes nothing.
        """
        row, asked = self.get_object(), self.parse(request, DecideRequest)
        choice = _choice(asked, version=asked["version"])
        with self._refusals(row):
            effects = verbs.act(row, choice, actor=actor_of(request), now=timezone.now())
        return Response(DecidedSerializer({"discrepancy": self.get_object(), "effects": effects}).data)

    @extend_schema(summary="Take a decision back", request=None, responses=DiscrepancySerializer, examples=[_ONE])
    @action(methods=["post"], detail=True, filter_backends=[])
    def undo(self, request: Request, pk: str) -> Response:
        """While nothing has moved since; it is open again as it was."""
        row = self.get_object()
        with self._refusals(row):
            verbs.undo(row, actor=actor_of(request), now=timezone.now())
        return Response(DiscrepancySerializer(self.get_object()).data)

    @contextmanager
    def _refusals(self, row: Discrepancy) -> Iterator[None]:
        """Answer what speaks against a decision. Nothing was done then."""
        try:
            yield
        except NotPossible as problem:
            if problem.field:
                raise ValidationError({problem.field: str(problem)}) from problem
            raise ProblemError(409, "not-possible", str(problem)) from problem
        except (CantStart, LedgerError) as problem:
            raise ProblemError(409, "not-possible", str(problem)) from problem
        except PictureMoved as problem:
            extra: dict[str, object] = {"discrepancy": DiscrepancySerializer(self.get_object()).data}
            raise ProblemError(409, "picture-moved", str(problem), extra=extra) from problem
        except ChannelError as error:
            if row.channel is not None:
                connection.note_failure(row.channel, error, now=timezone.now())
            raise ProblemError(
                503 if error.retryable else 502,
                "store-not-asked",
                f"Nothing was done: the store could not be asked. {error}",
                retry_after=15 if error.retryable else None,
            ) from error

    @extend_schema(
        summary="Decide many discrepancies",
        operation_id="discrepancies_resolve_many",
        request=DecideManySchema,
        responses={202: DecideManyResult},
        examples=[_MANY, _MANY_RESULT],
    )
    @action(methods=["post"], detail=False, url_path="resolve", filter_backends=[])
    def resolve_many(self, request: Request) -> Response:
        """One decision for up to 1,000. What can be is worked on in the background; discrepancy-batches tells how far.

        Each is checked against its live number when its turn comes; one that has moved stops no other.
        """
        asked = self.parse(request, DecideManyRequest)
        choice = _choice(asked, version=0)
        results, rows = self._looked_at(asked["discrepancies"], choice)
        batch = None
        if rows:
            try:
                batch = batches.start(rows, choice, actor=actor_of(request), now=timezone.now())
            except ModelValidationError as problem:
                raise ProblemError(409, "not-possible", " ".join(problem.messages)) from problem
            batch = BatchViews.queryset.get(pk=batch.pk)
        return Response(DecideManyResult({"batch": batch, "results": results}).data, status=202)

    def _looked_at(self, items: list[object], choice: Choice) -> tuple[list[dict[str, Any]], list[Discrepancy]]:
        """Return what is to be told of each item, and the rows that are to be worked on."""
        parsed = [DecisionItem(data=item) for item in items]
        wanted = {each.validated_data["id"]: each.validated_data["version"] for each in parsed if each.is_valid()}
        found = Discrepancy.objects.all().for_list().select_related("listing__sku", "listing__channel").in_bulk(wanted)
        shown = {row.discrepancy.pk: row for row in verbs.preview_many(list(found.values()), choice).rows}
        results: list[dict[str, Any]] = []
        rows: dict[int, Discrepancy] = {}
        for each in parsed:
            if each.errors:
                results.append(_result(None, "invalid", errors=list(flat(each.errors))))
                continue
            pk = each.validated_data["id"]
            row = found.get(pk)
            if row is None:
                results.append(_result(pk, "refused", f"There is no discrepancy {pk}."))
            elif pk in rows:
                results.append(_result(pk, "refused", "It stands in this request already."))
            elif not row.is_live:
                results.append(_result(pk, "moved", f"It is decided already: {row.get_state_display().lower()}."))
            elif row.version != each.validated_data["version"]:
                results.append(_result(pk, "moved", "It has changed since you read it."))
            elif shown[pk].problem:
                results.append(_result(pk, "refused", shown[pk].problem))
            else:
                rows[pk] = row
                results.append(_result(pk, "waiting"))
        return results, list(rows.values())


def _choice(asked: dict[str, Any], *, version: int) -> Choice:
    return Choice(
        verb=Verb(asked["action"]),
        version=version,
        warehouse=asked.get("warehouse"),
        reason=asked["reason"],
        until=asked.get("until"),
        sku=asked.get("sku"),
    )


def _result(pk: int | None, status: str, detail: str = "", errors: list[FieldError] | None = None) -> dict[str, Any]:
    words = detail or "; ".join(f"{error['field']}: {error['message']}" for error in errors or [])
    return {"discrepancy": pk, "status": status, "detail": words, "errors": errors or []}


@extend_schema_view(
    list=extend_schema(summary="List decisions about many", examples=[_A_BATCH]),
    retrieve=extend_schema(summary="Read how far a decision about many is", examples=[_A_BATCH]),
)
class BatchViews(ReadViews[Batch]):
    """Decisions about many discrepancies, worked on in the background."""

    read_scope = "reconciliation:read"
    write_scope = "reconciliation:write"
    queryset = Batch.objects.annotate(waiting=Count("items", filter=Q(items__state=BatchItem.State.WAITING)))
    serializer_class = BatchSerializer
    filterset_class = BatchFilter

    @extend_schema(
        summary="List the results of a decision about many",
        responses=BatchItemSerializer(many=True),
        examples=[_AN_ITEM],
        filters=True,
    )
    @action(
        methods=["get"],
        detail=True,
        queryset=BatchItem.objects.all(),
        filterset_class=BatchItemFilter,
        serializer_class=BatchItemSerializer,
    )
    def results(self, request: Request, pk: str) -> Response:
        """What became of each discrepancy."""
        return self.rows_of(Batch, "batch", pk)

    @extend_schema(summary="Stop a decision about many", request=None, responses=BatchSerializer, examples=[_A_BATCH])
    @action(methods=["post"], detail=True, filter_backends=[])
    def stop(self, request: Request, pk: str) -> Response:
        """What is not done yet is left as it is. One that has ended is answered as it is."""
        batches.stop(self.get_object(), actor=actor_of(request), now=timezone.now())
        return Response(BatchSerializer(self.get_object()).data)

    @extend_schema(
        summary="Take a decision about many back",
        request=None,
        responses={202: BatchSerializer},
        examples=[
            OpenApiExample("At work", {**_BATCH, "id": 10, "undoes": 9}, response_only=True, status_codes=["202"])
        ],
    )
    @action(methods=["post"], detail=True, filter_backends=[])
    def undo(self, request: Request, pk: str) -> Response:
        """Every one that was done and that nothing has moved since. Answers the batch that does it."""
        try:
            undoing = batches.start_undo(self.get_object(), actor=actor_of(request), now=timezone.now())
        except ModelValidationError as problem:
            raise ProblemError(409, "not-possible", " ".join(problem.messages)) from problem
        return Response(BatchSerializer(self.get_queryset().get(pk=undoing.pk)).data, status=202)
