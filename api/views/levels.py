"""Tolerances and hold-backs: what each scope says, set and cleared for one scope or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Model
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from api.errors import FieldError, ProblemError, flat
from api.fields import no_sku
from api.reconciliation_filters import HoldBackFilter, ToleranceFilter
from api.serializers.levels import (
    LEVELS,
    HoldBackItem,
    HoldBackSerializer,
    HoldBacksSchema,
    ItemsRequest,
    ItemsResult,
    ToleranceItem,
    ToleranceSerializer,
    TolerancesSchema,
)
from api.views.base import ApiView, M, actor_of
from channels.hold_backs import Scope
from channels.models import Channel, HoldBack, Listing
from inventory.models import Sku
from reconciliation import levels
from reconciliation.levels import Values
from reconciliation.models import Tolerance

_NORTH = {"id": 3, "uuid": "7a1f2c7e-4b0e-4f0b-9a53-0f6f6c2f8f10", "name": "North"}
_RESULT = OpenApiExample(
    "One changed, one refused",
    {
        "results": [
            {"status": "changed", "errors": []},
            {"status": "invalid", "errors": [{"field": "sku", "message": "No SKU has the code “TEA”."}]},
        ]
    },
    response_only=True,
)


class _LevelViews(mixins.ListModelMixin, ApiView[M], GenericViewSet[M]):
    read_scope = "reconciliation:read"
    write_scope = "reconciliation:write"
    item_class: ClassVar[type[Serializer[Any]]]
    fields: ClassVar[Mapping[str, str]]  # the levels' names of the members that are set

    def set_items(self, request: Request) -> Response:
        items = self.parse(request, ItemsRequest)["items"]
        parsed = [self.item_class(data=item) for item in items]
        good = [each.validated_data for each in parsed if each.is_valid()]
        scopes = _Scopes(good)
        errors: list[list[FieldError]] = []
        wanted: dict[Scope, Values] = {}
        of_item: list[Scope | None] = []
        for each in parsed:
            found = list(flat(each.errors)) if each.errors else []
            scope = None if found else scopes.of(each.validated_data)
            if isinstance(scope, str):
                found, scope = [FieldError(field=each.validated_data["level"], message=scope)], None
            elif scope in wanted:
                found, scope = [FieldError(field="level", message="It stands in this request already.")], None
            if scope is not None:
                values = each.validated_data
                wanted[scope] = {field: values[name] for name, field in self.fields.items() if name in values}
            errors.append(found)
            of_item.append(scope)
        changes = levels.changes(wanted)
        try:
            levels.apply(changes, actor=actor_of(request), now=timezone.now())
        except levels.MovedMeanwhile as problem:
            raise ProblemError(409, "conflict", str(problem)) from problem
        changed = {change.scope for change in changes}
        results = [
            {"status": "invalid" if found else "changed" if scope in changed else "unchanged", "errors": found}
            for found, scope in zip(errors, of_item, strict=True)
        ]
        return Response(ItemsResult({"results": results}).data)


class _Scopes:
    """The rows that items name, looked up together."""

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        self._skus = dict(
            Sku.objects.filter(code__in={item["sku"] for item in items if "sku" in item}).values_list("code", "pk")
        )
        self._known = {
            "channel": _known(Channel, items, "channel"),
            "listing": _known(Listing, items, "listing"),
        }

    def of(self, item: Mapping[str, Any]) -> Scope | str:
        """Return the scope of an item, or why there is none."""
        level = item["level"]
        if level == LEVELS[0]:
            return Scope()
        if level == "sku":
            pk = self._skus.get(item["sku"])
            return no_sku(item["sku"]) if pk is None else Scope(sku_id=pk)
        if item[level] not in self._known[level]:
            return f"There is no {level} {item[level]}."
        return Scope(**{f"{level}_id": item[level]})


def _known(model: type[Model], items: Sequence[Mapping[str, Any]], name: str) -> set[int]:
    ids = {item[name] for item in items if name in item}
    rows = model._default_manager.filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))


@extend_schema_view(
    list=extend_schema(
        summary="List tolerances",
        examples=[
            OpenApiExample(
                "Of a channel",
                {
                    "level": "channel",
                    "channel": _NORTH,
                    "sku": None,
                    "listing": None,
                    "over_units": 0,
                    "over_percent": None,
                    "under_units": 3,
                    "under_percent": 5,
                    "policy": "correct",
                },
                response_only=True,
            )
        ],
    )
)
class ToleranceViews(_LevelViews[Tolerance]):
    """How far the numbers may differ without a person being asked. A value that is null is inherited."""

    queryset = Tolerance.objects.select_related("channel", "sku").defer("channel__credentials", "channel__options")
    serializer_class = ToleranceSerializer
    filterset_class = ToleranceFilter
    item_class = ToleranceItem
    fields = {name: name for name in ("over_units", "over_percent", "under_units", "under_percent", "policy")}

    @extend_schema(
        summary="Set or clear tolerances",
        request=TolerancesSchema,
        responses={200: ItemsResult},
        examples=[
            OpenApiExample(
                "Set one, clear another",
                {
                    "items": [
                        {"level": "channel", "channel": 3, "under_units": 3, "policy": "correct"},
                        {"level": "sku", "sku": "TEE-BLK-M", "over_units": None, "under_units": None},
                    ]
                },
                request_only=True,
            ),
            _RESULT,
        ],
    )
    def create(self, request: Request) -> Response:
        """Set what up to 500 scopes say: null inherits again, a member that is left out stays."""
        return self.set_items(request)


@extend_schema_view(
    list=extend_schema(
        summary="List hold-backs",
        examples=[
            OpenApiExample(
                "Of a SKU",
                {"level": "sku", "channel": None, "sku": "TEE-BLK-M", "listing": None, "units": 2},
                response_only=True,
            )
        ],
    )
)
class HoldBackViews(_LevelViews[HoldBack]):
    """Units kept from channels. The most specific level decides: listing, SKU, channel, everything."""

    queryset = HoldBack.objects.select_related("channel", "sku").defer("channel__credentials", "channel__options")
    serializer_class = HoldBackSerializer
    filterset_class = HoldBackFilter
    item_class = HoldBackItem
    fields = {"units": "hold_back"}

    @extend_schema(
        summary="Set or clear hold-backs",
        request=HoldBacksSchema,
        responses={200: ItemsResult},
        examples=[
            OpenApiExample(
                "Set one, clear another",
                {"items": [{"level": "everything", "units": 1}, {"level": "listing", "listing": 17, "units": None}]},
                request_only=True,
            ),
            _RESULT,
        ],
    )
    def create(self, request: Request) -> Response:
        """Set the units of up to 500 scopes: null inherits again. What follows from it is published at once."""
        return self.set_items(request)
