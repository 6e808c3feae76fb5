"""Answers to requests that carried an Idempotency-Key."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.encryption import EncryptedJSONField


class KeptAnswer(models.Model):
    """What one request under one key was answered: a repeat gets the same."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    endpoint = models.CharField(max_length=200, help_text=_("The address; a key belongs to one."))
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text=_("Of the body: another one under the same key is refused."))
    status = models.PositiveSmallIntegerField(null=True, help_text=_("Null while the first request is at work."))
    body = EncryptedJSONField(null=True, help_text=_("Encrypted: some answers hold a secret that is shown once."))
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="kept_answer_by_age")]
        constraints = [models.UniqueConstraint(fields=["user", "endpoint", "key"], name="kept_answer_once_per_key")]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.key}"
