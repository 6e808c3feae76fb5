"""Changes that a person looks at before they are made."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LevelDraft(models.Model):
    """Tolerances and hold-backs as someone wants them: its effect is shown, and nothing holds until it is saved."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="level_drafts")
    title = models.CharField(max_length=200, help_text=_("Where the changes come from."))
    changes = models.JSONField(help_text=_("One per scope: kind, key, and per field before and after."))
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title
