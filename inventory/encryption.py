"""Credentials at rest: encrypted with the newest key, readable with any of them, so that keys can be rotated."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


def encrypt(value: object) -> str:
    """Return ``value`` (anything JSON can hold) as text that only the keys can open."""
    return _box().encrypt(json.dumps(value).encode()).decode()


def decrypt(text: str) -> Any:
    """Return what ``encrypt`` was given. Raises ImproperlyConfigured when no key fits."""
    try:
        return json.loads(_box().decrypt(text.encode()))
    except InvalidToken:
        raise ImproperlyConfigured(
            "EVENKEEL_ENCRYPTION_KEY can't open the stored credentials: put back the key they were written with."
        ) from None


class EncryptedJSONField(models.TextField):  # type: ignore[type-arg]
    """A JSON value that stands encrypted in the database."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: object) -> str | None:
        return None if value is None else encrypt(value)

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""
