"""Warehouses and SKUs. Nothing is ever deleted: history points at it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api import catalogue
from api.filters import SkuFilter, WarehouseFilter
from api.serializers.inventory import SkuSerializer, WarehouseSerializer
from api.views.base import M, ReadViews, actor_of
from inventory.models import Sku, Warehouse


class _CatalogueViews(ReadViews[M]):
    read_scope = "stock:read"
    write_scope = "stock:write"

    def create(self, request: Request) -> Response:
        changes = self.parse(request, self.get_serializer_class())
        row: Any = self.get_queryset().model()
        catalogue.save(row, changes, actor=actor_of(request))
        return Response(self.get_serializer(row).data, status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        row: Any = self.get_object()
        changes = self.parse(request, self.get_serializer_class(), instance=row, partial=True)
        if changes:
            catalogue.save(row, changes, actor=actor_of(request))
        return Response(self.get_serializer(row).data)


@extend_schema_view(
    list=extend_schema(summary="List warehouses"),
    retrieve=extend_schema(summary="Read a warehouse"),
    create=extend_schema(summary="Make a warehouse"),
    partial_update=extend_schema(summary="Change a warehouse"),
)
class WarehouseViews(_CatalogueViews[Warehouse]):
    """Places of ours that hold stock."""

    queryset = Warehouse.objects.all()
    serializer_class = WarehouseSerializer
    filterset_class = WarehouseFilter


@extend_schema_view(
    list=extend_schema(summary="List SKUs"),
    retrieve=extend_schema(summary="Read a SKU"),
    create=extend_schema(summary="Make a SKU"),
    partial_update=extend_schema(summary="Change a SKU"),
)
class SkuViews(_CatalogueViews[Sku]):
    """The stock-keeping units that are counted."""

    queryset = Sku.objects.all()
    serializer_class = SkuSerializer
    filterset_class = SkuFilter

    @extend_schema(summary="Archive a SKU", request=None, responses=SkuSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of lists and of matching; its stock, history and listings stay. A repeat changes nothing."""
        return self._archive(request, is_archived=True)

    @extend_schema(summary="Restore an archived SKU", request=None, responses=SkuSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back. A repeat changes nothing."""
        return self._archive(request, is_archived=False)

    def _archive(self, request: Request, *, is_archived: bool) -> Response:
        sku = self.get_object()
        catalogue.archive(sku, is_archived=is_archived, actor=actor_of(request), now=timezone.now())
        return Response(self.get_serializer(sku).data)
