"""What every page of the developers' room shares."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _


def tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs that every page of the room draws."""
    parts = (
        ("endpoints", _("Webhooks"), "developers:endpoint_list"),
        ("events", _("Events"), "developers:event_list"),
        ("tokens", _("API tokens"), "developers:token_list"),
        ("tools", _("Zapier and Make"), "developers:tools"),
        ("reference", _("API reference"), "api:docs"),
    )
    return [
        {"label": label, "url": reverse(name), "is_current": code == current, "count": None}
        for code, label, name in parts
    ]


def person(request: HttpRequest) -> AbstractUser:
    """Return who is signed in; the middleware lets nobody else in."""
    assert isinstance(request.user, AbstractUser)  # noqa: S101 - narrows the type
    return request.user
