"""What comes in and what goes out: webhooks as they arrived, quantities as they were sent."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels.models.channel import Channel
from channels.models.listing import Listing
from channels.querysets import InboundEventQuerySet, PushQuerySet
from inventory import formats


class InboundEvent(models.Model):
    """A webhook as it arrived: stored and answered first, worked on afterwards."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        IGNORED = "ignored", _("Ignored")
        FAILED = "failed", _("Failed")

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="events")
    delivery_id = models.CharField(max_length=200, help_text=_("The platform's id; a repeat finds its row."))
    topic = models.CharField(max_length=120, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text=_("When to work on it next; null once ended."))
    problem = models.CharField(max_length=500, blank=True)
    received_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = InboundEventQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["channel", "due_at"], condition=Q(state="pending"), name="inbound_event_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["channel", "delivery_id"], name="inbound_event_once_per_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.delivery_id}"


class Push(models.Model):
    """One change of a channel's quantity: intended before the call, settled after it."""

    class State(models.TextChoices):
        SENDING = "sending", _("Sending")
        ACCEPTED = "accepted", _("Accepted")
        APPLIED = "applied", _("Applied")
        NOT_APPLIED = "not-applied", _("Not applied")
        REJECTED = "rejected", _("Rejected")
        UNKNOWN = "unknown", _("Outcome unknown")
        OBSERVED = "observed", _("Observed")

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="pushes")
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="pushes")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    accounted_before = models.BigIntegerField()
    target = models.BigIntegerField()
    delta = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=State, default=State.SENDING)
    receipt = models.CharField(max_length=500, blank=True, help_text=_("What the platform answered, in short."))
    reading = models.BigIntegerField(
        null=True, blank=True, help_text=_("The quantity that decided an unknown outcome.")
    )
    applied = models.BigIntegerField(
        null=True, blank=True, help_text=_("Units really applied, where that was not all of the change.")
    )
    expected = models.BigIntegerField(
        null=True, blank=True, help_text=_("Accepted: what the channel shows once it is done.")
    )
    ticket = models.CharField(max_length=200, blank=True, help_text=_("Accepted: what to ask the platform about."))
    confirm_by = models.DateTimeField(null=True, blank=True, help_text=_("Accepted: when it is taken for not done."))
    window = models.FloatField(
        null=True, blank=True, help_text=_("Seconds from the reading to the write, within which a sale is lost.")
    )
    cause_at = models.DateTimeField(null=True, blank=True, help_text=_("When the change that made it due happened."))
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = PushQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "pushes"
        indexes = [
            models.Index(fields=["listing", "-id"], name="push_of_a_listing"),
            models.Index(fields=["settled_at"], name="push_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["listing"],
                condition=Q(state__in=["sending", "unknown", "accepted"]),
                name="push_one_open_per_listing",
            ),
            models.CheckConstraint(condition=~Q(delta=0), name="push_changes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} {formats.change(self.delta)}"

    @property
    def written(self) -> int:
        """Units by which it changes what was there: all of the change, unless the platform stopped at 0."""
        return self.delta if self.applied is None else self.applied
