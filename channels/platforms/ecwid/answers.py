"""Ecwid's answers: JSON out of bytes, and typed errors out of everything else. Pure.

https://docs.ecwid.com/api-reference/rest-api/rest-api-error-codes (REST API v3)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from channels.contract import (
    BadCredentials,
    ChannelError,
    NotListed,
    RateLimited,
    Rejected,
    StoreMoved,
    StoreRefused,
    Unreachable,
)

FALLBACK_WAIT_SECONDS = 10.0  # what Ecwid's own client waits when a 429 names no time
LONGEST_WORDS = 300  # characters of the platform's words that are kept

_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class MissingScope(BadCredentials):
    """The token lives, but the app was not given the access scope that the call needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. ``retry_after`` is the header as it came; empty when absent."""

    status: int
    reason: str
    body: bytes
    retry_after: str = ""

    @property
    def is_html(self) -> bool:
        return self.body.lstrip()[:1] == b"<"

    @property
    def words(self) -> str:
        """What the platform said, in short: its message and code, else the HTTP reason phrase."""
        said = error_of(self.body)
        return f"{said[0] or self.reason or 'no words'} ({self.status}{' ' + said[1] if said[1] else ''})"


def decode(body: bytes | str) -> Any:
    """Return the JSON value. Raises ValueError, also for nesting that is too deep to be honest."""
    try:
        value = json.loads(body)
        raw = body if isinstance(body, str) else body.decode("utf-8", "replace")
        # No database keeps a NUL or half a surrogate pair; both are legal in JSON.
        return _storable(value) if _UNSTORABLE.search(raw) else value
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value


def error_of(body: bytes | str) -> tuple[str, str]:
    """Return Ecwid's (message, code) from an error body; both empty when it is no JSON object.

    One old sample spells ``error_message``; the body as a whole is optional.
    """
    try:
        found = decode(body)
    except ValueError:
        return "", ""
    if not isinstance(found, dict):
        return "", ""
    message = next((found[key] for key in ("errorMessage", "error_message") if isinstance(found.get(key), str)), "")
    code = found.get("errorCode")
    return message[:LONGEST_WORDS], code[:60] if isinstance(code, str) else ""


def value_of(answer: Answer) -> Any:
    """Return the JSON of an answer. Raises the ChannelError that its status or its body stands for."""
    if not 200 <= answer.status < 300:
        raise error_for(answer)
    if not answer.body.strip():
        raise Unreachable("Ecwid answered with an empty body.")
    try:
        return decode(answer.body)
    except ValueError as error:
        what = "a web page" if answer.is_html else "a broken or truncated body"
        raise Unreachable(f"Ecwid answered with {what} where JSON was due.") from error


def error_for(answer: Answer) -> ChannelError:
    """Return the error that an answer outside 2xx stands for."""
    status, words, code = answer.status, answer.words, error_of(answer.body)[1]
    if status == 429:
        return RateLimited("Ecwid asked us to slow down.", wait_seconds=wait_of(answer.retry_after))
    if 300 <= status < 400:
        return Unreachable(
            f"Ecwid answered with a redirect ({status}), which is not followed: check the API address.",
            may_have_applied=False,
        )
    if status in {403, 404} and answer.is_html:
        # A proxy's page in between must neither stop the channel nor make a product look gone.
        return Unreachable(f"A web page answered instead of Ecwid's API: {answer.reason or 'no words'} ({status}).")
    if status == 403 and code == "INSUFFICIENT_APP_SCOPE":
        return MissingScope(f"Ecwid says that the app lacks an access scope: {words}. Grant it and reconnect.")
    if status in {401, 403}:
        return BadCredentials(f"Ecwid does not accept the access token: {words}. Reconnect the store.")
    if status == 402:
        return StoreRefused(f"Ecwid refuses the store: {words}. Check its plan and whether it is suspended.")
    if status == 404 and code == "STORE_NOT_FOUND":
        return StoreMoved(f"Ecwid does not know the store: {words}. Check the store ID.")
    if status == 404:
        return NotListed(f"Ecwid does not have it: {words}.")
    if status == 408 or status >= 500 or status < 200:
        return Unreachable(f"Ecwid failed to answer: {words}.")
    return Rejected(f"Ecwid refused: {words}.")


def wait_of(retry_after: str) -> float:
    """Return the seconds of a ``Retry-After`` header; Ecwid sends whole seconds."""
    try:
        return max(1.0, min(float(int(retry_after)), 86_400.0))
    except ValueError:
        return FALLBACK_WAIT_SECONDS
