"""Who calls: API keys in the header, in the query, or as an OAuth 1.0a signature, as WooCommerce looks at them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from sandbox.server import Request
from sandbox.woocommerce.errors import WpError
from sandbox.woocommerce.options import Options

CLOCK_WINDOW = 15 * 60  # seconds that a signature's time may be off
_OAUTH = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_METHODS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_PAIR = re.compile(r'(oauth_[a-z_-]*)=(?:"([^"]*)"|([^,]*))')

Permission = Literal["read", "write", "read_write"]


@dataclass(slots=True, kw_only=True)
class Key:
    """One API key. ``manages_shop`` False: it belongs to a user without rights in the shop."""

    consumer_key: str
    consumer_secret: str
    permission: Permission = "read_write"
    manages_shop: bool = True


def new_key(permission: Permission = "read_write", *, manages_shop: bool = True) -> Key:
    return Key(
        consumer_key=f"ck_{secrets.token_hex(20)}",
        consumer_secret=f"cs_{secrets.token_hex(20)}",
        permission=permission,
        manages_shop=manages_shop,
    )


def signature(method: str, url: str, params: Mapping[str, str], secret: str, algorithm: str) -> str:
    """Return an OAuth 1.0a signature over ``url`` (without query) and all ``params`` but the signature."""
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in params.items() if name != "oauth_signature")
    base = "&".join((method, _encoded(url), _encoded("&".join(f"{name}={value}" for name, value in pairs))))
    digest = hmac.new(f"{secret}&".encode(), base.encode(), _METHODS[algorithm]).digest()
    return base64.b64encode(digest).decode()


class Access:
    """The keys of one store. Safe to use from any thread. ``home`` returns the site's address."""

    def __init__(self, first: Key, options: Options, home: Callable[[], str]) -> None:
        self.first = first
        self._options = options
        self._home = home
        self._lock = threading.Lock()
        self._keys = {first.consumer_key: first}
        self._nonces: dict[str, set[str]] = {}

    def add(self, key: Key) -> Key:
        with self._lock:
            self._keys[key.consumer_key] = key
        return key

    def revoke_all(self) -> None:
        """Delete every key, as the owner does under Settings → Advanced → REST API."""
        with self._lock:
            self._keys.clear()

    def revive(self) -> None:
        """Bring back the first key alone."""
        with self._lock:
            self._keys = {self.first.consumer_key: self.first}
            self._nonces.clear()

    def caller(self, request: Request, *, is_https: bool) -> Key | None:
        """Return whose key a call carries; None for a stranger. Raises WpError 401.

        Keys in header or query count only when the site believes the call came by https; otherwise they are
        ignored, and so is a key that nobody has.
        """
        header = "" if self._options.strips_authorization else request.headers.get("authorization", "")
        found = self._simple(request, header) if is_https else None
        return found or self._signed(request, header, is_https=is_https)

    def _simple(self, request: Request, header: str) -> Key | None:
        name, secret = request.query.get("consumer_key", ""), request.query.get("consumer_secret", "")
        if not (name and secret):
            name, secret = _basic(header)
        key = self._keys.get(name)
        if key is not None and not hmac.compare_digest(key.consumer_secret.encode(), secret.encode()):
            raise _refused("Consumer secret is invalid.")
        return key

    def _signed(self, request: Request, header: str, *, is_https: bool) -> Key | None:
        params = {**request.query, **_oauth_header(header)}
        missing = [name for name in _OAUTH if not params.get(name)]
        if len(missing) == len(_OAUTH):
            return None
        if missing:
            names = [name for name in (*_OAUTH[1:], _OAUTH[0]) if name in missing]
            words = f"Missing OAuth parameters {', '.join(names)}"
            raise WpError(401, "woocommerce_rest_authentication_missing_parameter", words)
        key = self._keys.get(params["oauth_consumer_key"])
        if key is None:
            raise _refused("Consumer key is invalid.")
        if params["oauth_signature_method"] not in _METHODS:
            raise _refused("Invalid signature - signature method is invalid.")
        # PHP builds the address from the site's own, whatever host was called, and from what it believes of TLS.
        url = f"{'https' if is_https else 'http'}://{self._home().partition('://')[2]}{request.path}"
        expected = signature(request.method, url, params, key.consumer_secret, params["oauth_signature_method"])
        if not hmac.compare_digest(expected.encode(), params["oauth_signature"].encode()):
            raise _refused("Invalid signature - provided signature does not match.")
        self._check_moment(key, params["oauth_timestamp"], params["oauth_nonce"])
        return key

    def _check_moment(self, key: Key, timestamp: str, nonce: str) -> None:
        if not timestamp.isdigit() or abs(int(timestamp) - self._options.clock()) > CLOCK_WINDOW:
            raise _refused("Invalid timestamp.")
        with self._lock:
            used = self._nonces.setdefault(key.consumer_key, set())
            if nonce in used:
                raise _refused("Invalid nonce - nonce has already been used.")
            used.add(nonce)


def check_permission(key: Key, method: str) -> None:
    """Raise WpError 401 for a key that may not do this: one for writing only may not read, either."""
    if method in ("GET", "HEAD") and key.permission == "write":
        raise _refused("The API key provided does not have read permissions.")
    if method not in ("GET", "HEAD", "OPTIONS") and key.permission == "read":
        raise _refused("The API key provided does not have write permissions.")


def _basic(header: str) -> tuple[str, str]:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _oauth_header(header: str) -> dict[str, str]:
    if not header.startswith("OAuth "):
        return {}
    return {name: unquote(quoted or bare) for name, quoted, bare in _PAIR.findall(header)}


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _refused(words: str) -> WpError:
    return WpError(401, "woocommerce_rest_authentication_error", words)
