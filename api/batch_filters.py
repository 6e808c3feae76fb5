"""What batches of counts and mapping runs can be narrowed by."""

from __future__ import annotations

import django_filters
from django_filters.rest_framework import FilterSet

from api.filters import OfChannel
from channels.models import MappingRun
from inventory.batches.models import CountBatch


class CountBatchFilter(FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=CountBatch.State.choices, help_text="Where it stands.")
    kind = django_filters.ChoiceFilter(choices=CountBatch.Kind.choices, help_text="Where it comes from.")

    class Meta:
        model = CountBatch
        fields = ["state", "kind"]


class MappingRunFilter(FilterSet):  # type: ignore[misc]
    channel = OfChannel()
    state = django_filters.ChoiceFilter(choices=MappingRun.State.choices, help_text="Where it stands.")
    kind = django_filters.ChoiceFilter(choices=MappingRun.Kind.choices, help_text="What it is.")

    class Meta:
        model = MappingRun
        fields = ["channel", "state", "kind"]
