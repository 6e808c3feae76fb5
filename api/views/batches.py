"""Batches of counts and runs over mappings: previewed, done at once, taken back whole."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from api.batch_filters import CountBatchFilter, MappingRunFilter
from api.errors import ProblemError
from api.serializers.batches import (
    CountBatchDetailSerializer,
    CountBatchSerializer,
    CountFileRequest,
    MappingFileRequest,
    MappingRunSerializer,
)
from api.views.base import ReadViews, actor_of
from api.views.channels import ANSWERS_WITHIN
from channels import mapping_runs
from channels.models import MappingRun
from inventory.batches import reading, taking
from inventory.batches.models import CountBatch


@extend_schema_view(
    list=extend_schema(summary="List batches of counts"),
    retrieve=extend_schema(summary="Read a batch of counts", responses=CountBatchDetailSerializer),
)
class CountBatchViews(ReadViews[CountBatch]):
    """Many counts taken at once: a file, or what a store shows. Only the single one shows what it would change."""

    read_scope = "stock:read"
    write_scope = "stock:write"
    queryset = CountBatch.objects.all()
    serializer_class = CountBatchSerializer
    filterset_class = CountBatchFilter

    def get_serializer_class(self) -> type[BaseSerializer[CountBatch]]:
        return CountBatchSerializer if self.action == "list" else CountBatchDetailSerializer

    @extend_schema(
        summary="Send a file of counts", request=CountFileRequest, responses={201: CountBatchDetailSerializer}
    )
    def create(self, request: Request) -> Response:
        """Keep the file; nothing is counted before take/."""
        asked = self.parse(request, CountFileRequest)
        lines, problems = reading.read(asked["content"].encode(), warehouse=asked["warehouse"])
        batch = taking.keep(
            lines,
            problems=problems,
            kind=CountBatch.Kind.FILE,
            name=asked["name"],
            actor=actor_of(request),
            now=timezone.now(),
        )
        return Response(CountBatchDetailSerializer(batch).data, status=201)

    @extend_schema(summary="Take the counts", request=None, responses=CountBatchDetailSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def take(self, request: Request, pk: str) -> Response:
        """Count what the batch says, as of now. 409 when it does not wait."""
        if not taking.take(self.get_object(), actor=actor_of(request), now=timezone.now()):
            raise ProblemError(409, "conflict", "It does not wait any more; nothing was changed.")
        return self._shown()

    @extend_schema(summary="Discard a batch of counts", request=None, responses=CountBatchDetailSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def discard(self, request: Request, pk: str) -> Response:
        """Change nothing. 409 when it does not wait."""
        waiting = CountBatch.objects.filter(pk=self.get_object().pk, state=CountBatch.State.PREVIEW)
        if not waiting.update(state=CountBatch.State.DISCARDED, ended_at=timezone.now(), lines=[]):
            raise ProblemError(409, "conflict", "It does not wait any more.")
        return self._shown()

    @extend_schema(summary="Take counts back", request=None, responses=CountBatchDetailSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def undo(self, request: Request, pk: str) -> Response:
        """Where on hand has not changed since; kept says how many were left. 409 unless it was done."""
        if not taking.undo(self.get_object(), actor=actor_of(request), now=timezone.now()):
            raise ProblemError(409, "conflict", "It was not done, or is undone already.")
        return self._shown()

    def _shown(self) -> Response:
        return Response(CountBatchDetailSerializer(self.get_object()).data)


@extend_schema_view(
    list=extend_schema(summary="List mapping runs"), retrieve=extend_schema(summary="Read a mapping run")
)
class MappingRunViews(ReadViews[MappingRun]):
    """Runs that change many mappings: how far each is, and what it did. Each can be undone whole."""

    read_scope = "channels:read"
    write_scope = "channels:write"
    queryset = MappingRun.objects.select_related("channel").defer("channel__credentials")
    serializer_class = MappingRunSerializer
    filterset_class = MappingRunFilter

    @extend_schema(summary="Send a file of mappings", request=MappingFileRequest, responses={201: MappingRunSerializer})
    def create(self, request: Request) -> Response:
        """The worker checks its lines; nothing is mapped before apply/."""
        asked = self.parse(request, MappingFileRequest)
        run = mapping_runs.read_file(
            name=asked["name"],
            content=asked["content"].encode(),
            makes_skus=asked["makes_skus"],
            actor=actor_of(request),
            now=timezone.now(),
        )
        mapping_runs.work_for(ANSWERS_WITHIN)
        return Response(MappingRunSerializer(run).data, status=201)

    @extend_schema(summary="Apply a mapping run", request=None, responses=MappingRunSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def apply(self, request: Request, pk: str) -> Response:
        """Do what its preview says, in the background. 409 when it does not wait for that."""
        mapping_runs.apply(run=self.get_object(), actor=actor_of(request), now=timezone.now())
        return self._begun()

    @extend_schema(summary="Discard a mapping run", request=None, responses=MappingRunSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def discard(self, request: Request, pk: str) -> Response:
        """Drop a file that was only previewed. 409 once it is applied."""
        mapping_runs.discard(run=self.get_object(), now=timezone.now())
        return self._begun()

    @extend_schema(summary="Undo a mapping run", request=None, responses=MappingRunSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def undo(self, request: Request, pk: str) -> Response:
        """Map every listing as before, but for those changed since. 409 when it can't be undone now."""
        mapping_runs.undo(run=self.get_object(), actor=actor_of(request), now=timezone.now())
        return self._begun()

    def _begun(self) -> Response:
        mapping_runs.work_for(ANSWERS_WITHIN)
        return Response(MappingRunSerializer(self.get_object()).data)
