"""Query parameters and bodies, read as strictly as Amazon reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sandbox.amazon.errors import ApiError, invalid_input
from sandbox.amazon.marketplaces import MARKETPLACES
from sandbox.amazon.wire import seconds_of
from sandbox.server import Json, Request


def listed(request: Request, name: str, allowed: Iterable[str] = (), *, most: int = 0) -> list[str]:
    """Return a comma-separated list; none when it is absent. Raises ApiError 400 for a value that is not allowed."""
    text = request.query.get(name, "")
    found = [each for each in text.split(",") if each]
    allowed = frozenset(allowed)
    for each in found:
        if allowed and each not in allowed:
            raise invalid_input(f"{name}: {each} is not one of {', '.join(sorted(allowed))}")
    if most and len(found) > most:
        raise invalid_input(f"{name} may hold {most} at most")
    return found


def marketplace_of(request: Request, served: Iterable[str]) -> str:
    """Return the one marketplace of a call. Raises ApiError 400."""
    found = listed(request, "marketplaceIds")
    if len(found) != 1:
        raise invalid_input("marketplaceIds must name one marketplace")
    if found[0] not in MARKETPLACES or found[0] not in served:
        raise invalid_input(f"{found[0]} is not a marketplace that the seller takes part in")
    return found[0]


def moment(request: Request, name: str) -> float | None:
    """Return a time in UNIX seconds; None when it is absent. Raises ApiError 400."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return seconds_of(text)
    except ValueError:
        raise invalid_input(f"{name}: {text} is not an ISO 8601 time") from None


def page_size(request: Request, name: str, default: int, most: int) -> int:
    """Raises ApiError 400."""
    text = request.query.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid_input(f"{name} must be from 1 to {most}")
    return int(text)


def body_of(request: Request) -> Json:
    """Return the JSON object of the body. Raises ApiError 400, 415."""
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise ApiError(415, "UnsupportedMediaType", "The content type must be application/json.")
    try:
        found = json.loads(request.body)
    except ValueError:
        raise invalid_input("The body is not JSON") from None
    if not isinstance(found, dict):
        raise invalid_input("The body must be a JSON object")
    return found


def text_of(body: Json, name: str) -> str:
    """Return a required text. Raises ApiError 400."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid_input(f"{name} is required")
    return value


def texts_of(body: Json, name: str, *, most: int) -> list[str]:
    """Return a required list of texts. Raises ApiError 400."""
    value = body.get(name)
    if not isinstance(value, list) or not 1 <= len(value) <= most or not all(isinstance(each, str) for each in value):
        raise invalid_input(f"{name} must be a list of 1 to {most} texts")
    return value
