"""What the lists of SKUs and of sales can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, When
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from channels.filters import ChannelChoice
from channels.models import Listing
from dashboard import skus
from inventory.filters import WordsFilter
from inventory.models import Sku, StockLevel, Warehouse
from inventory.querysets import UNITS, SkuQuerySet
from inventory.shops.models import SaleLine


class SkuFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Search, warehouse, stock and archive. With a warehouse, the units shown are those of that warehouse."""

    _LEVELS = StockLevel.objects.filter(sku=OuterRef("pk"))
    # To sum up the levels of all SKUs takes long: where each of a SKU's levels has units, their sum has.
    _AVAILABLE = Case(
        When(Exists(_LEVELS.filter(available__lte=0)), then=F("available")),
        When(Exists(_LEVELS), then=1),
        default=0,
        output_field=BigIntegerField(),
    )
    STATES = {
        "in-stock": Q(available__gt=0),
        "out-of-stock": Q(LessThanOrEqual(_AVAILABLE, 0), is_bundle=False),
        "oversold": Q(pk__in=StockLevel.objects.filter(available__lt=0).values("sku"), available__lt=0),
        "off-channel": ~Q(Exists(Listing.objects.filter(sku=OuterRef("pk"), state=Listing.State.ACTIVE))),
        "bundles": Q(is_bundle=True),
    }

    q = django_filters.CharFilter(
        label=_("Search"), widget=forms.SearchInput(attrs={"autocomplete": "off", "maxlength": 200})
    )
    warehouse = django_filters.ModelChoiceFilter(
        label=_("Warehouse"), queryset=Warehouse.objects.all(), empty_label=_("All warehouses")
    )
    state = django_filters.ChoiceFilter(
        label=_("Stock"),
        choices=(
            ("in-stock", _("In stock")),
            ("out-of-stock", _("Out of stock")),
            ("oversold", _("Oversold")),
            ("off-channel", _("On no channel")),
            ("bundles", _("Bundles")),
        ),
    )
    show = django_filters.ChoiceFilter(
        label=_("Show"), choices=(("archived", _("Archived")), ("all", _("All"))), empty_label=_("Active")
    )

    class Meta:
        model = Sku
        fields: list[str] = []

    def filter_queryset(self, queryset: SkuQuerySet) -> SkuQuerySet:
        data: dict[str, Any] = self.form.cleaned_data
        warehouse, state, show = (data.get(name) for name in ("warehouse", "state", "show"))  # what is no choice is out
        is_by_units = any(key.lstrip("-") in UNITS for key in self.data.getlist("sort"))
        rows = skus.catalogue(warehouse=warehouse, is_by_units=is_by_units).search(data.get("q", ""))
        if show != "all":
            rows = rows.filter(archived_at__isnull=show != "archived")
        if state == "out-of-stock" and is_by_units:
            rows = rows.filter(available__lte=0, is_bundle=False)  # of all SKUs they are at hand now
        elif state:
            rows = rows.filter(self.STATES[state])
        return rows


class ParkedFilter(django_filters.FilterSet):  # type: ignore[misc]
    """What is set aside, of any kind that belongs to a channel."""

    channel = ChannelChoice()

    class Meta:
        fields: list[str] = []


class SaleLineFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter("code", "sale_id", "sku__code", "sku__name")
    state = django_filters.ChoiceFilter(label=_("State"), choices=SaleLine.State.choices)

    class Meta:
        model = SaleLine
        fields = ["q", "state"]
