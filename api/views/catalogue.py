"""Warehouses and SKUs. Nothing is ever deleted: history points at it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import flat, refusal_of_item, sentence_of
from api.filters import SkuFilter, WarehouseFilter
from api.serializers.inventory import (
    ComponentsRequest,
    MergePreviewSerializer,
    MergeRequest,
    SkuSerializer,
    SkusRequest,
    SkusRequestSchema,
    SkusResult,
    WarehouseSerializer,
)
from api.views.base import M, ReadViews, actor_of
from inventory import bundles, catalogue
from inventory.catalogue import SkuFields
from inventory.errors import CodeTaken
from inventory.models import BundleComponent, Sku, Warehouse
from reconciliation import merging


class _CatalogueViews(ReadViews[M]):
    read_scope = "stock:read"
    write_scope = "stock:write"

    def create(self, request: Request) -> Response:
        fields = self.parse(request, self.get_serializer_class())
        return Response(self.get_serializer(self.make(fields, actor_of(request))).data, status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        fields = self.parse(request, self.get_serializer_class(), instance=row, partial=True)
        return Response(self.get_serializer(self.change(row, fields, actor_of(request))).data)

    def make(self, fields: dict[str, Any], actor: str) -> M:
        raise NotImplementedError

    def change(self, row: M, fields: dict[str, Any], actor: str) -> M:
        raise NotImplementedError


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

    def make(self, fields: dict[str, Any], actor: str) -> Warehouse:
        return catalogue.create_warehouse(actor=actor, **fields)

    def change(self, row: Warehouse, fields: dict[str, Any], actor: str) -> Warehouse:
        return catalogue.change_warehouse(warehouse=row, actor=actor, **fields)


@extend_schema_view(
    list=extend_schema(summary="List SKUs"),
    retrieve=extend_schema(summary="Read a SKU"),
    create=extend_schema(summary="Make a SKU"),
    partial_update=extend_schema(summary="Change a SKU"),
)
class SkuViews(_CatalogueViews[Sku]):
    """The stock-keeping units that are counted."""

    queryset = Sku.objects.select_related("merged_into")
    serializer_class = SkuSerializer
    filterset_class = SkuFilter

    def make(self, fields: dict[str, Any], actor: str) -> Sku:
        return catalogue.create_sku(actor=actor, **fields)

    def change(self, row: Sku, fields: dict[str, Any], actor: str) -> Sku:
        return catalogue.change_sku(sku=row, actor=actor, **fields)

    @extend_schema(summary="Make many SKUs", request=SkusRequestSchema, responses=SkusResult)
    @action(methods=["post"], detail=False, filter_backends=[])
    def batch(self, request: Request) -> Response:
        """Each is made or refused by itself. results says which; a code that is taken is refused."""
        asked = self.parse(request, SkusRequest)["skus"]
        results: list[dict[str, Any]] = []
        good: dict[int, SkuFields] = {}
        for place, item in enumerate(asked):
            serializer = SkuSerializer(data=item)
            if serializer.is_valid():
                good[place] = serializer.validated_data
                results.append({})
            else:
                errors = list(flat(serializer.errors))
                results.append({"status": "invalid", "detail": sentence_of(errors), "errors": errors, "sku": None})
        made = catalogue.create_skus(list(good.values()), actor=actor_of(request))
        for place, fields in good.items():
            sku = made.pop(fields["code"], None)  # named twice, the first one has it
            if sku is not None:
                results[place] = {"status": "done", "detail": "", "errors": [], "sku": sku}
            else:
                results[place] = {**_taken(fields["code"]), "sku": None}
        return Response(SkusResult({"results": results}).data)

    @extend_schema(summary="Archive a SKU", request=None, responses=SkuSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of lists and of matching; its stock, history and listings stay. A repeat changes nothing."""
        sku = catalogue.archive_sku(sku=self.get_object(), actor=actor_of(request), now=timezone.now())
        return Response(self.get_serializer(sku).data)

    @extend_schema(summary="Restore an archived SKU", request=None, responses=SkuSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back. A repeat changes nothing."""
        sku = catalogue.restore_sku(sku=self.get_object(), actor=actor_of(request))
        return Response(self.get_serializer(sku).data)

    @extend_schema(summary="Merge a SKU into another", request=MergeRequest, responses=SkuSerializer)
    @action(methods=["post"], detail=True, filter_backends=[])
    def merge(self, request: Request, pk: str) -> Response:
        """Answers the SKU that stays: stock, listings and orders of this one are its own from now on.

        This one's movements stay, and every code it ever had means the other. It can't be undone.
        """
        into = self.parse(request, MergeRequest)["into"]
        merging.merge(sku=self.get_object(), into=into, actor=actor_of(request), now=timezone.now())
        return Response(self.get_serializer(into).data)

    @extend_schema(summary="See what merging would do", request=MergeRequest, responses=MergePreviewSerializer)
    @action(methods=["post"], detail=True, filter_backends=[], url_path="merge/preview", url_name="merge-preview")
    def merge_preview(self, request: Request, pk: str) -> Response:
        """Changes nothing. With obstacles the merge would be refused."""
        into = self.parse(request, MergeRequest)["into"]
        return Response(MergePreviewSerializer(merging.preview(self.get_object(), into)).data)

    @extend_schema(methods=["get"], summary="Read a bundle's components", responses=ComponentsRequest)
    @extend_schema(
        methods=["put"], summary="Make a SKU a bundle", request=ComponentsRequest, responses=ComponentsRequest
    )
    @action(methods=["get", "put"], detail=True, filter_backends=[])
    def components(self, request: Request, pk: str) -> Response:
        """What one unit is made of. A bundle holds no stock: it shows what its components make, and reserves them."""
        sku = self.get_object()
        if request.method == "PUT":
            asked = self.parse(request, ComponentsRequest)["components"]
            wanted = {each["sku"].pk: each["units"] for each in asked}
            bundles.set_components(bundle=sku, components=wanted, actor=actor_of(request), now=timezone.now())
        rows = BundleComponent.objects.filter(bundle=sku).select_related("component")
        return Response({"components": [{"sku": row.component.code, "units": row.units} for row in rows]})


def _taken(code: str) -> dict[str, Any]:
    error = CodeTaken(kind="SKU", code=code)
    return {**(refusal_of_item(error) or {}), "status": "refused"}
