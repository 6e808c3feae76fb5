"""Reads of the sources' tables: chainable, ordered to the last key."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q


class SourceQuerySet(models.QuerySet[Any]):
    def connected(self) -> Self:
        return self.filter(disconnected_at=None)

    def at_work(self) -> Self:
        """Return the sources that may be called now."""
        return self.connected().filter(connection="ok", is_paused=False)

    def in_trouble(self) -> Self:
        """Return the connected sources that stand still until a person has acted."""
        return self.connected().filter(~Q(connection="ok") | Q(pulls__state="waiting")).distinct()


class PullQuerySet(models.QuerySet[Any]):
    def reading(self) -> Self:
        return self.filter(state="reading")

    def ready(self, now: datetime) -> Self:
        """Return the pulls that need not wait at the source's wish."""
        return self.filter(Q(wait_until=None) | Q(wait_until__lte=now))

    def waiting(self) -> Self:
        """Return the pulls that a person must look at before they are applied."""
        return self.filter(state="waiting")

    def decided(self) -> Self:
        """Return the pulls that a person wants applied."""
        return self.filter(state="decided")

    def older_than(self, moment: datetime) -> Self:
        return self.filter(started_at__lt=moment).exclude(state__in=["reading", "waiting", "decided"])


class SourceEventQuerySet(models.QuerySet[Any]):
    def pending(self) -> Self:
        return self.filter(state="pending").order_by("pk")
