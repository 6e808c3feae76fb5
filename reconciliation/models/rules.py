"""What people set: when runs start, what is small enough not to ask, what a suspicious run is."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from channels.models import Channel, Listing
from inventory.models import MAX_UNITS, Sku


class Schedule(models.Model):
    """When this installation reconciles, and how carefully. One row; ``schedule.current`` makes it."""

    cron = models.CharField(
        max_length=100, default="30 2 * * *", help_text=_("Minute, hour, day, month, weekday; UTC.")
    )
    is_enabled = models.BooleanField(default=True)
    grace_seconds = models.PositiveIntegerField(
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(3600)],
        help_text=_("Before a difference is looked at again."),
    )
    suspicious_percent = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("A run that would flag more of a channel than that stops and asks."),
    )
    suspicious_least = models.PositiveIntegerField(
        default=20, help_text=_("Fewer differences than that are never suspicious.")
    )
    next_run_at = models.DateTimeField(null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="schedule_is_one"),
            models.CheckConstraint(condition=Q(suspicious_percent__range=(1, 100)), name="schedule_percent_valid"),
        ]

    def __str__(self) -> str:
        return self.cron


class ChannelRule(models.Model):
    """Where a channel differs from the installation's schedule; null: as the installation."""

    channel = models.OneToOneField(Channel, models.CASCADE, related_name="reconciliation_rule")
    is_nightly = models.BooleanField(default=True)
    suspicious_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(suspicious_percent=None) | Q(suspicious_percent__range=(1, 100)),
                name="channel_rule_percent_valid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}"


class Tolerance(models.Model):
    """How far the numbers may differ without a person being asked. Each value that is null is inherited.

    A difference is within if it is no larger than the units or no larger than the percentage of what the ledger says.
    The most specific row that has a value decides: listing, then SKU, then channel, then the global one.
    """

    class Policy(models.TextChoices):
        CORRECT = "correct", _("Correct it: keep ours")
        LEAVE = "leave", _("Leave it")

    channel = models.OneToOneField(Channel, models.CASCADE, null=True, blank=True, related_name="tolerance")
    sku = models.OneToOneField(Sku, models.CASCADE, null=True, blank=True, related_name="tolerance")
    listing = models.OneToOneField(Listing, models.CASCADE, null=True, blank=True, related_name="tolerance")
    over_units = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(MAX_UNITS)], help_text=_("Where it shows too much.")
    )
    over_percent = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(100)])
    under_units = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(MAX_UNITS)], help_text=_("Where it shows too little.")
    )
    under_percent = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(100)])
    policy = models.CharField(max_length=16, choices=Policy, blank=True, help_text=_("What happens within it."))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(sku=None, listing=None) | Q(channel=None, listing=None) | Q(channel=None, sku=None)),
                name="tolerance_has_one_scope",
            ),
            models.UniqueConstraint(
                Value(1), condition=Q(channel=None, sku=None, listing=None), name="tolerance_one_global"
            ),
            models.CheckConstraint(
                condition=(Q(over_percent=None) | Q(over_percent__lte=100))
                & (Q(under_percent=None) | Q(under_percent__lte=100)),
                name="tolerance_percent_valid",
            ),
        ]

    def __str__(self) -> str:
        return f"over {self.over_units}/{self.over_percent} %, under {self.under_units}/{self.under_percent} %"
