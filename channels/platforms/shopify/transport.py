"""One HTTP call to Shopify, and whatever answered it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from channels.contract import Unreachable

CONNECT_SECONDS = 3.05
READ_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. ``version``: the API version that Shopify says it answered with; empty when it does not say."""

    status: int
    reason: str
    body: bytes
    retry_after: str = ""
    version: str = ""

    @property
    def is_html(self) -> bool:
        return self.body.lstrip()[:1] == b"<"


def new_session() -> requests.Session:
    session = requests.Session()
    # The environment's .netrc would add an Authorization header of its own.
    session.trust_env = False
    session.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip"})
    return session


def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    json: object = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make one call and return whatever answered.

    Redirects are not followed: the token must not travel to another host. Raises Unreachable when nothing answered;
    its message quotes neither the URL nor what was sent.
    """
    try:
        response = session.request(
            method,
            url,
            json=json,
            data=form,
            headers=headers,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
        )
    except requests.ConnectTimeout:
        raise Unreachable("Shopify could not be reached in time.", may_have_applied=False) from None
    except requests.ReadTimeout:
        raise Unreachable(f"Shopify did not answer within {READ_SECONDS:.0f} seconds.") from None
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
        raise Unreachable("The shop's address is not a valid URL.", may_have_applied=False) from None
    except requests.ConnectionError as error:
        if never_connected(error):
            raise Unreachable("Shopify could not be reached.", may_have_applied=False) from None
        raise Unreachable("The connection to Shopify broke off.") from None
    except requests.RequestException as error:
        raise Unreachable(f"The call to Shopify failed ({type(error).__name__}).") from None
    return Answer(
        status=response.status_code,
        reason=response.reason or "",
        body=response.content,
        retry_after=response.headers.get("Retry-After", ""),
        version=response.headers.get("X-Shopify-API-Version", ""),
    )


def lines(session: requests.Session, url: str) -> Iterator[bytes]:
    """Yield the lines of a file, however large it is. Raises Unreachable, also in the middle of it."""
    try:
        with session.get(url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)) as response:
            if response.status_code != 200:
                raise Unreachable(f"Shopify's file could not be read ({response.status_code}).", may_have_applied=False)
            yield from response.iter_lines(chunk_size=1 << 16)
    except requests.RequestException as error:
        raise Unreachable(
            f"Shopify's file could not be read to its end ({type(error).__name__}).", may_have_applied=False
        ) from None


def never_connected(error: requests.ConnectionError) -> bool:
    """Tell a refused connection, an unknown host or a bad certificate from one that broke after the request."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, SSLError):
        # Any other TLS failure may come after the request went out.
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, NewConnectionError)
