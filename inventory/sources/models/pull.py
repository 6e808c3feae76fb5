"""What was read of a source: staged whole, compared then, and the last word kept for each place."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Sku, Warehouse
from inventory.sources.models.source import Source
from inventory.sources.querysets import PullQuerySet


class Pull(models.Model):
    """One reading of a source's stock, whole or of some SKUs: read first, compared only when nothing of it lacks."""

    class State(models.TextChoices):
        READING = "reading", _("Reading")
        WAITING = "waiting", _("Waits for you")
        DECIDED = "decided", _("Being applied")
        APPLIED = "applied", _("Done")
        DISCARDED = "discarded", _("Discarded")

    class Phase(models.TextChoices):
        SHIPPED_BEFORE = "shipped-before", _("Reading shipments")
        STOCK = "stock", _("Reading stock")
        SHIPPED_AFTER = "shipped-after", _("Reading shipments once more")
        APPLY = "apply", _("Comparing")

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", _("On schedule")
        PERSON = "person", _("Asked for")
        EVENT = "event", _("After an event")
        UPLOAD = "upload", _("Uploaded file")
        FOLDER = "folder", _("File in the drop folder")

    source = models.ForeignKey(Source, models.CASCADE, related_name="pulls")
    state = models.CharField(max_length=16, choices=State, default=State.READING)
    phase = models.CharField(max_length=16, choices=Phase, default=Phase.STOCK)
    trigger = models.CharField(max_length=16, choices=Trigger)
    actor = models.CharField(max_length=150, blank=True, help_text=_("Who asked for it, where a person did."))
    is_full = models.BooleanField(default=True, help_text=_("What it does not name counts as 0."))
    cursor = models.CharField(max_length=500, blank=True)
    snapshot = models.CharField(max_length=200, blank=True)
    total = models.PositiveIntegerField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True, help_text=_("The moment that what it does not name speaks of."))
    item_refs = models.JSONField(default=list, blank=True, help_text=_("The items to read, where not all are."))
    moving = models.JSONField(default=list, blank=True, help_text=_("SKU ids that shipped while it was read."))
    pages = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)
    adjusted = models.PositiveIntegerField(default=0)
    flagged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    zeroed = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    file_digest = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    wait_until = models.DateTimeField(null=True, blank=True, help_text=_("The source asked us to wait."))
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = PullQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["source", "-id"], name="pull_of_a_source")]
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(state="reading"), name="pull_one_at_a_time_per_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} #{self.pk}"


class PulledRow(models.Model):
    """One row as the source told it, kept until its pull is compared."""

    pull = models.ForeignKey(Pull, models.CASCADE, related_name="pulled", db_index=False)
    row_ref = models.CharField(max_length=200)
    item_ref = models.CharField(max_length=200)
    sku_code = models.CharField(max_length=200)
    location_ref = models.CharField(max_length=200)
    on_hand = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(null=True)
    unsellable = models.BigIntegerField(null=True)
    as_of = models.DateTimeField()
    problem = models.CharField(max_length=300, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pull", "row_ref"], name="pulled_row_once")]

    def __str__(self) -> str:
        return self.row_ref


class Reading(models.Model):
    """The last word of a source on one SKU in one warehouse, and how the ledger stood to it."""

    class Outcome(models.TextChoices):
        MATCHED = "matched", _("Agrees")
        ADJUSTED = "adjusted", _("Adjusted")
        FLAGGED = "flagged", _("Waits for review")
        MOVING = "moving", _("Was moving")

    source = models.ForeignKey(Source, models.CASCADE, related_name="readings", db_index=False)
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="readings")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="readings")
    on_hand = models.BigIntegerField()
    reserved = models.BigIntegerField(null=True, blank=True)
    unsellable = models.BigIntegerField(null=True, blank=True)
    as_of = models.DateTimeField(help_text=_("When it was so."))
    expected = models.BigIntegerField(help_text=_("On hand in the ledger as of the same moment, before any change."))
    outcome = models.CharField(max_length=16, choices=Outcome)
    pull = models.ForeignKey(Pull, models.SET_NULL, null=True, related_name="readings")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "sku", "warehouse"], name="reading_once_per_place"),
        ]
        indexes = [models.Index(fields=["source", "outcome"], name="reading_by_outcome")]

    def __str__(self) -> str:
        return f"{self.sku_id}@{self.warehouse_id}: {self.on_hand}"

    @property
    def difference(self) -> int:
        return self.on_hand - self.expected


class PullDifference(models.Model):
    """One place on which a pull and the ledger disagreed, and what was done about it."""

    pull = models.ForeignKey(Pull, models.CASCADE, related_name="differences")
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    expected = models.BigIntegerField()
    reported = models.BigIntegerField()
    as_of = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=Reading.Outcome)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.sku_id}@{self.warehouse_id}: {self.expected} → {self.reported}"

    @property
    def difference(self) -> int:
        return self.reported - self.expected


class PullProblem(models.Model):
    """Something a pull could not use, in a sentence that says what to do."""

    class Kind(models.TextChoices):
        UNKNOWN_SKU = "unknown-sku", _("Unknown SKU")
        UNKNOWN_LOCATION = "unknown-location", _("Unmapped location")
        INVALID = "invalid", _("Unusable row")
        AMBIGUOUS = "ambiguous", _("Ambiguous")
        INCONSISTENT = "inconsistent", _("Doesn't add up")

    pull = models.ForeignKey(Pull, models.CASCADE, related_name="problems")
    kind = models.CharField(max_length=20, choices=Kind)
    sku_code = models.CharField(max_length=200, blank=True)
    location_ref = models.CharField(max_length=200, blank=True)
    sentence = models.CharField(max_length=400)

    class Meta:
        ordering = ["kind", "sku_code", "pk"]

    def __str__(self) -> str:
        return self.sentence
