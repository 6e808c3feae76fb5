"""Stock levels, movements, and what changes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from api import idempotency
from api.errors import refusal_of_item
from api.filters import MovementFilter, StockFilter, refuse_parameters
from api.serializers.inventory import (
    AdjustmentItem,
    AdjustmentRequest,
    AdjustmentsRequest,
    AdjustmentsRequestSchema,
    AdjustmentsResult,
    CountRequest,
    MovementSerializer,
    ReceiptRequest,
    ReclassifyRequest,
    ReturnRequest,
    StockCountSerializer,
    StockLevelSerializer,
    TransferRequest,
    TransferSerializer,
)
from api.serializers.risk import RunsOutListSerializer, RunsOutQuery
from api.views.base import ApiView, ReadViews, actor_of
from inventory import counts, operations, risk
from inventory.errors import KeyConflict
from inventory.models import Movement, StockCount, StockLevel


@extend_schema_view(list=extend_schema(summary="List stock levels"))
class StockViews(mixins.ListModelMixin, ApiView[StockLevel], GenericViewSet[StockLevel]):
    """The balances of each SKU in each warehouse where it has ever been."""

    read_scope = "stock:read"
    queryset = StockLevel.objects.select_related("sku", "warehouse")
    serializer_class = StockLevelSerializer
    filterset_class = StockFilter


class RunsOutView(ApiView[StockLevel]):
    read_scope = "stock:read"
    serializer_class = RunsOutListSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(summary="List what runs out", operation_id="stock_runs_out", parameters=[RunsOutQuery])
    def get(self, request: Request) -> Response:
        """The SKUs whose available units last so many days at most, if they sell on as in the last 28 days."""
        refuse_parameters(request, ("within_days",))
        query = RunsOutQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = risk.runs_out(**query.validated_data, now=timezone.now())
        return Response(RunsOutListSerializer({"skus": found}).data)


@extend_schema_view(list=extend_schema(summary="List movements"), retrieve=extend_schema(summary="Read a movement"))
class MovementViews(ReadViews[Movement]):
    """Every change of every balance, with its cause. Append-only."""

    read_scope = "stock:read"
    queryset = Movement.objects.select_related("sku", "warehouse")
    serializer_class = MovementSerializer
    filterset_class = MovementFilter


class _StockChange(ApiView[Movement]):
    write_scope = "stock:write"
    keyed_actions: ClassVar[tuple[str, ...]] = ("post",)
    filter_backends = []
    pagination_class = None

    def answer(self, movement: Movement, asked: dict[str, Any], *, kind: Movement.Kind, now: datetime) -> Response:
        """Answer with the movement. Raises KeyConflict when it is one that an earlier, different request has made."""
        idempotency.check_same(movement, kind=kind, reason=asked["reason"], occurred_at=asked.get("occurred_at"))
        return idempotency.answer(MovementSerializer(movement).data, is_repeat=movement.recorded_at != now)


class ReceiptView(_StockChange):
    serializer_class = ReceiptRequest

    @extend_schema(summary="Receive units", responses={201: MovementSerializer})
    def post(self, request: Request) -> Response:
        """Add units that have arrived to on hand."""
        key, now = idempotency.key_of(request, endpoint="receipts"), timezone.now()
        asked = self.parse(request, ReceiptRequest)
        movement = operations.receive(**asked, key=key, actor=actor_of(request), now=now)
        return self.answer(movement, asked, kind=Movement.Kind.RECEIPT, now=now)


class AdjustmentView(_StockChange):
    serializer_class = AdjustmentRequest

    @extend_schema(summary="Adjust on hand", responses={201: MovementSerializer})
    def post(self, request: Request) -> Response:
        """Change on hand by signed units, for a stated reason. Refused (409) where it would fall below zero."""
        key, now = idempotency.key_of(request, endpoint="adjustments"), timezone.now()
        asked = self.parse(request, AdjustmentRequest)
        movement = operations.adjust(**asked, key=key, actor=actor_of(request), now=now)
        return self.answer(movement, asked, kind=Movement.Kind.ADJUSTMENT, now=now)


class AdjustmentsView(_StockChange):
    keyed_actions = ()
    serializer_class = AdjustmentsRequest

    @extend_schema(
        summary="Adjust on hand many times",
        request=AdjustmentsRequestSchema,
        responses=AdjustmentsResult,
        operation_id="stock_adjustments_batch",
    )
    def post(self, request: Request) -> Response:
        """Each is posted or refused by itself. results says which; its key makes sure that it is done once."""
        actor, now = actor_of(request), timezone.now()
        results = [
            self._one(item, request, actor=actor, now=now)
            for item in self.parse(request, AdjustmentsRequest)["adjustments"]
        ]
        return Response(AdjustmentsResult({"results": results}).data)

    def _one(self, item: object, request: Request, *, actor: str, now: datetime) -> dict[str, Any]:
        try:
            serializer = AdjustmentItem(data=item)
            serializer.is_valid(raise_exception=True)
            asked = dict(serializer.validated_data)
            key = idempotency.ledger_key(request, asked.pop("key"), endpoint="adjustments")
            movement = operations.adjust(**asked, key=key, actor=actor, now=now)
            idempotency.check_same(
                movement,
                kind=Movement.Kind.ADJUSTMENT,
                reason=asked["reason"],
                occurred_at=asked.get("occurred_at"),
            )
        except Exception as error:
            refusal = refusal_of_item(error)
            if refusal is None:
                raise
            return {**refusal, "movement": None, "repeat": False}
        is_repeat = movement.recorded_at != now
        return {"status": "done", "detail": "", "errors": [], "movement": movement, "repeat": is_repeat}


class ReclassifyView(_StockChange):
    serializer_class = ReclassifyRequest

    @extend_schema(summary="Make units unsellable", responses={201: MovementSerializer})
    def post(self, request: Request) -> Response:
        """Move units from on hand to unsellable, or back with a number below zero. Refused (409) where fewer are."""
        key, now = idempotency.key_of(request, endpoint="reclassifications"), timezone.now()
        asked = self.parse(request, ReclassifyRequest)
        movement = operations.reclassify(**asked, key=key, actor=actor_of(request), now=now)
        return self.answer(movement, asked, kind=Movement.Kind.RECLASSIFY, now=now)


class TransferView(_StockChange):
    serializer_class = TransferRequest

    @extend_schema(summary="Transfer units", responses={201: TransferSerializer})
    def post(self, request: Request) -> Response:
        """Move units to another warehouse. Refused (409) where fewer are available."""
        key, now = idempotency.key_of(request, endpoint="transfers"), timezone.now()
        asked = self.parse(request, TransferRequest)
        movements = operations.transfer(**asked, key=key, actor=actor_of(request), now=now)
        halves = {movement.kind: movement for movement in movements}
        out, into = halves[Movement.Kind.TRANSFER_OUT], halves[Movement.Kind.TRANSFER_IN]
        idempotency.check_same(out, kind=Movement.Kind.TRANSFER_OUT, reason=asked["reason"])
        body = TransferSerializer({"out": out, "into": into}).data
        return idempotency.answer(body, is_repeat=out.recorded_at != now)


class CountView(_StockChange):
    serializer_class = CountRequest

    @extend_schema(summary="Record a count", responses={201: StockCountSerializer})
    def post(self, request: Request) -> Response:
        """Say what is there: the difference to what the ledger expected is posted as a movement of the same key."""
        key, now = idempotency.key_of(request, endpoint="counts"), timezone.now()
        asked = self.parse(request, CountRequest)
        is_repeat = StockCount.objects.filter(key=key).exists()
        count = counts.record(**asked, key=key, actor=actor_of(request), now=now)
        if count.reason != asked["reason"] or count.counted_at != asked.get("counted_at", count.counted_at):
            raise KeyConflict(key)
        return idempotency.answer(StockCountSerializer(count).data, is_repeat=is_repeat)


class ReturnView(_StockChange):
    serializer_class = ReturnRequest

    @extend_schema(summary="Take units back", responses={201: MovementSerializer})
    def post(self, request: Request) -> Response:
        """Take units back from a buyer: to on hand when they can be sold again, else to unsellable."""
        key, now = idempotency.key_of(request, endpoint="returns"), timezone.now()
        asked = self.parse(request, ReturnRequest)
        is_sellable = asked.pop("sellable")
        movement = operations.receive_return(
            **asked, is_sellable=is_sellable, key=key, actor=actor_of(request), now=now
        )
        return self.answer(movement, asked, kind=Movement.Kind.RETURN, now=now)
