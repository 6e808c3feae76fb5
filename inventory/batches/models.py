"""The table of batches; their counts are ``StockCount`` rows that point here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CountBatch(models.Model):
    """Many counts taken at once. ``lines`` are SKU id, warehouse id and units counted, until they are taken."""

    class Kind(models.TextChoices):
        FILE = "file", _("From a file")
        CHANNEL = "channel", _("As a store shows it")

    class State(models.TextChoices):
        PREVIEW = "preview", _("Waits for you")
        TAKING = "applying", _("Under way")
        DONE = "done", _("Done")
        DISCARDED = "discarded", _("Discarded")
        UNDONE = "undone", _("Undone")

    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State, default=State.PREVIEW)
    name = models.CharField(max_length=200, help_text=_("The file's name, or the store's."))
    lines = models.JSONField(default=list)
    problems = models.JSONField(default=list, help_text=_("Lines of the file that can't be used: a sentence each."))
    actor = models.CharField(max_length=150)
    kept = models.PositiveIntegerField(default=0, help_text=_("Left as they are by undoing: changed since."))
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)

    class Meta:
        app_label = "inventory"
        ordering = ["-pk"]
        verbose_name_plural = "count batches"

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """What the keys of its counts and movements begin with."""
        return f"count-batch:{self.pk}:"
