"""Tokens, their scopes, their budgets, and the codes of an OAuth consent."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass

from sandbox.ecwid.errors import ApiError
from sandbox.ecwid.options import Options
from sandbox.limits import SlidingWindow


@dataclass(slots=True, kw_only=True)
class Grant:
    """A consent's code: what it allows, where it may be used, and the token it was exchanged for."""

    redirect_uri: str
    scopes: tuple[str, ...]
    issued_at: float
    token: str = ""


class Access:
    """Decides whether a call may pass. Safe to use from any thread."""

    def __init__(self, token: str, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._first = token
        self._tokens: dict[str, tuple[str, ...]] = {token: options.scopes}
        self._grants: dict[str, Grant] = {}
        self._dead_calls: dict[str, int] = {}
        self._blocked_until: dict[str, float] = {}
        self.window = SlidingWindow(calls=options.rate_limit, seconds=options.rate_window_seconds, clock=options.clock)
        self._dead_window = SlidingWindow(calls=options.dead_token_limit, seconds=60.0, clock=options.clock)

    @property
    def token(self) -> str:
        """The newest working token, or the first one when none works."""
        with self._lock:
            return next(reversed(self._tokens), self._first)

    def scopes_of(self, token: str, client: str) -> tuple[str, ...]:
        """Return what a token may do. Raises ApiError 403 INVALID_API_TOKEN, or 429 for hammering with it."""
        with self._lock:
            scopes = self._tokens.get(token)
            if scopes is not None and not self._options.dead_token_blocks_address:
                return scopes
            wait = self._blocked_until.get(client, 0) - self._options.clock()
            if wait > 0:
                raise rate_limited(int(wait) + 1)
            if scopes is not None:
                return scopes
            # Two budgets: so many a minute, and so many in all from one address.
            self._dead_calls[client] = self._dead_calls.get(client, 0) + 1
            too_many = self._dead_calls[client] > self._options.dead_token_total
            if self._dead_window.take(client) or too_many:
                wait = self._options.dead_token_block_seconds
                self._blocked_until[client] = self._options.clock() + wait
                raise rate_limited(int(wait))
        raise ApiError(403, "INVALID_API_TOKEN", "The token is invalid or was revoked")

    def spend(self, token: str) -> None:
        """Count one call. Raises ApiError 429 RATE_LIMITED above the limit."""
        wait = self.window.take(token)
        if wait:
            raise rate_limited(wait)

    def set_rate_limit(self, calls: int) -> None:
        """Change the calls allowed per window, and start a new one."""
        self.window.calls = calls
        self.window.clear()

    def expire(self) -> None:
        """Make every token invalid, as uninstalling the app does."""
        with self._lock:
            self._tokens.clear()

    def renew(self, *, same: bool = False, scopes: tuple[str, ...] | None = None) -> str:
        """Issue a working token and lift the penalties; ``same`` revives the first token instead of a new one."""
        token = self._first if same else f"secret_{secrets.token_urlsafe(24)}"
        with self._lock:
            self._tokens.pop(token, None)
            self._tokens[token] = self._options.scopes if scopes is None else scopes
            self._dead_calls.clear()
            self._blocked_until.clear()
            self._dead_window.clear()
        return token

    def grant(self, redirect_uri: str, scopes: tuple[str, ...]) -> str:
        """Return a new code."""
        code = secrets.token_urlsafe(18)
        with self._lock:
            self._grants[code] = Grant(redirect_uri=redirect_uri, scopes=scopes, issued_at=self._options.clock())
        return code

    def exchange(self, code: str, redirect_uri: str) -> tuple[str, tuple[str, ...]] | None:
        """Return (token, scopes) for a fresh code, else None. A second exchange disables the first one's token."""
        with self._lock:
            grant = self._grants.get(code)
            if grant is None or grant.redirect_uri != redirect_uri:
                return None
            if grant.token:
                self._tokens.pop(grant.token, None)
                return None
            if self._options.clock() - grant.issued_at > self._options.code_seconds:
                return None
            grant.token = f"secret_{secrets.token_urlsafe(24)}"
            self._tokens[grant.token] = grant.scopes
            return grant.token, grant.scopes


def rate_limited(wait: int) -> ApiError:
    """``wait`` is whole seconds for Retry-After."""
    return ApiError(429, "RATE_LIMITED", "Too many requests", {"Retry-After": str(wait)})
