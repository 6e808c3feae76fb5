"""Reads of reconciliation's tables: chainable, ordered to the last key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from channels.models import ChannelWarehouse


class RunQuerySet(models.QuerySet[Any]):
    def due(self, now: datetime) -> RunQuerySet:
        """Return the running runs that their lane should look at, oldest first."""
        return self.filter(state="running", due_at__lte=now).order_by("pk")

    def for_list(self) -> RunQuerySet:
        """Return the runs with their channels, newest first, without credentials."""
        return self.select_related("channel", "sku").defer("channel__credentials", "channel__options")


class FindingQuerySet(models.QuerySet[Any]):
    def unsettled(self) -> FindingQuerySet:
        """Return the suspicions that are not decided yet."""
        return self.filter(state="suspected")


class DiscrepancyQuerySet(models.QuerySet[Any]):
    def live(self) -> DiscrepancyQuerySet:
        """Return those that are neither resolved nor healed."""
        return self.filter(state__in=["open", "snoozed", "ignored"])

    def open(self) -> DiscrepancyQuerySet:
        """Return those that wait for a person now."""
        return self.filter(state="open")

    def showing(self, direction: str) -> DiscrepancyQuerySet:
        """Narrow to those that show too much (``over``), too little (``under``), or no number (``none``)."""
        if direction == "none":
            return self.filter(channel_shows=None)
        return self.filter(difference__gt=0) if direction == "over" else self.filter(difference__lt=0)

    def of_warehouse(self, code: str) -> DiscrepancyQuerySet:
        """Narrow to those of one warehouse, and to those of several that their channel sells from, it among them."""
        feeds = ChannelWarehouse.objects.filter(channel=OuterRef("channel"), warehouse__code=code)
        return self.filter(Q(warehouse__code=code) | Q(warehouse=None) & Exists(feeds))

    def worst_first(self) -> DiscrepancyQuerySet:
        """Order by oversell risk, then money, then age."""
        return self.order_by("-severity", F("money_at_risk").desc(nulls_last=True), "first_seen_at", "pk")

    def for_list(self) -> DiscrepancyQuerySet:
        """Return the rows with all that a list or an export draws of them, without credentials."""
        return self.select_related("listing", "channel", "sku", "warehouse", "assignee").defer(
            "channel__credentials", "channel__options"
        )
