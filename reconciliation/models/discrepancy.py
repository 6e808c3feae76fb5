"""What disagrees and waits for a person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from channels.models import Channel, Listing
from inventory import formats
from inventory.models import Sku, Warehouse
from reconciliation.models.run import Run
from reconciliation.querysets import DiscrepancyQuerySet
from reconciliation.words import Cause, Severity, Verb


class Discrepancy(models.Model):
    """A confirmed difference between the ledger and a channel, or between the ledger and a stock source.

    ``ledger_says`` is what the channel should show if we know of everything that happened there (for a source: on
    hand as of the reading). ``difference`` is signed: positive, the channel shows too much and may oversell.
    At most one is live (open, snoozed or ignored) per listing, and per source, SKU and warehouse.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SNOOZED = "snoozed", _("Snoozed")
        IGNORED = "ignored", _("Ignored")
        RESOLVED = "resolved", _("Resolved")
        HEALED = "healed", _("Healed")

    LIVE = (State.OPEN, State.SNOOZED, State.IGNORED)

    kind = models.CharField(max_length=16, choices=Run.Kind, default=Run.Kind.CHANNEL)
    listing = models.ForeignKey(Listing, models.PROTECT, null=True, blank=True, related_name="discrepancies")
    # No index of its own: ``discrepancy_by_week`` begins with it.
    channel = models.ForeignKey(
        Channel, models.PROTECT, null=True, blank=True, related_name="discrepancies", db_index=False
    )
    source_ref = models.CharField(max_length=80, blank=True)
    source_name = models.CharField(max_length=200, blank=True)
    sku = models.ForeignKey(
        Sku,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="discrepancies",
        help_text=_("What the listing was mapped to when it was found."),
    )
    warehouse = models.ForeignKey(
        Warehouse,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="discrepancies",
        help_text=_("Where the number belongs, if that is a single warehouse."),
    )

    ledger_says = models.BigIntegerField(null=True, blank=True)
    channel_shows = models.BigIntegerField(
        null=True, blank=True, help_text=_("Null: it shows no number, being unlimited or gone.")
    )
    difference = models.GeneratedField(
        expression=Coalesce(F("channel_shows") - F("ledger_says"), 0),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    accounted_version = models.BigIntegerField(default=0, help_text=_("The listing's, at the confirming reading."))
    read_at = models.DateTimeField(help_text=_("When the channel showed it last."))
    agreed_at = models.DateTimeField(null=True, blank=True, help_text=_("When the two were last known to agree."))

    cause = models.CharField(max_length=20, choices=Cause, default=Cause.UNKNOWN)
    evidence = models.JSONField(default=list, help_text=_("What speaks for the cause: sentences with their rows."))
    proposal = models.CharField(max_length=16, choices=Verb, blank=True)
    proposal_reason = models.CharField(max_length=300, blank=True)
    proposed_sku = models.ForeignKey(
        Sku,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Where another mapping is proposed: the SKU."),
    )
    money_at_risk = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True, help_text=_("Units × price, where it is known.")
    )
    severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.LOW)

    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(default=1, help_text=_("Raised by every change; a decision names it."))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="discrepancies"
    )
    snoozed_until = models.DateTimeField(null=True, blank=True, help_text=_("Null while snoozed: until a count."))
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    run = models.ForeignKey(
        Run,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="discrepancies",
        help_text=_("That found it; null: a hint from the platform did."),
    )

    resolution = models.CharField(max_length=16, choices=Verb, blank=True)
    resolution_reason = models.CharField(max_length=300, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    undo = models.JSONField(default=dict, blank=True, help_text=_("What taking the decision back needs to know."))
    undone_by = models.CharField(max_length=150, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = DiscrepancyQuerySet.as_manager()

    class Meta:
        ordering = ["-severity", F("money_at_risk").desc(nulls_last=True), "first_seen_at", "pk"]
        verbose_name_plural = "discrepancies"
        indexes = [
            models.Index(fields=["state", "-severity", "first_seen_at"], name="discrepancy_worst_first"),
            models.Index(fields=["listing", "-id"], name="discrepancy_of_a_listing"),
            models.Index(fields=["resolved_at"], name="discrepancy_by_resolution"),
            models.Index(fields=["channel", "first_seen_at", "state"], name="discrepancy_by_week"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["listing"],
                condition=Q(state__in=["open", "snoozed", "ignored"]),
                name="discrepancy_one_live_per_listing",
            ),
            models.UniqueConstraint(
                fields=["source_ref", "sku", "warehouse"],
                condition=Q(state__in=["open", "snoozed", "ignored"], kind="source"),
                name="discrepancy_one_live_per_source_level",
            ),
            models.CheckConstraint(
                condition=Q(kind="channel", listing__isnull=False, channel__isnull=False)
                | Q(kind="source", sku__isnull=False, warehouse__isnull=False),
                name="discrepancy_is_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id or self.source_ref} {formats.change(self.units_apart)}"

    @property
    def units_apart(self) -> int:
        """Return the difference of the numbers as they stand on this object; ``difference`` is the saved one."""
        if self.ledger_says is None or self.channel_shows is None:
            return 0
        return self.channel_shows - self.ledger_says

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def shows_too_much(self) -> bool:
        """Whether buyers may buy what isn't there."""
        return self.units_apart > 0 or self.cause == Cause.TRACKING_SWITCHED


class DiscrepancyNote(models.Model):
    """What a person wrote beside a discrepancy."""

    discrepancy = models.ForeignKey(Discrepancy, models.CASCADE, related_name="notes")
    actor = models.CharField(max_length=150)
    text = models.TextField(max_length=2000)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:50]
