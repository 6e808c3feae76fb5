"""Connected sources, the places they hold stock in, and the events they sent."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.encryption import EncryptedJSONField
from inventory.models import Warehouse
from inventory.sources.querysets import SourceEventQuerySet, SourceQuerySet


class Source(models.Model):
    """One system that knows what lies in some of our warehouses."""

    class Reserves(models.TextChoices):
        LEDGER = "ledger", _("Evenkeel reserves")
        SOURCE = "source", _("The source reserves")

    class OnDifference(models.TextChoices):
        ADJUST = "adjust", _("Follow the source")
        FLAG = "flag", _("Ask when it is large")

    class Connection(models.TextChoices):
        OK = "ok", _("Connected")
        RECONNECT = "reconnect", _("Reconnect needed")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=100, unique=True)
    base_url = models.CharField(max_length=300, blank=True, help_text=_("Where it answers; empty: it is given files."))
    account = models.CharField(max_length=200, blank=True, help_text=_("What the other side calls itself."))
    credentials = EncryptedJSONField(default=dict, help_text=_("Encrypted at rest; never shown again."))
    credentials_version = models.PositiveIntegerField(default=1)
    options = models.JSONField(default=dict, blank=True)

    reserves = models.CharField(max_length=16, choices=Reserves, default=Reserves.LEDGER)
    knows_orders_after = models.PositiveIntegerField(
        default=900, help_text=_("Seconds until an order of ours counts as known to a source that reserves itself.")
    )
    on_difference = models.CharField(max_length=16, choices=OnDifference, default=OnDifference.ADJUST)
    tolerance_units = models.PositiveIntegerField(default=0)
    tolerance_percent = models.PositiveSmallIntegerField(default=0)
    zero_percent = models.PositiveSmallIntegerField(
        default=20, help_text=_("A full reading that would zero a larger share of the SKUs waits for a person.")
    )
    counts_picks = models.BooleanField(default=False, help_text=_("Units leave on hand when they are picked."))

    is_paused = models.BooleanField(default=False)
    pull_seconds = models.PositiveIntegerField(default=300)
    next_pull_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(help_text=_("What was shipped earlier is not counted."))
    shipments_to = models.DateTimeField(null=True, blank=True, help_text=_("Shipments were read up to here."))
    failures = models.PositiveIntegerField(default=0, help_text=_("Readings that failed since the last that did not."))
    connection = models.CharField(max_length=16, choices=Connection, default=Connection.OK)
    connection_problem = models.CharField(max_length=500, blank=True)
    connection_problem_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(default=dict, blank=True, help_text=_("What the last connection test found."))
    memory = models.JSONField(default=dict, blank=True, help_text=_("The adapter's own, between calls."))
    skew_seconds = models.FloatField(null=True, blank=True, help_text=_("By how much its clock is ahead of ours."))

    last_event_at = models.DateTimeField(null=True, blank=True)
    refused_events = models.PositiveIntegerField(default=0)
    refused_event_at = models.DateTimeField(null=True, blank=True)
    refused_event_reason = models.CharField(max_length=200, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    disconnected_at = models.DateTimeField(null=True, blank=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(pull_seconds__gte=30), name="source_pull_not_too_often"),
            models.CheckConstraint(condition=Q(zero_percent__range=(0, 100)), name="source_zero_percent_valid"),
            models.CheckConstraint(condition=Q(tolerance_percent__range=(0, 100)), name="source_tolerance_valid"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def actor(self) -> str:
        """Return how movements name the source."""
        return f"source:{self.name}"

    @property
    def lane(self) -> str:
        return f"source:{self.pk}"

    @property
    def events_url(self) -> str:
        """Return the address that its events go to."""
        return f"{settings.PUBLIC_URL}/api/{self.kind}/v1/events/{self.uuid}"


class SourceLocation(models.Model):
    """A place of the source's, and the warehouse of ours that it is."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="locations")
    ref = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    parent_ref = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0, help_text=_("In the order in which the source lists them."))
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, null=True, blank=True, related_name="source_locations")
    is_ignored = models.BooleanField(default=False, help_text=_("What lies there is not ours to sell."))
    gone_at = models.DateTimeField(null=True, blank=True, help_text=_("The source lists it no more."))

    class Meta:
        ordering = ["position", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "ref"], name="source_location_once"),
            models.CheckConstraint(
                condition=Q(warehouse=None) | Q(is_ignored=False), name="source_location_mapped_or_ignored"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SourceEvent(models.Model):
    """An event as it arrived: verified, stored and answered first, worked on afterwards."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        PARTLY = "partly", _("Needs you")
        IGNORED = "ignored", _("Nothing to do")
        FAILED = "failed", _("Failed")

    source = models.ForeignKey(Source, models.CASCADE, related_name="events")
    delivery_id = models.CharField(max_length=200)
    topic = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    problem = models.CharField(max_length=1000, blank=True)
    received_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SourceEventQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["source", "id"], condition=Q(state="pending"), name="source_event_pending"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "delivery_id"], name="source_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.delivery_id}"
