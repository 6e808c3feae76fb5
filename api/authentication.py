"""Scripts sign in with ``Authorization: Bearer <token>``."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import AbstractUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from api import tokens
from api.models import ApiToken

_NOT_VALID = "The token is not valid, or was revoked. Make one with: manage.py token USER --scopes …"
_SEEN_EVERY = timedelta(minutes=1)  # last_used_at is for people: one write a minute is enough


class TokenAuthentication(BaseAuthentication):
    """Finds the token by its digest; the token itself is stored nowhere."""

    def authenticate(self, request: Request) -> tuple[AbstractUser, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            raise AuthenticationFailed("Send the token as: Authorization: Bearer <token>")
        try:
            digest = tokens.digest_of(parts[1].decode())
        except UnicodeDecodeError:
            raise AuthenticationFailed(_NOT_VALID) from None
        token = ApiToken.objects.select_related("user").filter(digest=digest, revoked_at=None).first()
        if token is None or not token.user.is_active:
            raise AuthenticationFailed(_NOT_VALID)
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > _SEEN_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
