"""The second factor: a code from an app at each sign-in, and whether everyone here needs one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from access.routes import is_public
from dashboard.models import Installation, User
from inventory import audit, encryption

# Wrong codes within the time of a lock-out, from all addresses together: whoever guesses knows the password already.
MOST_WRONG_CODES = 20

# What a person without a second factor reaches while everyone needs one.
_OPEN = ("mfa_", "account_", "usersessions_", "api:", "people:join")


def is_required() -> bool:
    return Installation.objects.filter(requires_second_factor=True).exists()


@transaction.atomic
def require(*, is_required: bool, actor: str) -> None:
    """Ask everyone here for a second factor, from their next click, or stop asking."""
    row, _created = Installation.objects.select_for_update().get_or_create(pk=1)
    if row.requires_second_factor == is_required:
        return
    Installation.objects.filter(pk=1).update(requires_second_factor=is_required)
    audit.record(
        actor=actor,
        action="installation.second_factor",
        subject="installation:1",
        before={"required": not is_required},
        after={"required": is_required},
    )


def has(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


@transaction.atomic
def reset(*, person: User, actor: str) -> None:
    """Take the second factor and its recovery codes from a person who has lost both."""
    removed, _rows = Authenticator.objects.filter(user=person).delete()
    if removed:
        audit.record(
            actor=actor,
            action="user.second_factor_reset",
            subject=f"user:{person.pk}",
            before={"second_factor": True},
            after={"second_factor": False},
        )


class SecondFactorMiddleware:
    """Leads whoever has no second factor to the page that sets one up, where the owner requires it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        user, match = request.user, request.resolver_match
        name = match.view_name if match else ""
        if not isinstance(user, User) or is_public(name) or name.startswith(_OPEN):
            return None
        if not is_required() or has(user):
            return None
        messages.warning(request, _("The owner asks everyone here for a second factor. Set yours up to go on."))
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(reverse("mfa_activate_totp"))
        return redirect("mfa_activate_totp")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Encrypts the secrets that codes are made from, as the credentials of stores are."""

    def get_totp_issuer(self) -> str:
        return "Evenkeel"

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return str(encryption.decrypt(encrypted_text))

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not is_required()


class _Counted(BaseAuthenticateForm):  # type: ignore[misc]
    """Counts wrong codes in the database, for all processes, as wrong passwords are."""

    def clean_code(self) -> str:
        if not AxesProxyHandler.is_allowed(context.request, self._credentials) or self._wrong() >= MOST_WRONG_CODES:
            raise ValidationError(_("Too many wrong codes. Wait 15 minutes, then sign in again."))
        code: str = super().clean_code()
        return code

    @property
    def _credentials(self) -> dict[str, str]:
        return {"username": f"code of {self.user.get_username()}"[:255]}

    def _wrong(self) -> int:
        since = timezone.now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
        attempts = AccessAttempt.objects.filter(username=self._credentials["username"], attempt_time__gte=since)
        total: int | None = attempts.aggregate(n=Sum("failures_since_start"))["n"]
        return total or 0

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        super()._emit_authentication_failed(authenticator)
        user_login_failed.send(sender=__name__, credentials=self._credentials, request=context.request)


class CodeForm(_Counted, AuthenticateForm):  # type: ignore[misc]
    """The code at sign-in."""


class CodeAgainForm(_Counted, ReauthenticateForm):  # type: ignore[misc]
    """The code before something changes that guards the account."""
