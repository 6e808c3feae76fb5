"""What allauth does to a person's account, kept in the trail: it tells by signals, and only so."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.dispatch import receiver

from dashboard.models import User
from inventory import audit


def connect() -> None:
    """Importing this module has connected the receivers."""


def _record(user: User, action: str, **after: object) -> None:
    audit.record(actor=f"user:{user.get_username()}", action=action, subject=f"user:{user.pk}", before={}, after=after)


@receiver(password_changed)
@receiver(password_reset)
def _password(sender: object, user: User, **kwargs: Any) -> None:
    _record(user, "user.password")


@receiver(authenticator_added)
def _added(sender: object, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        _record(user, "user.second_factor", second_factor=True)


@receiver(authenticator_removed)
def _removed(sender: object, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        _record(user, "user.second_factor", second_factor=False)


@receiver(authenticator_reset)
def _new_codes(sender: object, user: User, **kwargs: Any) -> None:
    _record(user, "user.recovery_codes")
