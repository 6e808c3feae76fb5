"""Counts that someone should go and make: asked for here, or by “recount” of a discrepancy."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.reconciliation_filters import CountTaskFilter
from api.serializers.counting import CountTaskRequest, CountTaskSerializer
from api.views.base import ReadViews, actor_of
from reconciliation import counting
from reconciliation.models import CountTask


@extend_schema_view(
    list=extend_schema(summary="List counts to make"), retrieve=extend_schema(summary="Read a count to make")
)
class CountTaskViews(ReadViews[CountTask]):
    """A count of its SKU in its warehouse, by stock/counts/ or a batch of counts, ends a task within moments."""

    read_scope = "reconciliation:read"
    write_scope = "reconciliation:write"
    queryset = CountTask.objects.select_related("sku", "warehouse")
    serializer_class = CountTaskSerializer
    filterset_class = CountTaskFilter

    @extend_schema(summary="Ask for a count", request=CountTaskRequest, responses={201: CountTaskSerializer})
    def create(self, request: Request) -> Response:
        """One that is asked for already is answered as it is."""
        task = counting.ask(**self.parse(request, CountTaskRequest), actor=actor_of(request), now=timezone.now())
        return Response(CountTaskSerializer(task).data, status=201)

    @extend_schema(summary="Ask for a count no longer", request=None, responses=CountTaskSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def cancel(self, request: Request, pk: str) -> Response:
        """A discrepancy that waited for it is open again. A task that has ended is answered as it is."""
        counting.cancel(self.get_object(), actor=actor_of(request), now=timezone.now())
        return Response(CountTaskSerializer(self.get_object()).data)
