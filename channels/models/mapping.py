"""How listings came to their SKUs: every change of a mapping, the runs that changed many, and what is suggested."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels.models.channel import Channel
from channels.models.listing import Listing
from inventory.models import Sku
from inventory.querysets import AppendOnlyQuerySet


class MappingRun(models.Model):
    """Many mappings changed at once: by matching a catalogue, from a file, by making SKUs. It can be undone whole."""

    class Kind(models.TextChoices):
        MATCH = "match", _("Matched by itself")
        FILE = "file", _("From a file")
        CREATE = "create", _("SKUs made")

    class State(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        PREVIEW = "preview", _("Waits for you")
        APPLYING = "applying", _("Under way")
        DONE = "done", _("Done")
        DISCARDED = "discarded", _("Discarded")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State)
    channel = models.ForeignKey(Channel, models.CASCADE, null=True, blank=True, related_name="mapping_runs")
    name = models.CharField(max_length=200, blank=True, help_text=_("The file's name."))
    makes_skus = models.BooleanField(default=False, help_text=_("Codes that are no SKU's yet become SKUs."))
    actor = models.CharField(max_length=150)
    total = models.PositiveIntegerField(default=0, help_text=_("Lines or listings to work on."))
    reached = models.PositiveIntegerField(default=0, help_text=_("How many of them are worked on in this state."))
    changed = models.PositiveIntegerField(default=0, help_text=_("Listings whose mapping it changed."))
    made = models.PositiveIntegerField(default=0, help_text=_("SKUs it made."))
    kept = models.PositiveIntegerField(default=0, help_text=_("Left as they are by undoing: changed since."))
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=["checking", "applying", "undoing"]), name="mapping_run_to_work_on"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.get_kind_display()

    @property
    def is_at_work(self) -> bool:
        return self.state in {self.State.CHECKING, self.State.APPLYING, self.State.UNDOING}


class MappingLine(models.Model):
    """One line of a run's file: what it says, what would come of it, or why nothing can."""

    class Action(models.TextChoices):
        LINK = "link", _("Link")
        MAKE = "make", _("Make a SKU and link")
        UNLINK = "unlink", _("Unlink")
        IGNORE = "ignore", _("Never link")
        NOTHING = "nothing", _("No change")
        BAD = "bad", _("Bad")

    run = models.ForeignKey(MappingRun, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField(help_text=_("As an editor counts the file's lines."))
    cells = models.JSONField(default=dict)
    action = models.CharField(max_length=16, choices=Action, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    listing = models.ForeignKey(Listing, models.PROTECT, null=True, blank=True, related_name="+")
    sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="+")
    before_sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="+")
    shows = models.BigIntegerField(null=True, blank=True, help_text=_("What the store shows at the check."))
    target = models.BigIntegerField(
        null=True, blank=True, help_text=_("What it would be told to show; null: nothing is written to it.")
    )

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="mapping_line_once_per_run")]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.number}"


class MappingChange(models.Model):
    """One change of an item's mapping, with what it rests on: the history of a mapping, never rewritten.

    ``listing`` is one of the item's pools; the others changed with it.
    """

    listing = models.ForeignKey(Listing, models.PROTECT, related_name="mapping_changes")
    run = models.ForeignKey(MappingRun, models.PROTECT, null=True, blank=True, related_name="changes")
    before_mapping = models.CharField(max_length=16)
    before_sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="+")
    before_kind = models.CharField(max_length=16, blank=True)
    after_mapping = models.CharField(max_length=16)
    after_sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="+")
    made_sku = models.BooleanField(default=False, help_text=_("The SKU was made for it."))
    kind = models.CharField(max_length=16, help_text=_("What it rests on, by its code."))
    confidence = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["listing", "-id"], name="mapping_change_of_a_listing"),
            models.Index(fields=["run", "id"], name="mapping_change_of_a_run"),
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} → {self.after_sku_id}"


class MappingSuggestion(models.Model):
    """A SKU that an unmapped listing may be, with its reason; written when its store is matched."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="suggestions")
    sku = models.ForeignKey(Sku, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16)
    confidence = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["-confidence", "pk"]
        constraints = [models.UniqueConstraint(fields=["listing", "sku"], name="mapping_suggestion_once")]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.sku_id} {self.confidence}"
