"""Reads of the API's tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Count, Q


class EndpointQuerySet(models.QuerySet[Any]):
    def existing(self) -> Self:
        """Return those that nobody has removed."""
        return self.filter(removed_at=None)

    def active(self) -> Self:
        return self.filter(removed_at=None, disabled_at=None)

    def with_counts(self) -> Self:
        """Annotate ``pending``, ``given_up`` and ``delivered``: how many deliveries stand so."""
        return self.annotate(
            pending=Count("deliveries", filter=Q(deliveries__state="pending")),
            given_up=Count("deliveries", filter=Q(deliveries__state="failed")),
            delivered=Count("deliveries", filter=Q(deliveries__state="delivered")),
        )


class DeliveryQuerySet(models.QuerySet[Any]):
    def due(self, now: datetime) -> Self:
        return self.filter(state="pending", due_at__lte=now)
