"""What each person has arranged for themselves."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reconciliation.words import Severity


class SavedView(models.Model):
    """A filter of the queue under a name."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="reconciliation_views", help_text=_("Who made it.")
    )
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=1000, blank=True, help_text=_("The query string of the queue's address."))
    is_shared = models.BooleanField(default=False, help_text=_("Everyone sees it; only its owner changes it."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="saved_view_once_per_name"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class DigestPreference(models.Model):
    """What a person wants to be mailed about, and when they last were. Without a row: nothing."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reconciliation_digest")
    is_enabled = models.BooleanField(default=True)
    least_severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.HIGH)
    wants_failed_runs = models.BooleanField(default=True)
    wants_channels = models.BooleanField(default=True, help_text=_("Channels that need attention."))
    told_to = models.DateTimeField(help_text=_("What happened until then has been told."))
    sent_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text=_("Why the last mail could not be sent."))

    def __str__(self) -> str:
        return f"{self.user_id}"
