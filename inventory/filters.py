"""What the lists of this app can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.forms import HiddenInput, SearchInput
from django.utils.translation import gettext_lazy as _

from inventory.models import Movement, StockLevel
from inventory.querysets import is_named


class SearchFilter(django_filters.CharFilter):  # type: ignore[misc]
    """A search field over the SKU's code, name and barcode; ``prefix`` leads from the row to the SKU."""

    def __init__(self, *, prefix: str, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Search"))
        kwargs.setdefault("widget", SearchInput(attrs={"autocomplete": "off"}))
        super().__init__(**kwargs)
        self.prefix = prefix

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        return qs.filter(is_named(value, prefix=self.prefix))


class StockLevelFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = SearchFilter(prefix="sku__")
    state = django_filters.ChoiceFilter(
        label=_("Stock"),
        method="by_state",
        choices=(("in-stock", _("In stock")), ("out-of-stock", _("Out of stock")), ("oversold", _("Oversold"))),
    )

    class Meta:
        model = StockLevel
        fields: list[str] = []

    def by_state(self, levels: QuerySet[StockLevel], name: str, value: str) -> QuerySet[StockLevel]:
        wanted = {"in-stock": Q(available__gt=0), "out-of-stock": Q(available=0), "oversold": Q(available__lt=0)}
        return levels.filter(wanted[value])


class MovementFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = SearchFilter(prefix="sku__")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Movement.Kind.choices)
    actor = django_filters.CharFilter(widget=HiddenInput())  # comes from links only

    class Meta:
        model = Movement
        fields: list[str] = []
