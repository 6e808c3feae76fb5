"""The ``Idempotency-Key`` header: a repeated request is done once and answered the same.

A key belongs to one user and one address, so two programs that both count from 1 don't meet. What moves stock also
takes it as the key of its movement or reservation, so that it is done once even where a crash has kept us from keeping
the answer; every other POST leaves a row before it begins, on which its twin waits.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import cast

from django.contrib.auth.models import AbstractUser
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import ProblemError
from api.models import KeptAnswer
from inventory.errors import KeyConflict
from inventory.models import Movement

HEADER = "Idempotency-Key"
MAX_LENGTH = 200
ABANDONED_AFTER = timedelta(minutes=2)  # a request that is still at work then has died


class Replayed(Exception):
    """The request was answered before: that answer, once more."""

    def __init__(self, kept: KeptAnswer) -> None:
        self.status, self.body = kept.status, kept.body


def key_in(request: Request) -> str:
    """Return the header's key, or an empty text without one. Raises ProblemError, 400, for one that can't be used.

    An empty one is refused: most often it is a variable that a script forgot to set. It may stand in quotes, as the
    IETF draft writes it; they are not part of the key.
    """
    said = request.headers.get(HEADER)
    if said is None:
        return ""
    text = said.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not (0 < len(text) <= MAX_LENGTH and text.isascii() and text.isprintable()):
        raise ProblemError(
            400, "invalid-input", f"{HEADER} takes 1 to {MAX_LENGTH} printable ASCII characters.", field=HEADER
        )
    return text


def key_of(request: Request, *, endpoint: str) -> str:
    """Return the ledger's key for this request. Raises ProblemError, 400, without a usable header."""
    text = key_in(request)
    if not text:
        raise ProblemError(
            400,
            "idempotency-key-missing",
            f"Send the header {HEADER}: a text of your own that names this one change, for example a UUID. "
            "Repeat the request with the same key when you don't know whether it arrived.",
            field=HEADER,
        )
    return ledger_key(request, text, endpoint=endpoint)


def ledger_key(request: Request, key: str, *, endpoint: str) -> str:
    """Return what the ledger knows a caller's key as: callers and endpoints don't meet."""
    return f"api:{request.user.pk}:{endpoint}:{key}"


def begin(request: Request, *, is_in_ledger: bool) -> KeptAnswer | None:
    """Look whether this request was made before; return what ``end`` keeps its answer in, None without a key.

    Raises Replayed with the answer it got, KeyConflict when it had another body, ProblemError while its twin is still
    at work. ``is_in_ledger``: the ledger knows the key too and lets nothing be done twice.
    """
    key = key_in(request)
    if not key:
        return None
    # Keyed, so that a body with a password in it can't be guessed from the table.
    text = json.dumps(request.data, sort_keys=True)
    digest = salted_hmac("api.idempotency", text, algorithm="sha256").hexdigest()
    fresh = KeptAnswer(
        user_id=cast(AbstractUser, request.user).pk,
        endpoint=request.path.rstrip("/")[:200],
        key=key,
        digest=digest,
        created_at=timezone.now(),
    )
    kept, is_mine = _found(fresh) if is_in_ledger else _found_or_made(fresh)
    if is_mine:
        return kept
    if kept.digest != digest:
        raise KeyConflict(key)
    if kept.status is not None:
        raise Replayed(kept)
    _take_over(kept)
    return kept


def _found(fresh: KeptAnswer) -> tuple[KeptAnswer, bool]:
    rows = KeptAnswer.objects.filter(user_id=fresh.user_id, endpoint=fresh.endpoint, key=fresh.key)
    kept = rows.first()
    return (fresh, True) if kept is None else (kept, False)


def _found_or_made(fresh: KeptAnswer) -> tuple[KeptAnswer, bool]:
    """Leave a row for our twins, or find the one that a twin has left."""
    return KeptAnswer.objects.get_or_create(
        user_id=fresh.user_id,
        endpoint=fresh.endpoint,
        key=fresh.key,
        defaults={"digest": fresh.digest, "created_at": fresh.created_at},
    )


def _take_over(kept: KeptAnswer) -> None:
    """Go on for a request that died at work. Raises ProblemError, 409, while it may still live."""
    now = timezone.now()
    rows = KeptAnswer.objects.filter(pk=kept.pk, status=None, created_at__lt=now - ABANDONED_AFTER)
    if not rows.update(created_at=now):
        raise ProblemError(
            409,
            "request-under-way",
            "The same request is being worked on at this moment. Repeat it in a second, with the same key.",
            retry_after=1,
        )


def end(kept: KeptAnswer, response: Response) -> None:
    """Keep the answer of what was done. A refusal has changed nothing and is forgotten: its key can be used again."""
    is_done = 200 <= response.status_code < 300
    if not is_done and not kept._state.adding:
        KeptAnswer.objects.filter(pk=kept.pk, status=None).delete()
    if not is_done:
        return
    kept.status = response.status_code
    kept.body = json.loads(JSONRenderer().render(response.data)) if response.data is not None else None
    if kept._state.adding:
        KeptAnswer.objects.bulk_create([kept], ignore_conflicts=True)
    else:
        kept.save(update_fields=["status", "body"])


def check_same(movement: Movement, *, kind: Movement.Kind, reason: str, occurred_at: datetime | None = None) -> None:
    """Raise KeyConflict unless ``movement`` is what this request asks for.

    The ledger has compared place and units already; this compares the rest.
    """
    if (
        movement.kind != kind
        or movement.reason != reason
        or (occurred_at is not None and movement.occurred_at != occurred_at)
    ):
        raise KeyConflict(movement.key)


def answer(body: object, *, is_repeat: bool) -> Response:
    """Return 201; a repeat says so in a header and is otherwise the same."""
    return Response(body, status=201, headers={"Idempotent-Replayed": "true"} if is_repeat else None)
