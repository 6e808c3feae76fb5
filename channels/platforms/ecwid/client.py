"""HTTP to one Ecwid store and nothing else: REST API v3, https://docs.ecwid.com/api-reference."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from channels.contract import BadCredentials, BadPayload, RateLimited, Unreachable
from channels.limiter import Limiter, budget_key
from channels.platforms.ecwid.answers import Answer, value_of

# Ecwid allows 600 calls a minute for a token. 8 a second and a burst of 20 stay below it in every window.
CALLS_PER_SECOND = 8.0
BURST = 20

CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0

Json = Mapping[str, Any]
"""One JSON object as it came over the wire."""


class EcwidClient:
    """Calls of one store with one token. Every method raises ChannelError and nothing else."""

    def __init__(self, *, base_url: str, store_id: str, token: str) -> None:
        self._root = f"{api_root(base_url)}/{quote(store_id, safe='')}"
        self._token = token
        self._limiter = Limiter(key=budget_key(token), calls_per_second=CALLS_PER_SECOND, burst=BURST)
        self._session = requests.Session()
        # The environment's .netrc would replace our Authorization header.
        self._session.trust_env = False
        self._session.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip"})

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Json:
        """Return the JSON object at ``path``, which begins with a slash and omits the store."""
        return self._object(self._call("GET", path, params=params))

    def put(self, path: str, body: Json) -> Json:
        return self._object(self._call("PUT", path, body=body))

    def post(self, path: str, body: object, params: Mapping[str, str | int] | None = None) -> Json:
        return self._object(self._call("POST", path, params=params, body=body))

    def _object(self, value: object) -> Json:
        if not isinstance(value, dict):
            raise BadPayload("Ecwid answered with JSON that is not an object.")
        return value

    def _call(
        self, method: str, path: str, *, params: Mapping[str, str | int] | None = None, body: object = None
    ) -> object:
        if not self._token or not self._token.isascii() or not self._token.isprintable() or " " in self._token:
            raise BadCredentials("The access token is empty or holds characters that no token has.")
        self._limiter.acquire()
        try:
            answer = send(
                self._session,
                method,
                self._root + path,
                params=params,
                body=body,
                headers={"Authorization": f"Bearer {self._token}"},
            )
            return value_of(answer)
        except RateLimited as error:
            # The token as a whole must rest, not this task alone.
            self._limiter.block(error.wait_seconds)
            raise


def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    params: Mapping[str, str | int] | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make one call and return whatever answered.

    Redirects are not followed: the token must not travel to another host. Raises Unreachable when nothing answered;
    its message never quotes the URL, which holds secrets in the OAuth exchange.
    """
    try:
        response = session.request(
            method,
            url,
            params=params,
            json=body,
            headers=headers,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
        )
    except requests.ConnectTimeout:
        raise Unreachable("Ecwid could not be reached in time.", may_have_applied=False) from None
    except requests.ReadTimeout:
        raise Unreachable(f"Ecwid did not answer within {READ_SECONDS:.0f} seconds.") from None
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
        raise Unreachable("The API address is not a valid URL.", may_have_applied=False) from None
    except requests.ConnectionError as error:
        if _never_connected(error):
            raise Unreachable("Ecwid could not be reached.", may_have_applied=False) from None
        raise Unreachable("The connection to Ecwid broke off.") from None
    except requests.RequestException as error:
        raise Unreachable(f"The call to Ecwid failed ({type(error).__name__}).") from None
    return Answer(
        status=response.status_code,
        reason=response.reason or "",
        body=response.content,
        retry_after=response.headers.get("Retry-After", ""),
    )


def _never_connected(error: requests.ConnectionError) -> bool:
    """Tell a refused connection, an unknown host or a bad certificate from one that broke after the request."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, SSLError):
        # Any other TLS failure may come after the request went out.
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, NewConnectionError)


def api_root(base_url: str) -> str:
    """Return the address above the store: the suffix ``/api/v3`` and a closing slash may be given or not."""
    trimmed = base_url.strip().rstrip("/")
    return trimmed if trimmed.endswith("/api/v3") else f"{trimmed}/api/v3"


def origin(url: str) -> str:
    """Return scheme, host and port of a URL. Raises Unreachable when it is none."""
    try:
        split = urlsplit(url)
    except ValueError:
        raise Unreachable("The API address is not a valid URL.", may_have_applied=False) from None
    return f"{split.scheme}://{split.netloc}"
