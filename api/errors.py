"""One JSON shape for every error: problem details (RFC 9457).

``type`` is a stable name for programs, ``detail`` a sentence for people, ``errors`` names each field that was refused.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, TypedDict

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from channels import connect, mapping, mapping_runs, modes, tracking
from channels.contract import ChannelError
from channels.contract import RateLimited as ChannelRateLimited
from channels.sandbox import clearing, loading
from inventory.addresses import ForbiddenAddress
from inventory.batches.reading import TooLong
from inventory.errors import (
    CodeTaken,
    InsufficientStock,
    InvalidQuantity,
    KeptElsewhere,
    KeyConflict,
    LedgerError,
    NotOpen,
    Shortage,
)
from inventory.merging import CannotMerge
from inventory.reservations import ANY_WAREHOUSE
from inventory.sheets import UnreadableSheet
from inventory.sources import connecting
from inventory.sources import mapping as places
from inventory.sources.contract import RateLimited as SourceRateLimited
from inventory.sources.contract import SourceError
from inventory.sources.csv_files import files

logger = logging.getLogger(__name__)

# What the domain says no to, in a sentence that says what to do.
REFUSALS = (
    connect.ConnectRefused,
    connecting.ConnectRefused,
    tracking.CantStart,
    mapping.ChangedSince,
    mapping_runs.NotNow,
    clearing.CantClear,
    loading.CantLoad,
    modes.CantChoose,
    places.WarehouseTaken,
    files.SameFile,
    files.Busy,
)
MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:evenkeel:problem:"


class FieldError(TypedDict):
    """One refused field; ``lines[0].units`` is the units of the first line."""

    field: str
    message: str


class ShortageAnswer(TypedDict):
    """One line that can't be served. ``warehouse`` is null where the request named none."""

    sku: str
    warehouse: str | None
    asked: int
    available: int


class ProblemError(Exception):
    """A refusal of the API itself. ``name`` ends the problem's type."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        field: str = "",
        retry_after: int | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail, self.field, self.extra = status, name, detail, field, extra
        self.headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """Answer every exception of a view in the one shape; what nobody expected is logged and says nothing of itself."""
    set_rollback()
    answer = _own(exc) or _framework(exc)
    if answer is None:
        request = context.get("request")
        logger.error(
            "An API request failed: %s %s",
            getattr(request, "method", "?"),
            getattr(request, "path", "?"),
            exc_info=exc,
        )
        answer = problem(500, "internal-error", "Something went wrong on our side; the server's log has the details.")
    return answer


def problem(
    status: int,
    name: str,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    extra: dict[str, object] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the answer for one refusal; ``extra`` holds members that only this type has."""
    body: dict[str, object] = {
        "type": TYPE_PREFIX + name,
        "title": name.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "errors": errors or [],
        **(extra or {}),
    }
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def refusal_of_item(exc: Exception) -> dict[str, Any] | None:
    """Return what a list of results says of an item that was refused with ``exc``; None where that is no refusal."""
    answer = _own(exc) or _framework(exc)
    if answer is None or answer.status_code >= 500:
        return None
    status = "invalid" if answer.status_code == 400 else "refused"
    return {"status": status, "detail": answer.data["detail"], "errors": answer.data["errors"]}


def _own(exc: Exception) -> Response | None:
    """Answer what our own code and the database refuse."""
    match exc:
        case ProblemError():
            errors = [FieldError(field=exc.field, message=exc.detail)] if exc.field else []
            return problem(exc.status, exc.name, exc.detail, errors=errors, headers=exc.headers, extra=exc.extra)
        case InsufficientStock():
            shortages = [_shortage(shortage) for shortage in exc.shortages]
            return problem(409, "insufficient-stock", str(exc), extra={"shortages": shortages})
        case KeyConflict():
            detail = "This Idempotency-Key was used before with another body. Use a new key for a new change."
            return problem(
                422,
                "idempotency-key-reused",
                detail,
                errors=[FieldError(field="Idempotency-Key", message=detail)],
            )
        case KeptElsewhere():
            return problem(409, "kept-elsewhere", str(exc))
        case NotOpen():
            return problem(409, "reservation-ended", str(exc))
        case InvalidQuantity():
            return problem(400, "invalid-input", str(exc), errors=[FieldError(field="units", message=str(exc))])
        case LedgerError():
            return problem(409, "conflict", str(exc))
        case CodeTaken():
            [detail] = exc.messages
            return problem(409, "code-taken", detail, errors=[FieldError(field="code", message=detail)])
        case CannotMerge():
            return problem(409, "cannot-merge", " ".join(exc.messages))
        case ChannelRateLimited() | SourceRateLimited():
            headers = {"Retry-After": str(ceil(exc.wait_seconds))}
            return problem(503, "other-side-busy", str(exc), headers=headers)
        case ChannelError() | SourceError():
            # 502: it did not answer, which may pass. 409: it answered, and refuses.
            return problem(502, "other-side-away", str(exc)) if exc.retryable else problem(409, "refused", str(exc))
        case ForbiddenAddress():
            return problem(400, "invalid-input", str(exc), errors=[FieldError(field="base_url", message=str(exc))])
        case UnreadableSheet() | TooLong():
            return problem(400, "invalid-input", str(exc), errors=[FieldError(field="content", message=str(exc))])
        case _ if isinstance(exc, REFUSALS):
            return problem(409, "conflict", str(exc))
        case ModelValidationError():
            messages = [FieldError(field="", message=message) for message in exc.messages]
            return problem(400, "invalid-input", " ".join(exc.messages), errors=messages)
        case RequestDataTooBig():
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            return problem(413, "body-too-large", f"The body is larger than {limit} bytes. Send it in parts.")
        case IntegrityError():
            # The constraint's words stay in the log: they name tables and values.
            logger.warning("An API request met a constraint of the database.", exc_info=exc)
            return problem(409, "conflict", "This contradicts what is stored by now. Read it again, then repeat.")
        case DataError():
            logger.warning("An API request held a value that the database refuses.", exc_info=exc)
            return problem(400, "invalid-input", "A value is longer or larger than can be stored.")
        case OperationalError():
            logger.error("The database did not answer an API request.", exc_info=exc)
            detail = "The database did not answer. Repeat the request, with the same Idempotency-Key."
            return problem(503, "unavailable", detail, headers={"Retry-After": "5"})
    return None


def _framework(exc: Exception) -> Response | None:
    """Answer what Django and the REST framework refuse."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if not isinstance(exc, exceptions.APIException):
        return None
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(exc, exceptions.ValidationError):
        errors = list(flat(exc.detail))
        return problem(400, "invalid-input", sentence_of(errors), errors=errors, headers=headers)
    name = HTTPStatus(exc.status_code).phrase.lower().replace(" ", "-")
    if isinstance(exc, exceptions.ParseError):
        name = "malformed-body"
    extra: dict[str, object] = {}
    if scope := getattr(exc.detail, "code", "").partition("missing-scope ")[2]:
        name, extra = "missing-scope", {"scope": scope}
    return problem(exc.status_code, name, str(exc.detail), extra=extra, headers=headers)


def flat(detail: Any, field: str = "") -> Iterator[FieldError]:
    """Turn the framework's nested lists and dicts into one row per message, with the path to the field."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            if isinstance(name, int):
                path = f"{field}[{name}]"
            elif name == "non_field_errors":
                path = field
            else:
                path = f"{field}.{name}" if field else str(name)
            yield from flat(inner, path)
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            # A list of dicts is a list of rows, a list of texts holds the messages of one field.
            yield from flat(inner, f"{field}[{position}]" if isinstance(inner, dict) else field)
    else:
        yield FieldError(field=field, message=str(detail))


def sentence_of(errors: Sequence[FieldError]) -> str:
    """Return all of them in one line."""
    return "; ".join(f"{e['field']}: {e['message']}" if e["field"] else e["message"] for e in errors)


def _shortage(shortage: Shortage) -> ShortageAnswer:
    return ShortageAnswer(
        sku=shortage.sku,
        warehouse=None if shortage.warehouse == ANY_WAREHOUSE else shortage.warehouse,
        asked=shortage.asked,
        available=shortage.available,
    )
