"""WooCommerce's answers: JSON out of bytes, and typed errors out of everything else. Pure.

https://woocommerce.github.io/woocommerce-rest-api-docs/#errors (wc/v3). Messages follow the store's language and may
hold HTML entities: what they mean is read from ``code`` alone.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import Any

from channels.contract import BadCredentials, ChannelError, NotListed, RateLimited, Rejected, StoreRefused, Unreachable

FALLBACK_WAIT_SECONDS = 30.0  # where a host asks to wait and names no time
LONGEST_WORDS = 300  # characters of the platform's words that are kept

GONE = frozenset(
    {
        "woocommerce_rest_product_invalid_id",
        "woocommerce_rest_product_variation_invalid_id",
        # A variation asked for as a product: it is another product's by now.
        "woocommerce_rest_invalid_product_id",
        "woocommerce_rest_shop_order_invalid_id",
        "woocommerce_rest_shop_webhook_invalid_id",
    }
)
BAD_KEY = "woocommerce_rest_authentication_error"

_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_TAGS = re.compile(r"<[^>]*>")
_BOM = b"\xef\xbb\xbf"


class KeyRefused(BadCredentials):
    """401: no key that the store knows has arrived, or it is refused. ``code`` is WordPress's."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class NoRights(BadCredentials):
    """403: the store knows whose key it is, and that user may not do this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. Headers as they came; empty when absent."""

    status: int
    reason: str
    body: bytes
    retry_after: str = ""
    location: str = ""
    date: str = ""
    total: str = ""

    @property
    def is_html(self) -> bool:
        return self.body.lstrip().removeprefix(_BOM).lstrip()[:1] == b"<"

    @property
    def words(self) -> str:
        """What the store said, in short: its message and code, else the HTTP reason phrase."""
        message, code = error_of(decoded(self.body))
        return f"{message or self.reason or 'no words'} ({self.status}{' ' + code if code else ''})"


def decode(body: bytes | str) -> Any:
    """Return the JSON value. Raises ValueError, also for nesting that is too deep to be honest."""
    raw = body if isinstance(body, str) else body.removeprefix(_BOM).decode("utf-8", "replace")
    try:
        value = json.loads(raw)
        # No database keeps a NUL or half a surrogate pair; both are legal in JSON.
        return _storable(value) if _UNSTORABLE.search(raw) else value
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def decoded(body: bytes | str) -> Any:
    """Return the JSON value, or None where there is none."""
    try:
        return decode(body)
    except ValueError:
        return None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value


def error_of(value: object) -> tuple[str, str]:
    """Return WordPress's (message, code) from an error body; both empty when it is none."""
    if not isinstance(value, dict):
        return "", ""
    message, code = value.get("message"), value.get("code")
    words = html.unescape(_TAGS.sub("", message)) if isinstance(message, str) else ""
    return words.strip().rstrip(".")[:LONGEST_WORDS], code[:80] if isinstance(code, str) else ""


def status_of(error: object) -> int:
    """Return the HTTP status in an error body; 0 when it tells none. Some errors have a bare number as their data."""
    data = error.get("data") if isinstance(error, dict) else None
    status = data.get("status") if isinstance(data, dict) else data
    return status if isinstance(status, int) and not isinstance(status, bool) else 0


def value_of(answer: Answer) -> Any:
    """Return the JSON of an answer. Raises the ChannelError that its status or its body stands for."""
    if not 200 <= answer.status < 300:
        raise error_for(answer)
    if not answer.body.strip():
        raise Unreachable("The store answered with an empty body.")
    try:
        return decode(answer.body)
    except ValueError as error:
        what = "a web page" if answer.is_html else "a broken or truncated body"
        raise Unreachable(f"The store answered with {what} where JSON was due.") from error


def error_for(answer: Answer) -> ChannelError:
    """Return the error that an answer outside 2xx stands for."""
    status, words = answer.status, answer.words
    if status == 429:
        return RateLimited("The store's host asked us to slow down.", wait_seconds=wait_of(answer.retry_after))
    if 300 <= status < 400:
        place = f" to {answer.location}" if answer.location else ""
        return Unreachable(
            f"The store redirects{place} ({status}), which is not followed: connect with the address it leads to.",
            may_have_applied=False,
        )
    if answer.is_html or error_of(decoded(answer.body))[1] == "":
        return _not_woocommerce(answer)
    return _by_code(status, words, error_of(decoded(answer.body))[1])


def _not_woocommerce(answer: Answer) -> ChannelError:
    """What stands before WordPress must neither stop the channel nor make a product look gone."""
    status = answer.status
    said = f"{answer.reason or 'no words'} ({status})"
    if status == 401:
        return Unreachable(f"The site asks for a password before its API answers: {said}.", may_have_applied=False)
    if status == 403:
        return Unreachable(
            f"A firewall or security plugin stands before the store's API: {said}. Let Evenkeel through to"
            " /wp-json/wc/.",
            may_have_applied=False,
        )
    if status < 500 and status != 408:
        return Unreachable(f"A web page answered instead of WooCommerce's API: {said}.", may_have_applied=False)
    return Unreachable(f"The store failed to answer: {said}.")


def _by_code(status: int, words: str, code: str) -> ChannelError:
    if status == 401:
        return KeyRefused(
            f"The store does not accept the key: {words}. Check key and secret: revoked, or another store's?",
            code,
        )
    if status == 403:
        return NoRights(f"The key's user may not do this: {words}. Use a key of an administrator or shop manager.")
    if code == "rest_no_route":
        return StoreRefused(f"WooCommerce's API is not there: {words}. Is the WooCommerce plugin active?")
    if code in GONE:
        return NotListed(f"WooCommerce does not have it: {words}.")
    if status == 408 or status >= 500 or status < 200:
        return Unreachable(f"The store failed to answer: {words}.")
    return Rejected(f"WooCommerce refused: {words}.")


def wait_of(retry_after: str) -> float:
    """Return the seconds of a ``Retry-After`` header; hosts send whole seconds."""
    try:
        return max(1.0, min(float(int(retry_after)), 86_400.0))
    except ValueError:
        return FALLBACK_WAIT_SECONDS
