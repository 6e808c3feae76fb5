"""The ``Idempotency-Key`` header: a repeated request is done once and answered the same.

A key belongs to one user and one endpoint, so two programs that both count from 1 don't meet. It becomes the key of
the movement or reservation itself: there is no second store that could disagree with the ledger.
"""

from __future__ import annotations

from datetime import datetime

from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import ProblemError
from inventory.errors import KeyConflict
from inventory.models import Movement

HEADER = "Idempotency-Key"
MAX_LENGTH = 200


def key_of(request: Request, *, endpoint: str) -> str:
    """Return the ledger's key for this request. Raises ProblemError, 400, without a usable header.

    The header may stand in quotes, as the IETF draft writes it; they are not part of the key.
    """
    text = request.headers.get(HEADER, "").strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not text:
        raise ProblemError(
            400,
            "idempotency-key-missing",
            f"Send the header {HEADER}: a text of your own that names this one change, for example a UUID. "
            "Repeat the request with the same key when you don't know whether it arrived.",
            field=HEADER,
        )
    if len(text) > MAX_LENGTH or not (text.isascii() and text.isprintable()):
        raise ProblemError(
            400,
            "invalid-input",
            f"{HEADER} takes 1 to {MAX_LENGTH} printable ASCII characters.",
            field=HEADER,
        )
    return f"api:{request.user.pk}:{endpoint}:{text}"


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
