"""What the lists of this app can be narrowed by; each filter is a part of the page's address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet
from django.forms import SearchInput
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.filters import ChannelChoice
from inventory.filters import WordsFilter
from inventory.models import Sku, Warehouse
from reconciliation.models import Cause, Discrepancy, Finding, Run, Severity, Verb
from reconciliation.querysets import DiscrepancyQuerySet

_AGES = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "1w": timedelta(weeks=1), "4w": timedelta(weeks=4)}


def _people(request: HttpRequest | None) -> QuerySet[AbstractBaseUser]:
    return get_user_model().objects.filter(is_active=True).order_by("username")


def _assignees(request: HttpRequest | None = None) -> list[tuple[str, Any]]:
    # A callable: asked when a form is drawn, so that the people are today's.
    return [("me", _("Me")), ("nobody", _("Nobody")), *((str(p.pk), str(p)) for p in _people(request))]


class DiscrepancyFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The queue's filter. Without a status it shows what waits for a person now."""

    q = WordsFilter(
        "sku__code",
        "listing__title",
        "listing__external_sku",
        label=_("SKU or listing"),
        widget=SearchInput(attrs={"autocomplete": "off", "maxlength": 200, "data-search-here": True}),
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"),
        method="by_status",
        empty_label=_("Open"),
        choices=[
            *((code, label) for code, label in Discrepancy.State.choices if code != "open"),
            ("any", _("Any")),
        ],
    )
    channel = ChannelChoice()
    cause = django_filters.ChoiceFilter(label=_("Cause"), choices=Cause.choices, empty_label=_("Any"))
    direction = django_filters.ChoiceFilter(
        label=_("Direction"),
        method="by_direction",
        empty_label=_("Any"),
        choices=(
            ("over", _("Shows too much")),
            ("under", _("Shows too little")),
            ("none", _("Shows no number")),
        ),
    )
    severity = django_filters.ChoiceFilter(
        label=_("At least"), method="by_severity", choices=list(reversed(Severity.choices)), empty_label=_("Any")
    )
    proposal = django_filters.ChoiceFilter(label=_("Proposal"), choices=Verb.choices, empty_label=_("Any"))
    age = django_filters.ChoiceFilter(
        label=_("Older than"),
        method="by_age",
        empty_label=_("Any"),
        choices=(("1h", _("An hour")), ("1d", _("A day")), ("1w", _("A week")), ("4w", _("Four weeks"))),
    )
    assignee = django_filters.ChoiceFilter(
        label=_("Assigned to"), method="by_assignee", choices=_assignees, empty_label=_("Anyone")
    )
    warehouse = django_filters.ModelChoiceFilter(
        label=_("Warehouse"),
        method="by_warehouse",
        queryset=Warehouse.objects.order_by("priority", "code"),
        empty_label=_("Any"),
    )
    sku = django_filters.ModelChoiceFilter(queryset=Sku.objects.all(), widget=django_filters.widgets.forms.HiddenInput)
    run = django_filters.ModelChoiceFilter(queryset=Run.objects.all(), widget=django_filters.widgets.forms.HiddenInput)

    class Meta:
        model = Discrepancy
        fields: list[str] = []

    FIRST = ("q", "status", "channel", "cause", "direction")  # what most people narrow by; the rest is folded away

    @property
    def extra(self) -> list[Any]:
        """The fields that are folded away."""
        return [field for field in self.form if field.name not in self.FIRST]

    @property
    def has_extra(self) -> bool:
        return any(field.value() for field in self.extra if not field.is_hidden)

    def filter_queryset(self, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        narrowed: QuerySet[Discrepancy] = super().filter_queryset(queryset)
        return narrowed if self.form.cleaned_data.get("status") else narrowed.filter(state=Discrepancy.State.OPEN)

    def by_status(self, rows: QuerySet[Discrepancy], name: str, value: str) -> QuerySet[Discrepancy]:
        return rows if value == "any" else rows.filter(state=value)

    def by_direction(self, rows: DiscrepancyQuerySet, name: str, value: str) -> QuerySet[Discrepancy]:
        return rows.showing(value)

    def by_severity(self, rows: QuerySet[Discrepancy], name: str, value: str) -> QuerySet[Discrepancy]:
        return rows.filter(severity__gte=int(value))

    def by_age(self, rows: QuerySet[Discrepancy], name: str, value: str) -> QuerySet[Discrepancy]:
        return rows.filter(first_seen_at__lte=timezone.now() - _AGES[value])

    def by_assignee(self, rows: QuerySet[Discrepancy], name: str, value: str) -> QuerySet[Discrepancy]:
        if value == "nobody":
            return rows.filter(assignee=None)
        if value == "me":
            return rows.filter(assignee=self.request.user) if self.request is not None else rows.none()
        return rows.filter(assignee=int(value))

    def by_warehouse(self, rows: DiscrepancyQuerySet, name: str, value: Warehouse) -> QuerySet[Discrepancy]:
        return rows.of_warehouse(value.code)


class RunFilter(django_filters.FilterSet):  # type: ignore[misc]
    channel = ChannelChoice()
    state = django_filters.ChoiceFilter(label=_("State"), choices=Run.State.choices, empty_label=_("Any"))
    trigger = django_filters.ChoiceFilter(label=_("Started"), choices=Run.Trigger.choices, empty_label=_("Any"))

    class Meta:
        model = Run
        fields: list[str] = []


class FindingFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter("listing__title", "listing__external_sku", "listing__sku__code", "ref", label=_("Listing"))
    state = django_filters.ChoiceFilter(label=_("Outcome"), choices=Finding.State.choices, empty_label=_("Any"))
    cause = django_filters.ChoiceFilter(label=_("Cause"), choices=Cause.choices, empty_label=_("Any"))

    class Meta:
        model = Finding
        fields: list[str] = []
