"""What other systems are told: events, who wants them, and every attempt to bring them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from api.querysets import DeliveryQuerySet, EndpointQuerySet
from inventory.encryption import EncryptedJSONField


class Event(models.Model):
    """Something that happened, as it is told to others. Its id is its version: of one kind and subject it only grows.

    Written in the transaction of the change; ``spread_at`` says that each endpoint has its delivery.
    """

    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, help_text=_("What it is about: events of one subject have an order."))
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    spread_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["id"], condition=Q(spread_at=None), name="event_to_spread"),
            models.Index(fields=["kind", "-id"], name="event_by_kind"),
            models.Index(fields=["recorded_at"], name="event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def ref(self) -> str:
        """The id that others know it by; the same on every attempt, and so what they recognise a repeat by."""
        return f"evt_{self.pk}"

    @property
    def words(self) -> str:
        """What people know its subject by: a SKU and warehouse, a channel and order; the subject where none is told."""
        channel = self.data.get("channel")
        parts = [
            channel.get("name") if isinstance(channel, dict) else None,
            self.data.get("number") or self.data.get("ref"),
            self.data.get("sku") or self.data.get("title") or self.data.get("code"),
            self.data.get("warehouse"),
        ]
        return " · ".join(str(part) for part in parts if part) or self.subject


class Endpoint(models.Model):
    """An address that is told of events, with the secrets that sign them."""

    class Origin(models.TextChoices):
        PERSON = "person", _("Made by hand")
        HOOK = "hook", _("Subscribed by a tool")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="endpoints", help_text=_("Who is told when it fails.")
    )
    url = models.URLField(max_length=1000)
    name = models.CharField(max_length=100, blank=True)
    kinds = models.JSONField(default=list, help_text=_("The kinds of events that it wants."))
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.PERSON)
    secret = EncryptedJSONField(help_text=_("Signs every attempt; shown once."))
    old_secret = EncryptedJSONField(null=True, blank=True, help_text=_("Signs beside the new one until it ends."))
    old_secret_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True, help_text=_("The owner is to be told that it stopped."))

    # How it does: a failing endpoint is asked more rarely, so that it does not keep the others waiting.
    failures = models.PositiveIntegerField(default=0, help_text=_("Attempts in a row that failed."))
    failing_since = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name or self.url

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None and self.removed_at is None

    @property
    def state(self) -> str:
        """A code of the states that pages draw: live, failing, off."""
        if not self.is_active:
            return "off"
        return "failing" if self.failures else "live"

    def secrets(self, now: datetime) -> list[str]:
        """Return the secrets to sign with, the new one first."""
        is_kept = self.old_secret and self.old_secret_until is not None and now < self.old_secret_until
        return [self.secret, *([self.old_secret] if is_kept else [])]


class Delivery(models.Model):
    """One event for one endpoint: due until a 2xx has come or the schedule has run out."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Given up")
        CANCELLED = "cancelled", _("Cancelled")

    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    step = models.PositiveSmallIntegerField(default=0, help_text=_("Attempts of this round; a replay begins anew."))
    due_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["endpoint", "due_at", "id"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(fields=["endpoint", "-id"], name="delivery_of_an_endpoint"),
        ]
        constraints = [models.UniqueConstraint(fields=["event", "endpoint"], name="delivery_once_per_endpoint")]

    def __str__(self) -> str:
        return f"{self.event_id}→{self.endpoint_id}"


class Attempt(models.Model):
    """One call of an endpoint and what it answered."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("Null: no answer."))
    problem = models.CharField(max_length=300, blank=True)
    answer = models.TextField(blank=True, help_text=_("The beginning of what it said."))

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.status or self.problem}"


class MovementCursor(models.Model):
    """Up to which movement stock events were made. One row.

    A movement gets its id before its transaction ends, so a smaller id can become visible after a larger one.
    ``seen_to`` is the largest id that was seen; what lies up to it is told once every transaction that was under way
    then has ended, which is when PostgreSQL's oldest running transaction is ``horizon`` or later.
    """

    told_to = models.BigIntegerField()
    seen_to = models.BigIntegerField()
    horizon = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.told_to)
