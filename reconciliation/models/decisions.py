"""Decisions that take a while: many at once, and counts that someone has to go and make."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.models import Channel
from inventory.models import Sku, StockCount, Warehouse
from reconciliation.models.discrepancy import Discrepancy
from reconciliation.words import Verb


class Batch(models.Model):
    """One verb for many discrepancies, worked on in the background; each row has its result."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    verb = models.CharField(max_length=16, choices=Verb, blank=True, help_text=_("Empty: each row's own proposal."))
    choice = models.JSONField(default=dict, help_text=_("Warehouse, reason and the like, as verbs.Choice keeps them."))
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="undone_by", help_text=_("The batch it takes back.")
    )
    requested_by = models.CharField(max_length=150)
    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return f"{self.verb} × {self.total}"


class BatchItem(models.Model):
    """One discrepancy of a batch and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        MOVED = "moved", _("The picture has moved")
        REFUSED = "refused", _("Refused")
        SKIPPED = "skipped", _("Skipped")

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="items")
    discrepancy = models.ForeignKey(Discrepancy, models.PROTECT, related_name="batch_items")
    channel = models.ForeignKey(Channel, models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(help_text=_("Of the discrepancy, as the person saw it."))
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    message = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField(default=timezone.now, help_text=_("When to look at it next, while it waits."))
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["channel", "due_at"], condition=Q(state="waiting"), name="batch_item_waiting")]
        constraints = [models.UniqueConstraint(fields=["batch", "discrepancy"], name="batch_item_once")]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.discrepancy_id} {self.state}"


class CountTask(models.Model):
    """Someone should count a SKU in a warehouse. A count of it that is made afterwards ends the task."""

    class State(models.TextChoices):
        OPEN = "open", _("To count")
        DONE = "done", _("Counted")
        CANCELLED = "cancelled", _("Cancelled")

    sku = models.ForeignKey(Sku, models.PROTECT, related_name="count_tasks")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="count_tasks")
    discrepancy = models.ForeignKey(Discrepancy, models.SET_NULL, null=True, blank=True, related_name="count_tasks")
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    count = models.ForeignKey(StockCount, models.PROTECT, null=True, blank=True, related_name="tasks")
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sku", "warehouse"], condition=Q(state="open"), name="count_task_one_open_per_level"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}@{self.warehouse_id}"
