"""Amazon's answers: JSON out of bytes, and typed errors out of everything else. Pure.

Every refusal is ``{"errors": [{code, message, details}]}``; Login with Amazon's are OAuth's ``{error,
error_description}``. https://developer-docs.amazon.com/sp-api/docs/sp-api-errors
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from channels.contract import BadCredentials, ChannelError, NotListed, RateLimited, Rejected, Unreachable
from channels.platforms.amazon.operations import Operation
from channels.platforms.amazon.values import entries, section, text

LONGEST_WORDS = 300  # characters of the platform's words that are kept
LONGEST_WAIT = 600.0  # seconds that a 429 keeps an operation from being called

_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class Conflict(Rejected):
    """What was to be made is there already."""


class Denied(BadCredentials):
    """403: the access token has expired, the seller took the authorisation back, or the app lacks a role."""


class RoleMissing(Rejected):
    """The app lacks a role that only a part of our work needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. ``retry_after``, ``rate`` and ``request_id`` are headers as they came; empty when absent."""

    status: int
    reason: str
    body: bytes
    retry_after: str = ""
    rate: str = ""
    request_id: str = ""
    content_type: str = ""

    @property
    def is_html(self) -> bool:
        return self.body.lstrip()[:1] == b"<"

    @property
    def words(self) -> str:
        """What Amazon said, in short, with the id that its support asks for."""
        code, message = error_of(self.body)
        about = f"{self.status}{' ' + code if code else ''}"
        if self.request_id:
            about += f", request {self.request_id[:80]}"
        return f"{message or self.reason or 'no words'} ({about})"


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


def error_of(body: bytes) -> tuple[str, str]:
    """Return (code, message with its details) of an error body, empty where it is none."""
    try:
        found = section(decode(body))
    except ValueError:
        return "", ""
    if isinstance(found.get("error"), str):
        return text(found["error"])[:60], text(found.get("error_description"))[:LONGEST_WORDS]
    first = next(iter(entries(found.get("errors"))), {})
    message, details = text(first.get("message")), text(first.get("details"))
    return text(first.get("code"))[:60], f"{message} {details}".strip()[:LONGEST_WORDS]


def value_of(answer: Answer, operation: Operation) -> Any:
    """Return the JSON of an answer. Raises the ChannelError that its status or its body stands for."""
    if not 200 <= answer.status < 300:
        raise error_for(answer, operation)
    if not answer.body.strip():
        raise Unreachable("Amazon answered with an empty body.")
    try:
        return decode(answer.body)
    except ValueError as error:
        what = "a web page" if answer.is_html else "a broken or truncated body"
        raise Unreachable(f"Amazon answered with {what} where JSON was due.") from error


def error_for(answer: Answer, operation: Operation) -> ChannelError:
    """Return the error that an answer outside 2xx stands for."""
    status, words = answer.status, answer.words
    if status == 429:
        wait = wait_of(answer, operation)
        return RateLimited(f"Amazon's quota for {operation.name} is used up: {words}.", wait_seconds=wait)
    if 300 <= status < 400:
        return Unreachable(
            f"Amazon answered with a redirect ({status}), which is not followed: check the API address.",
            may_have_applied=False,
        )
    if status in {401, 403, 404} and answer.is_html:
        # A proxy's page in between must neither stop the channel nor make a listing look gone.
        return Unreachable(f"A web page answered instead of Amazon's API: {answer.reason or 'no words'} ({status}).")
    if status in {401, 403}:
        return Denied(words)
    if status == 404:
        return NotListed(f"Amazon does not have it: {words}.")
    if status == 409:
        return Conflict(f"Amazon has it already: {words}.")
    if status == 408 or status >= 500 or status < 200:
        return Unreachable(f"Amazon failed to answer: {words}.")
    return Rejected(f"Amazon refused: {words}.")


def wait_of(answer: Answer, operation: Operation) -> float:
    """Return the seconds to wait after a 429: as the header says if there is one, else until one call is refilled."""
    try:
        return max(1.0, min(float(answer.retry_after), LONGEST_WAIT))
    except ValueError:
        return max(1.0, min(1 / (rate_of(answer) or operation.rate), LONGEST_WAIT))


def rate_of(answer: Answer) -> float | None:
    """Return the calls a second that the answer told, or None when it told none that make sense."""
    try:
        rate = float(answer.rate)
    except ValueError:
        return None
    return rate if 0.0001 <= rate <= 1e9 else None


def final(error: Denied, operation: Operation) -> ChannelError:
    """Return what a 403 means that came in spite of a fresh access token."""
    need = f" Does the app have the role “{operation.role}”?" if operation.role else ""
    sentence = f"Amazon denies {operation.name}: {error}.{need} After a change of roles authorise the app again."
    return BadCredentials(sentence) if operation.is_needed else RoleMissing(sentence)
