"""Query parameters and JSON bodies, checked for type as Ecwid checks them."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

from sandbox.ecwid.errors import ApiError, wrong_parameter
from sandbox.server import Json, Request

MAX_PAGE = 100


class Parameters:
    """Typed access to a query. Each getter raises ApiError 400 WRONG_PARAMETER on a value of another type."""

    def __init__(self, query: dict[str, str]) -> None:
        self._query = query

    def text(self, name: str) -> str:
        return self._query.get(name, "")

    def whole(self, name: str, default: int, minimum: int = 0) -> int:
        text = self._query.get(name)
        if text is None or text == "":
            return default
        try:
            number = int(text)
        except ValueError:
            raise wrong_parameter(f"{name} must be an integer") from None
        if number < minimum:
            raise wrong_parameter(f"{name} must be {minimum} or more")
        return number

    def flag(self, name: str) -> bool | None:
        text = self._query.get(name)
        if text is None or text == "":
            return None
        if text.lower() not in ("true", "false"):
            raise wrong_parameter(f"{name} must be true or false")
        return text.lower() == "true"

    def moment(self, name: str) -> int | None:
        """Return UNIX seconds from seconds, ``YYYY-MM-DD HH:MM:SS`` or ``YYYY-MM-DD``, read as UTC."""
        text = self._query.get(name)
        if not text:
            return None
        if text.isdigit():
            return int(text)
        for shape in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d"):
            try:
                return int(datetime.strptime(text, shape).replace(tzinfo=UTC).timestamp())
            except ValueError:
                continue
        raise wrong_parameter(f"{name} must be UNIX seconds or YYYY-MM-DD HH:MM:SS")

    def numbers(self, name: str) -> list[int]:
        text = self._query.get(name, "")
        try:
            return [int(part) for part in text.split(",") if part.strip()]
        except ValueError:
            raise wrong_parameter(f"{name} must be integers separated by commas") from None

    def choices(self, name: str, allowed: tuple[str, ...]) -> list[str]:
        found = [part.strip() for part in self._query.get(name, "").split(",") if part.strip()]
        for each in found:
            if each not in allowed:
                raise wrong_parameter(f"{name}: {each} is not one of {', '.join(allowed)}")
        return found

    def page(self) -> tuple[int, int]:
        """Return (offset, limit); a limit above the maximum of 100 is cut to it."""
        return self.whole("offset", 0), min(self.whole("limit", MAX_PAGE, minimum=1), MAX_PAGE)


def envelope(found: list[Json], offset: int, limit: int) -> Json:
    """Return one page of ``found`` in Ecwid's envelope."""
    items = found[offset : offset + limit]
    return {"total": len(found), "count": len(items), "offset": offset, "limit": limit, "items": items}


def json_body(request: Request) -> object:
    """Return the decoded body. Raises ApiError 415 for another content type, 400 for broken JSON."""
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != "application/json":
        raise ApiError(415, "", "Content-Type must be application/json")
    try:
        return json.loads(request.body)
    except ValueError:
        raise wrong_parameter("The body is not valid JSON") from None


def object_body(request: Request) -> Json:
    body = json_body(request)
    if not isinstance(body, dict):
        raise wrong_parameter("The body must be a JSON object")
    return body


def body_whole(body: Json, name: str) -> int:
    """Return an integer field; a boolean, a fraction or a string is refused."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_parameter(f"{name} must be an integer")
    if abs(value) > 2_147_483_647:
        raise wrong_parameter(f"{name} is out of range")
    return value


def body_flag(body: Json, name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise wrong_parameter(f"{name} must be true or false")
    return value


def body_text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise wrong_parameter(f"{name} must be a string")
    return value


def body_amount(body: Json, name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise wrong_parameter(f"{name} must be a number")
    return float(value)


def body_choice(body: Json, name: str, allowed: tuple[str, ...]) -> str:
    value = body_text(body, name)
    if value not in allowed:
        raise wrong_parameter(f"{name} must be one of {', '.join(allowed)}")
    return value
