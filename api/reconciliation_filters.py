"""What runs, discrepancies, decisions, tolerances and hold-backs can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django_filters.rest_framework import FilterSet

from api.filters import Exact, Moment, Number, OfChannel
from api.serializers.levels import LEVELS
from api.serializers.reconciliation import SEVERITIES
from channels.models import HoldBack
from reconciliation.models import (
    Batch,
    BatchItem,
    Cause,
    CountTask,
    Discrepancy,
    Finding,
    Run,
    Severity,
    Tolerance,
    Verb,
)
from reconciliation.querysets import DiscrepancyQuerySet


class RunFilter(FilterSet):  # type: ignore[misc]
    channel = OfChannel()
    state = django_filters.ChoiceFilter(choices=Run.State.choices, help_text="Where it stands.")
    trigger = django_filters.ChoiceFilter(choices=Run.Trigger.choices, help_text="What has started it.")
    started_from = Moment("started_at", "Started at this time or later.", lookup_expr="gte")
    started_until = Moment("started_at", "Started before this time.", lookup_expr="lt")

    class Meta:
        model = Run
        fields = ["channel", "state", "trigger", "started_from", "started_until"]


class FindingFilter(FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=Finding.State.choices, help_text="What became of it.")
    cause = django_filters.ChoiceFilter(choices=Cause.choices, help_text="Why the numbers differ.")

    class Meta:
        model = Finding
        fields = ["state", "cause"]


class DiscrepancyFilter(FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=Discrepancy.State.choices, help_text="open: waits for a person now.")
    channel = OfChannel()
    listing = Number("listing_id", "Of the listing of this id.")
    sku = Exact("sku__code", "Of the SKU of exactly this code.")
    warehouse = Exact(
        "warehouse__code", "In the warehouse of exactly this code, or on a channel that sells from it.", method="within"
    )
    cause = django_filters.ChoiceFilter(choices=Cause.choices, help_text="Why the numbers differ.")
    direction = django_filters.ChoiceFilter(
        choices=[("over", "over"), ("under", "under"), ("none", "none")],
        method="by_direction",
        help_text="over: shows too much; under: too little; none: shows no number.",
    )
    severity = django_filters.ChoiceFilter(
        choices=[(name, name) for name in SEVERITIES], method="by_severity", help_text="At least so bad."
    )
    proposal = django_filters.ChoiceFilter(choices=Verb.choices, help_text="What is proposed.")
    assignee = Exact("assignee__username", "Assigned to exactly this user.")
    run = Number("run_id", "Found by the run of this id.")
    search = django_filters.CharFilter(method="by_search", help_text="Part of the SKU, the title or the store's SKU.")
    first_seen_from = Moment("first_seen_at", "First seen at this time or later.", lookup_expr="gte")
    first_seen_until = Moment("first_seen_at", "First seen before this time.", lookup_expr="lt")

    class Meta:
        model = Discrepancy
        fields = ["state", "channel", "listing", "sku", "warehouse", "cause", "direction", "severity", "proposal"]

    def within(self, rows: DiscrepancyQuerySet, name: str, value: str) -> QuerySet[Discrepancy]:
        return rows.of_warehouse(value)

    def by_direction(self, rows: DiscrepancyQuerySet, name: str, value: str) -> QuerySet[Discrepancy]:
        return rows.showing(value)

    def by_severity(self, rows: QuerySet[Discrepancy], name: str, value: str) -> QuerySet[Discrepancy]:
        return rows.filter(severity__gte=Severity[value.upper()])

    def by_search(self, rows: QuerySet[Discrepancy], name: str, value: str) -> QuerySet[Discrepancy]:
        words = Q(sku__code__icontains=value) | Q(listing__title__icontains=value)
        return rows.filter(words | Q(listing__external_sku__icontains=value))


class BatchFilter(FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=Batch.State.choices, help_text="Where it stands.")

    class Meta:
        model = Batch
        fields = ["state"]


class BatchItemFilter(FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=BatchItem.State.choices, help_text="What became of it.")

    class Meta:
        model = BatchItem
        fields = ["state"]


class CountTaskFilter(FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=CountTask.State.choices, help_text="Where it stands.")
    sku = Exact("sku__code", "Counts of the SKU of exactly this code.")
    warehouse = Exact("warehouse__code", "Counts in the warehouse of exactly this code.")
    discrepancy = Number("discrepancy_id", "The one that rests until it is counted, by its id.")

    class Meta:
        model = CountTask
        fields = ["state", "sku", "warehouse", "discrepancy"]


class _ScopeFilter(FilterSet):  # type: ignore[misc]
    level = django_filters.ChoiceFilter(
        choices=[(level, level) for level in LEVELS], method="by_level", help_text="What it is set for."
    )
    channel = OfChannel()
    sku = Exact("sku__code", "Of the SKU of exactly this code.")
    listing = Number("listing_id", "Of the listing of this id.")

    def by_level(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == LEVELS[0]:
            return rows.filter(channel=None, sku=None, listing=None)
        return rows.filter(**{f"{value}__isnull": False})


class ToleranceFilter(_ScopeFilter):
    class Meta:
        model = Tolerance
        fields = ["level", "channel", "sku", "listing"]


class HoldBackFilter(_ScopeFilter):
    class Meta:
        model = HoldBack
        fields = ["level", "channel", "sku", "listing"]
