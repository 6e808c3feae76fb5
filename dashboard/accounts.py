"""Sign-in rules: nobody signs up by themselves."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from dashboard.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Keeps the installation closed: the owner makes the users."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Mail what has changed of an account to its address; ours stand on the person, not in rows of their own."""
        if email or user.email:
            super().send_notification_mail(template_prefix, user, context, email or user.email)
