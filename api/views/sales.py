"""What tills send. A sale in a shop is a fact: it is never refused for want of stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from api.errors import FieldError, ProblemError, flat
from api.filters import SaleLineFilter
from api.serializers.sales import (
    ResolveRequest,
    SaleLineRequest,
    SaleLineSerializer,
    SaleRequest,
    SaleRequestSchema,
    SaleResultSerializer,
    SalesRequest,
    SalesRequestSchema,
    SalesResultSerializer,
)
from api.views.base import ReadViews, actor_of
from inventory.errors import KeptElsewhere
from inventory.shops import reading, selling
from inventory.shops.models import SaleLine
from inventory.shops.reading import BadLine
from inventory.shops.selling import Taken, Told


@extend_schema_view(
    list=extend_schema(summary="List lines of sales"), retrieve=extend_schema(summary="Read a line of a sale")
)
class SaleViews(ReadViews[SaleLine]):
    """Sales of shops, line by line."""

    read_scope = "stock:read"
    write_scope = "sales:write"
    queryset = SaleLine.objects.select_related("warehouse", "sku")
    serializer_class = SaleLineSerializer
    filterset_class = SaleLineFilter
    action_scopes = {"resolve": "stock:write"}

    @extend_schema(summary="Send a sale", request=SaleRequestSchema, responses={200: SaleResultSerializer})
    def create(self, request: Request) -> Response:
        """Book each line once, however often it is sent; results says what became of each. Never refused for stock."""
        return Response(_take(self.parse(request, SaleRequest), actor=actor_of(request), now=timezone.now()))

    @extend_schema(summary="Send many sales", request=SalesRequestSchema, responses=SalesResultSerializer)
    @action(methods=["post"], detail=False, filter_backends=[])
    def batch(self, request: Request) -> Response:
        """As after an hour offline: booked in the order in which they happened; one bad sale costs no other."""
        asked = self.parse(request, SalesRequest)["sales"]
        actor, now = actor_of(request), timezone.now()
        answers: dict[int, dict[str, Any]] = {}
        good: dict[int, dict[str, Any]] = {}
        for place, item in enumerate(asked):
            serializer = SaleRequest(data=item)
            if serializer.is_valid():
                good[place] = serializer.validated_data
            else:
                answers[place] = _refused(list(flat(serializer.errors)))
        for place in sorted(good, key=lambda place: (good[place]["occurred_at"], place)):
            try:
                answers[place] = {**_take(good[place], actor=actor, now=now), "errors": []}
            except KeptElsewhere as error:
                answers[place] = _refused([FieldError(field="location", message=str(error))])
        return Response({"sales": [answers[place] for place in range(len(asked))]})

    @extend_schema(summary="Say what was sold", request=ResolveRequest, responses=SaleLineSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def resolve(self, request: Request, pk: str) -> Response:
        """Book a waiting line as a sale of a SKU, at the time it happened. 409 when it does not wait."""
        line, asked = self.get_object(), self.parse(request, ResolveRequest)
        if not selling.resolve(line=line, sku=asked["sku"], actor=actor_of(request), now=timezone.now()):
            raise ProblemError(409, "conflict", "This line does not wait any more.")
        return Response(SaleLineSerializer(self.get_object()).data)


def _refused(errors: list[FieldError]) -> dict[str, Any]:
    return {"sale_id": None, "location": None, "results": [], "errors": errors}


def _take(sale: dict[str, Any], *, actor: str, now: datetime) -> dict[str, Any]:
    """Book the lines of a sale that can be understood and answer for all. Raises KeptElsewhere."""
    results: dict[int, dict[str, Any]] = {}
    good: dict[int, Told] = {}
    for place, item in enumerate(sale["lines"]):
        line, errors = _read_line(item, sale, now=now)
        if line is None:
            line_id = item.get("line_id") if isinstance(item, dict) else None
            results[place] = _result(line_id if isinstance(line_id, str) else None, "invalid", errors=errors)
        else:
            good[place] = line
    shop = sale["location"]
    taken = selling.take(list(good.values()), warehouse=shop, till=sale["till"], actor=actor, now=now) if good else []
    for place, one in zip(good, taken, strict=True):
        results[place] = _taken(one)
    ordered = [results[place] for place in range(len(sale["lines"]))]
    return {"sale_id": sale["sale_id"], "location": shop.code, "results": ordered}


def _read_line(item: object, sale: dict[str, Any], *, now: datetime) -> tuple[Told | None, list[FieldError]]:
    serializer: Serializer[Any] = SaleLineRequest(data=item)
    if not serializer.is_valid():
        return None, list(flat(serializer.errors))
    fields = serializer.validated_data
    try:
        line = reading.told(
            sale_id=sale["sale_id"],
            line_id=fields["line_id"],
            occurred_at=sale["occurred_at"],
            now=now,
            quantity=fields.get("quantity"),
            kind=fields["kind"],
            sku=fields.get("sku", ""),
            barcode=fields.get("barcode", ""),
            is_sellable=fields["sellable"],
        )
    except BadLine as error:
        return None, [FieldError(field=name, message=words) for name, words in error.problems.items()]
    return line, []


def _taken(taken: Taken) -> dict[str, Any]:
    sku = taken.line.sku
    return _result(
        taken.line.line_id,
        taken.status,
        sku=sku.code if sku else None,
        is_repeat=taken.is_repeat,
        detail=taken.problem,
    )


def _result(
    line_id: str | None,
    status: str,
    *,
    sku: str | None = None,
    is_repeat: bool = False,
    detail: str = "",
    errors: Sequence[FieldError] = (),
) -> dict[str, Any]:
    return {
        "line_id": line_id,
        "status": str(status),
        "sku": sku,
        "repeat": is_repeat,
        "detail": detail or "; ".join(f"{error['field']}: {error['message']}" for error in errors),
        "errors": list(errors),
    }
