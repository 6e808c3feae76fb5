"""The sandbox: simulated stores that a person has loaded to try everything, marked so that they can be cleared."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.encryption import EncryptedJSONField


class Sandbox(models.Model):
    """The one sandbox of the installation, from the click that loads it to the one that clears it."""

    class State(models.TextChoices):
        LOADING = "loading", _("Being loaded")
        LOADED = "loaded", _("Loaded")
        CLEARING = "clearing", _("Being cleared")
        FAILED = "failed", _("Failed")

    state = models.CharField(max_length=16, choices=State, default=State.LOADING)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    ports = models.JSONField(default=list, help_text=_("Where the stores listen; kept, so that they come back there."))
    told = EncryptedJSONField(null=True, blank=True, help_text=_("What the stores said of themselves; encrypted."))
    problem = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=150)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("When the lane should look at it again."))
    stores_since = models.DateTimeField(null=True, blank=True, help_text=_("When the stores were started last."))
    host = models.CharField(max_length=120, blank=True, help_text=_("The worker whose child the stores are."))
    beat_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "sandboxes"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="sandbox_is_one")]

    def __str__(self) -> str:
        return self.state
