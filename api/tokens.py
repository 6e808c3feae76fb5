"""Making and ending the tokens that scripts sign in with."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from api.models import ApiToken
from api.permissions import SCOPES
from inventory import audit

_PREFIX_LENGTH = 12


class UnknownScope(ValueError):
    """Names the scopes that don't exist and lists those that do."""

    def __init__(self, unknown: Iterable[str]) -> None:
        names = ", ".join(unknown)
        super().__init__(f"There is no scope {names}. The scopes are: {', '.join(SCOPES)}; or all.")


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def parse_scopes(text: str) -> list[str]:
    """Return the scopes named in ``text``, split by commas or spaces, in the order of SCOPES; ``all`` is every one.

    Raises UnknownScope, also when ``text`` names none.
    """
    named = {part for part in re.split(r"[,\s]+", text) if part}
    unknown = sorted(named - set(SCOPES) - {"all"})
    if unknown or not named:
        raise UnknownScope(unknown or ["“”"])
    return list(SCOPES) if "all" in named else [scope for scope in SCOPES if scope in named]


@transaction.atomic
def issue(*, user: AbstractUser, scopes: list[str], name: str = "") -> str:
    """Make a token and return it. It can't be shown again: only its digest is kept."""
    token = f"evk_{secrets.token_urlsafe(32)}"
    row = ApiToken.objects.create(
        user_id=user.pk, name=name, digest=digest_of(token), prefix=token[:_PREFIX_LENGTH], scopes=scopes
    )
    audit.record(
        actor=f"user:{user.get_username()}",
        action="token.make",
        subject=f"token:{row.pk}",
        before={},
        after={"name": name, "starts": row.prefix, "scopes": ", ".join(scopes)},
    )
    return token


@transaction.atomic
def revoke(*, prefix: str, user: AbstractUser, now: datetime) -> int:
    """End the user's tokens that start with ``prefix`` and return how many there were."""
    revoked = 0
    for token in ApiToken.objects.filter(user_id=user.pk, prefix=prefix[:_PREFIX_LENGTH], revoked_at=None):
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            revoked += 1
            audit.record(
                actor=f"user:{user.get_username()}",
                action="token.revoke",
                subject=f"token:{token.pk}",
                before={"name": token.name, "starts": token.prefix},
                after={},
            )
    return revoked
