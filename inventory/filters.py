"""What the lists of this app can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.forms import HiddenInput, SearchInput
from django.utils.translation import gettext_lazy as _

from inventory.models import Movement, StockLevel
from inventory.searches import holding

OF_THE_SKU = ("sku__code", "sku__name", "^sku__barcode")  # what people look for a SKU by


class WordsFilter(django_filters.CharFilter):  # type: ignore[misc]
    """The search field; ``paths`` are looked into for what was typed, as ``searches.holding`` says."""

    def __init__(self, *paths: str, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Search"))
        kwargs.setdefault("widget", SearchInput(attrs={"autocomplete": "off", "maxlength": 200}))
        super().__init__(**kwargs)
        self.paths = paths

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(holding(qs.model, self.paths, value)) if value else qs


class StockLevelFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter(*OF_THE_SKU)
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
    q = WordsFilter(*OF_THE_SKU)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Movement.Kind.choices)
    actor = django_filters.CharFilter(widget=HiddenInput())  # comes from links only

    class Meta:
        model = Movement
        fields: list[str] = []
