"""Who may call: Login with Amazon's tokens, and the roles of the app.

https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass

from sandbox.amazon.errors import ApiError, unauthorized
from sandbox.amazon.operations import OPERATIONS
from sandbox.amazon.options import Options
from sandbox.server import Json, Request, Response, Route, json_response

TOKEN_PATH = "/auth/o2/token"  # noqa: S105 - an address
GRANTLESS_SCOPES = ("sellingpartnerapi::notifications", "sellingpartnerapi::client_credential:rotation")
EXPIRED = "The access token you provided has expired."
REVOKED = "The access token you provided is revoked, malformed or invalid."


@dataclass(frozen=True, slots=True)
class _Token:
    expires_at: float
    scope: str = ""
    """Empty: a seller's token."""


class Access:
    """Issues and checks tokens. Safe to use from any thread."""

    def __init__(self, *, client_id: str, client_secret: str, refresh_token: str, options: Options) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.roles = options.roles
        self.issued = 0
        self._first = refresh_token
        self._refresh_token = refresh_token
        self._is_revoked = False
        self._options = options
        self._lock = threading.Lock()
        self._tokens: dict[str, _Token] = {}

    @property
    def refresh_token(self) -> str:
        return self._refresh_token

    def reset(self) -> None:
        with self._lock:
            self._refresh_token, self._is_revoked, self.issued = self._first, False, 0
            self.roles = self._options.roles
            self._tokens.clear()

    def expire(self) -> None:
        """Let every access token end now; new ones can be had."""
        with self._lock:
            ended = self._options.clock() - 1
            self._tokens = {name: _Token(ended, token.scope) for name, token in self._tokens.items()}

    def revoke(self) -> None:
        """Take the seller's authorisation away: the refresh token and what it brought are dead."""
        with self._lock:
            self._is_revoked = True
            self._tokens = {name: token for name, token in self._tokens.items() if token.scope}

    def authorise(self, *, same: bool = False, roles: tuple[str, ...] | None = None) -> str:
        """Authorise the app anew and return the refresh token; ``roles``: as the app has them from now on."""
        with self._lock:
            self._refresh_token = self._first if same else f"Atzr|{secrets.token_urlsafe(40)}"
            self._is_revoked = False
            if roles is not None:
                self.roles = roles
            return self._refresh_token

    # Calls ------------------------------------------------------------------------------------------------------

    def check(self, request: Request, operation: str) -> None:
        """Raises ApiError 403 for a token that is absent, dead, of the wrong kind or without the role."""
        name = request.headers.get("x-amz-access-token", "")
        if not name:
            raise ApiError(403, "MissingAuthenticationToken", "Access token is missing in the request header.")
        with self._lock:
            token = self._tokens.get(name)
        if token is None:
            raise unauthorized(REVOKED)
        if token.expires_at <= self._options.clock():
            raise unauthorized(EXPIRED)
        plan = OPERATIONS[operation]
        if plan.is_grantless != bool(token.scope):
            raise unauthorized()
        if plan.roles and not set(plan.roles) & set(self.roles):
            raise unauthorized()

    # Login with Amazon ------------------------------------------------------------------------------------------

    def routes(self) -> list[Route]:
        return [Route("POST", TOKEN_PATH, self._token)]

    def _token(self, request: Request, _: dict[str, str]) -> Response:
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return _refused(400, "invalid_request", "The request has an unsupported content type")
        form = request.form()
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            return _refused(401, "invalid_client", "Client authentication failed")
        match form.get("grant_type"):
            case "refresh_token":
                if self._is_revoked or form.get("refresh_token") != self._refresh_token:
                    return _refused(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token")
                return json_response({**self._issue(""), "refresh_token": self._refresh_token})
            case "client_credentials":
                scope = form.get("scope", "")
                if scope not in GRANTLESS_SCOPES:
                    return _refused(400, "invalid_scope", "The request has an invalid scope parameter")
                return json_response(self._issue(scope))
            case _:
                return _refused(400, "unsupported_grant_type", "The authorization grant type is not supported")

    def _issue(self, scope: str) -> Json:
        seconds = self._options.token_seconds
        with self._lock:
            self.issued += 1
            name = f"Atza|{secrets.token_urlsafe(48)}"
            self._tokens[name] = _Token(self._options.clock() + seconds, scope)
        return {"access_token": name, "token_type": "bearer", "expires_in": int(seconds)}


def _refused(status: int, error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}, status)
