"""Reads of the ledger's tables: chainable, annotated, ordered to the last key."""

from __future__ import annotations

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
    def with_stock(self, warehouse: object = None) -> Self:
        """Annotate the units summed over all levels, or those of one warehouse.

        Each sum is a look of its own into a SKU's few levels: a count, or the order of a page, then needs none of them.
        """
        levels = self.model._meta.get_field("levels").related_model._default_manager.filter(sku=models.OuterRef("pk"))
        if warehouse is not None:
            levels = levels.filter(warehouse=warehouse)

        def total(column: str) -> Coalesce:
            summed = levels.order_by().values("sku").annotate(units=Sum(column)).values("units")
            return Coalesce(models.Subquery(summed), Value(0), output_field=models.BigIntegerField())

        return self.annotate(**{name: total(name) for name in UNITS})

    def ordered_by_units(self, warehouse: object = None) -> Self:
        """Return rows of ``with_stock(warehouse)`` in the order that they have, which is by units.

        A look into the levels of each of all SKUs takes long. One level of a warehouse at most is a SKU's: joined, they
        need neither a look nor a sum.
        """
        places = [warehouse] if warehouse is not None else self._warehouses()
        if not 0 < len(places) <= MOST_JOINED:
            return self
        joined = {f"level_{place}": Q(levels__warehouse=pk) for place, pk in enumerate(places)}
        rows = self.annotate(**{name: FilteredRelation("levels", condition=at) for name, at in joined.items()})

        def key(name: Any) -> Any:
            column = name.lstrip("-") if isinstance(name, str) else ""
            if column not in UNITS:
                return name
            units = sum((Coalesce(F(f"{level}__{column}"), 0) for level in joined), start=Value(0))
            return units.desc() if name.startswith("-") else units.asc()

        return rows.order_by(*map(key, self.query.order_by))

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
