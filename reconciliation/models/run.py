"""One reading of a whole channel, or of a part of it, and what it found."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels.models import Channel, Listing
from inventory.models import Sku
from reconciliation.querysets import FindingQuerySet, RunQuerySet
from reconciliation.words import Cause


class Run(models.Model):
    """A comparison of one channel or one stock source with the ledger; it goes on where it stopped."""

    class Kind(models.TextChoices):
        CHANNEL = "channel", _("Channel")
        SOURCE = "source", _("Stock source")

    class Scope(models.TextChoices):
        FULL = "full", _("Everything")
        SELECTION = "selection", _("A selection")

    class Trigger(models.TextChoices):
        NIGHTLY = "nightly", _("Nightly")
        REQUEST = "request", _("On request")

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")
        SUSPICIOUS = "suspicious", _("Suspicious")

    class Phase(models.TextChoices):
        START = "start", _("Asking for orders")
        SCAN = "scan", _("Reading")
        COMPARE = "compare", _("Comparing")
        CONFIRM = "confirm", _("Looking again")
        END = "end", _("Ended")

    kind = models.CharField(max_length=16, choices=Kind, default=Kind.CHANNEL)
    channel = models.ForeignKey(Channel, models.CASCADE, null=True, blank=True, related_name="runs")
    source_ref = models.CharField(max_length=80, blank=True, help_text=_("Which stock source; empty for a channel."))
    source_name = models.CharField(max_length=200, blank=True)
    scope = models.CharField(max_length=16, choices=Scope, default=Scope.FULL)
    sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="runs")
    trigger = models.CharField(max_length=16, choices=Trigger, default=Trigger.REQUEST)
    requested_by = models.CharField(max_length=150, help_text=_("For example user:ana, or schedule."))

    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    phase = models.CharField(max_length=16, choices=Phase, default=Phase.START)
    cursor = models.CharField(max_length=300, blank=True, help_text=_("The next page of the catalogue."))
    noted_to = models.BigIntegerField(default=0, help_text=_("The last reading that was compared as it came in."))
    noted_at = models.DateTimeField(null=True, blank=True, help_text=_("When that was."))
    is_read = models.BooleanField(default=False, help_text=_("The catalogue was read to its end."))
    problem = models.CharField(max_length=500, blank=True, help_text=_("Why it failed, waits or asks; a sentence."))
    unreadable = models.PositiveIntegerField(default=0, help_text=_("Products that the platform could not show."))

    listings_expected = models.PositiveIntegerField(null=True, blank=True, help_text=_("For the progress."))
    listings_read = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0, help_text=_("Requests to the platform."))
    suspected = models.PositiveIntegerField(default=0, help_text=_("Differences seen in the full reading."))
    dismissed = models.PositiveIntegerField(default=0, help_text=_("Suspicions that a second reading took back."))
    found = models.PositiveIntegerField(default=0, help_text=_("Differences that were confirmed."))
    opened = models.PositiveIntegerField(default=0, help_text=_("Found and shown to people for the first time."))
    corrected = models.PositiveIntegerField(default=0, help_text=_("Within the tolerance; ours was kept by policy."))
    left = models.PositiveIntegerField(default=0, help_text=_("Within the tolerance; left as it is by policy."))
    healed = models.PositiveIntegerField(default=0, help_text=_("Open before, agreeing now."))
    unsettled = models.PositiveIntegerField(default=0, help_text=_("Kept moving; looked at again outside the run."))
    open_after = models.PositiveIntegerField(null=True, blank=True, help_text=_("Open discrepancies at the end."))

    waiting_seconds = models.FloatField(default=0, help_text=_("Waiting for the platform."))
    parsing_seconds = models.FloatField(default=0)
    comparing_seconds = models.FloatField(default=0)
    writing_seconds = models.FloatField(default=0)
    confirming_seconds = models.FloatField(default=0)

    confirm_by = models.DateTimeField(
        null=True, blank=True, help_text=_("What keeps moving until then is left to later checks.")
    )
    asked_at = models.DateTimeField(null=True, blank=True, help_text=_("When it stopped, suspicious, to ask."))
    is_allowed = models.BooleanField(default=False, help_text=_("A person let it go on although it was suspicious."))
    decided_by = models.CharField(max_length=150, blank=True, help_text=_("Who stopped it or let it go on."))
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("When its lane should look at it; null: ended."))
    attempts = models.PositiveIntegerField(default=0, help_text=_("Failed calls in a row."))
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["channel", "-id"], name="run_of_a_channel"),
            models.Index(fields=["due_at"], condition=Q(state="running"), name="run_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["channel"],
                condition=Q(state="running", scope="full", kind="channel"),
                name="run_one_full_per_channel",
            ),
            models.UniqueConstraint(
                fields=["source_ref"], condition=Q(state="running", kind="source"), name="run_one_per_source"
            ),
            models.CheckConstraint(
                condition=Q(kind="channel", channel__isnull=False) | Q(kind="source") & ~Q(source_ref=""),
                name="run_is_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id or self.source_ref} {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.STOPPED, self.State.FAILED}

    @property
    def percent_read(self) -> int | None:
        """How far the reading is; None where nobody knows how much there is."""
        if self.is_read:
            return 100
        if not self.listings_expected:
            return None
        return min(99, self.listings_read * 100 // self.listings_expected)


class DifferingQuantity(models.Model):
    """A listing that showed another number than was accounted shortly after. Dropped when the run ends."""

    # Lean, without constraints of their own, like the readings.
    pk = models.CompositePrimaryKey("run_id", "listing_id")
    run = models.ForeignKey(Run, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    listing = models.ForeignKey(Listing, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")

    def __str__(self) -> str:
        return f"{self.run_id} {self.listing_id}"


class ShownQuantity(models.Model):
    """What one pool showed in the run's reading. Dropped when the run ends."""

    # Lean, without constraints of their own: these rows are written by the hundred thousand. On PostgreSQL the primary
    # key has no index either: they are only ever gone through as a whole.
    run = models.ForeignKey(Run, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    ref = models.CharField(max_length=120)
    product_ref = models.CharField(max_length=120)
    tracked = models.BooleanField(null=True)
    quantity = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.run_id} {self.ref}"


class Finding(models.Model):
    """One suspicion and what became of it. Kept: it is the detail of its run, or the record of a check without one."""

    class State(models.TextChoices):
        SUSPECTED = "suspected", _("Suspected")
        DISMISSED = "dismissed", _("Dismissed")
        OPENED = "opened", _("For review")
        KNOWN = "known", _("Known already")
        CORRECTED = "corrected", _("Corrected")
        LEFT = "left", _("Left within tolerance")
        HEALED = "healed", _("Healed")
        UNSETTLED = "unsettled", _("Kept moving")

    run = models.ForeignKey(
        Run,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="findings",
        help_text=_("Null: a hint from the platform led to it."),
    )
    listing = models.ForeignKey(Listing, models.PROTECT, null=True, blank=True, related_name="findings")
    discrepancy = models.ForeignKey(
        "reconciliation.Discrepancy", models.SET_NULL, null=True, blank=True, related_name="findings"
    )
    ref = models.CharField(max_length=120, blank=True, help_text=_("The platform's id, also of what we don't know."))
    product_ref = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.SUSPECTED)
    cause = models.CharField(max_length=20, choices=Cause, blank=True)
    ledger_says = models.BigIntegerField(null=True, blank=True)
    channel_shows = models.BigIntegerField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["run", "state"], name="finding_of_a_run")]
        constraints = [
            models.UniqueConstraint(fields=["run", "listing"], name="finding_once_per_listing"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.ref} {self.state}"

    @property
    def difference(self) -> int | None:
        """Return what the channel showed less what the ledger said; None where one of them was no number."""
        if self.ledger_says is None or self.channel_shows is None:
            return None
        return self.channel_shows - self.ledger_says


class Suspicion(models.Model):
    """The first of two equal readings that a difference needs: what a listing showed, and at which accounted state."""

    listing = models.OneToOneField(Listing, models.CASCADE, primary_key=True, related_name="suspicion")
    quantity = models.BigIntegerField()
    version = models.BigIntegerField(help_text=_("Of the accounted quantity."))
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.listing_id} {self.quantity}"
