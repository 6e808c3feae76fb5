"""Reads of the ledger's tables: chainable, annotated, ordered to the last key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import F, FilteredRelation, Q, Sum, Value
from django.db.models.functions import Coalesce

from inventory.searches import found

MOST_JOINED = 8  # warehouses whose levels are joined, each once, for an order by the sum of their units
UNITS = ("on_hand", "reserved", "available", "unsellable")


def _total(path: str) -> Coalesce:
    return Coalesce(Sum(path), Value(0), output_field=models.BigIntegerField())


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows that are written once."""

    def update(self, **kwargs: object) -> NoReturn:
        raise TypeError("These rows are never updated.")

    def delete(self) -> NoReturn:
        raise TypeError("These rows are never deleted.")


class StockedQuerySet(models.QuerySet[Any]):
    """Rows that have stock levels: SKUs over all warehouses, warehouses over all SKUs."""

    def with_stock(self) -> Self:
        """Annotate ``on_hand``, ``reserved``, ``available`` and ``unsellable``: units summed over all levels."""
        return self.annotate(
            on_hand=_total("levels__on_hand"),
            reserved=_total("levels__reserved"),
            available=_total("levels__available"),
            unsellable=_total("levels__unsellable"),
        )


class SkuQuerySet(StockedQuerySet):
    def with_stock(self, warehouse: object = None, *, of_all: bool = False) -> Self:
        """Annotate the units summed over all levels, or those of one warehouse.

        Each sum is a look of its own into a SKU's few levels: a count, or the order of a page, then needs none of them.
        ``of_all`` is for an order by units, which needs those of every SKU: its levels are joined warehouse by
        warehouse, of which each has one of it at most, so that nothing is looked up or summed one by one.
        """
        if of_all:
            places = [warehouse] if warehouse is not None else self._warehouses()
            if 0 < len(places) <= MOST_JOINED:
                return self._with_joined(places)
        levels = self.model._meta.get_field("levels").related_model._default_manager.filter(sku=models.OuterRef("pk"))
        if warehouse is not None:
            levels = levels.filter(warehouse=warehouse)

        def total(column: str) -> Coalesce:
            summed = levels.order_by().values("sku").annotate(units=Sum(column)).values("units")
            return Coalesce(models.Subquery(summed), Value(0), output_field=models.BigIntegerField())

        return self.annotate(**{name: total(name) for name in UNITS})

    def _with_joined(self, places: Sequence[object]) -> Self:
        joined = {f"level_{number}": Q(levels__warehouse=place) for number, place in enumerate(places)}
        rows = self.annotate(**{name: FilteredRelation("levels", condition=at) for name, at in joined.items()})

        def total(column: str) -> Any:
            first, *others = (Coalesce(F(f"{level}__{column}"), 0) for level in joined)
            return sum(others, start=first)

        return rows.annotate(**{name: total(name) for name in UNITS})

    def _warehouses(self) -> list[int]:
        levels = self.model._meta.get_field("levels").related_model
        warehouses = levels._meta.get_field("warehouse").related_model._default_manager.order_by("pk")
        return list(warehouses.values_list("pk", flat=True)[: MOST_JOINED + 1])

    def active(self) -> Self:
        return self.filter(archived_at=None)

    def oversold(self) -> Self:
        """Return the SKUs with more reserved than on hand over all warehouses, with their stock, the worst first."""
        levels = self.model._meta.get_field("levels").related_model._default_manager
        # Only a SKU that is short somewhere can be: few, and found without summing up all the others.
        short = self.filter(pk__in=levels.filter(available__lt=0).values("sku"))
        return short.with_stock().filter(available__lt=0).order_by("available", "pk")

    def search(self, text: str) -> Self:
        """Return the SKUs whose code, name or barcode holds ``text``."""
        if not text:
            return self
        return found(self, ("code", "name", "^barcode"), text)


class StockLevelQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: object) -> NoReturn:
        raise TypeError("A stock level is written by ledger.post, never by update().")

    def delete(self) -> NoReturn:
        raise TypeError("A stock level can't be deleted.")


class MovementQuerySet(AppendOnlyQuerySet):
    def balances(self, *, as_of: datetime | None = None) -> models.QuerySet[Any, dict[str, Any]]:
        """Return one row per (sku_id, warehouse_id) with the sums of the movements recorded up to ``as_of``."""
        rows: models.QuerySet[Any] = self if as_of is None else self.filter(recorded_at__lte=as_of)
        sums: models.QuerySet[Any, dict[str, Any]] = (
            rows.order_by()
            .values("sku_id", "warehouse_id")
            .annotate(
                on_hand=Sum("on_hand_delta"),
                reserved=Sum("reserved_delta"),
                unsellable=Sum("unsellable_delta"),
            )
            .order_by("sku_id", "warehouse_id")
        )
        return sums


class ReservationLineQuerySet(models.QuerySet[Any]):
    def holding(self) -> Self:
        """Return the lines that hold units now, oldest reservation first."""
        return self.filter(reserved__gt=0).order_by("reservation__created_at", "pk")
