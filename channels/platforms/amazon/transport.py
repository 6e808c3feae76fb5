"""One HTTP call and whatever answered it; the only place that touches the network, but for the queue."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Mapping

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from channels.contract import Unreachable
from channels.platforms.amazon.answers import Answer

CONNECT_SECONDS = 3.05
READ_SECONDS = 15.0
# Amazon wants to know who calls; more than 500 characters are refused.
USER_AGENT = (
    f"Evenkeel/1.0 (Language=Python/{sys.version_info.major}.{sys.version_info.minor}; Platform={sys.platform})"
)


def session() -> requests.Session:
    made = requests.Session()
    # The environment's .netrc would add a header of its own.
    made.trust_env = False
    made.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"})
    return made


def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    data: bytes | Mapping[str, str] | None = None,
) -> Answer:
    """Make one call. Redirects are not followed: a token must not travel to another host.

    Raises Unreachable when nothing answered; its message never quotes the URL, which holds a document's signature.
    """
    try:
        response = session.request(
            method,
            url,
            data=data,
            headers=dict(headers),
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
        )
    except requests.ConnectTimeout:
        raise Unreachable("Amazon could not be reached in time.", may_have_applied=False) from None
    except requests.ReadTimeout:
        raise Unreachable(f"Amazon did not answer within {READ_SECONDS:g} seconds.") from None
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
        raise Unreachable("The API address is not a valid URL.", may_have_applied=False) from None
    except requests.ConnectionError as error:
        if _never_connected(error):
            raise Unreachable("Amazon could not be reached.", may_have_applied=False) from None
        raise Unreachable("The connection to Amazon broke off.") from None
    except requests.RequestException as error:
        raise Unreachable(f"The call to Amazon failed ({type(error).__name__}).") from None
    told = response.headers
    return Answer(
        status=response.status_code,
        reason=response.reason or "",
        body=response.content,
        retry_after=told.get("Retry-After", ""),
        rate=told.get("x-amzn-RateLimit-Limit", ""),
        request_id=told.get("x-amzn-RequestId", ""),
        content_type=told.get("Content-Type", ""),
    )


def _never_connected(error: requests.ConnectionError) -> bool:
    """Tell a refused connection, an unknown host or a bad certificate from one that broke after the request."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, SSLError):
        # Any other TLS failure may come after the request went out.
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, NewConnectionError)
