"""HTTP to one WooCommerce store and nothing else: REST API wc/v3.

https://woocommerce.github.io/woocommerce-rest-api-docs/
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from channels.contract import BadCredentials, BadPayload, RateLimited, Unreachable
from channels.limiter import Limiter, budget_key
from channels.platforms.woocommerce.answers import BAD_KEY, Answer, KeyRefused, value_of
from channels.platforms.woocommerce.auth import CLOCK_WINDOW_SECONDS, Way, auth_of, way_of
from channels.platforms.woocommerce.refs import identity

# WooCommerce has no limit of its own; hosts have, and small ones must also serve the shop's visitors.
CALLS_PER_SECOND = 5.0
BURST = 10

CONNECT_SECONDS = 5.0
READ_SECONDS = 25.0

PAGE = 100
LARGEST_STEPS_BACK = 5  # times that one walk goes back for what slipped to an earlier page

REST_PATHS = ("/wp-json", "/index.php/wp-json")
NAMESPACE = "/wc/v3"

Json = Mapping[str, Any]
"""One JSON object as it came over the wire."""
Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of a list; ``total`` counts all of it, None where the header did not come through."""

    items: list[Any]
    total: int | None


class WooClient:
    """Calls of one store with one key. Every method raises ChannelError and nothing else."""

    def __init__(self, *, base_url: str, credentials: Mapping[str, str], way: Way | None = None) -> None:
        self.base_url = site_address(base_url)
        key, secret = credentials.get("consumer_key", ""), credentials.get("consumer_secret", "")
        self._has_key = all(_is_plain(part) for part in (key, secret))
        path = credentials.get("rest_path", "")
        self._root = self.base_url + (path if path in REST_PATHS else REST_PATHS[0])
        self.way = way or way_of(credentials.get("way", ""), self.base_url)
        self._auth = auth_of(self.way, key=key, secret=secret, home=credentials.get("home", ""))
        self._limiter = Limiter(
            key=budget_key(f"{self.base_url}:{key}"), calls_per_second=CALLS_PER_SECOND, burst=BURST
        )
        self._session = requests.Session()
        # The environment's .netrc would replace our Authorization header.
        self._session.trust_env = False
        self._session.headers.update({"Accept": "application/json", "User-Agent": "Evenkeel"})

    @property
    def budget_key(self) -> str:
        """The limiter's key of this store's calls."""
        return self._limiter.key

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, params: Params | None = None) -> Json:
        """Return the JSON object at ``path``, which begins with a slash and omits wc/v3."""
        return _object(self._call("GET", path, params=params)[1])

    def get_page(self, path: str, params: Params) -> ListPage:
        """Return one page of a list."""
        answer, items = self._call("GET", path, params=params)
        if not isinstance(items, list):
            raise BadPayload("WooCommerce's list is no list.")
        return ListPage(items=items, total=int(answer.total) if answer.total.isdigit() else None)

    def post(self, path: str, body: Json) -> Json:
        """Create or change; some firewalls let no PUT through, and WooCommerce takes POST for both."""
        return _object(self._call("POST", path, body=body)[1])

    def delete(self, path: str) -> None:
        """Delete for good."""
        self._call("POST", path, params={"_method": "DELETE", "force": "true"}, body={})

    def walk(self, path: str, params: Params) -> Iterator[list[Any]]:
        """Yield a whole list, page by page, in the order of ids, each item at least once.

        A list shifts while it is read: what leaves it pulls later items to earlier pages, where they would be missed.
        So each page begins with the last item of the page before; when that one is not there, a page is read again.
        """
        offset, anchor, steps_back = 0, None, 0
        while True:
            page = self.get_page(path, {**params, "orderby": "id", "order": "asc", "per_page": PAGE, "offset": offset})
            ids = [id_of(item) for item in page.items]
            yield [item for item, own in zip(page.items, ids, strict=True) if own is None or own != anchor]
            if anchor is not None and anchor not in ids and steps_back < LARGEST_STEPS_BACK:
                offset, anchor, steps_back = max(0, offset + 1 - PAGE), None, steps_back + 1
                continue
            reached = offset + len(ids)
            if not ids or (len(ids) < PAGE if page.total is None else reached >= page.total):
                return
            # A page that brings nothing new is stepped over whole, or it would be read for ever.
            offset, anchor = (reached - 1, ids[-1]) if len(ids) > 1 else (offset + PAGE, None)

    def probe(self, path: str, params: Params | None = None) -> Answer:
        """Return whatever answers at ``path`` of the site itself, asked without a key. Raises Unreachable."""
        self._limiter.acquire()
        return send(self._session, "GET", self.base_url + path, params=params)

    def _call(
        self, method: str, path: str, *, params: Params | None = None, body: Json | None = None
    ) -> tuple[Answer, Any]:
        """Make one call; return its answer and the JSON in it, or raise what it stands for."""
        if not self._has_key:
            raise BadCredentials("The consumer key or secret is empty or holds characters that no key has.")
        self._limiter.acquire()
        asked = dict(params or {})
        if method == "GET":
            # Some page caches keep answers of the API; nothing looks at the name.
            asked["nocache"] = time.time_ns()
        url = f"{self._root}{NAMESPACE}{path}"
        answer = send(self._session, method, url, params=asked, body=body, auth=self._auth)
        try:
            return answer, value_of(answer)
        except RateLimited as error:
            # Every process must rest, not this task alone.
            self._limiter.block(error.wait_seconds)
            raise
        except KeyRefused as error:
            skew = clock_skew(answer.date)
            is_signed = self.way not in (Way.BASIC, Way.QUERY)
            if is_signed and error.code == BAD_KEY and abs(skew) > CLOCK_WINDOW_SECONDS - 30:
                raise Unreachable(clock_sentence(skew), may_have_applied=False) from None
            raise


def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    params: Params | None = None,
    body: Json | None = None,
    auth: AuthBase | None = None,
) -> Answer:
    """Make one call and return whatever answered.

    Redirects are not followed: the key must not travel to another host. Raises Unreachable when nothing answered; no
    message quotes an address with its query, which may hold the key.
    """
    try:
        response = session.request(
            method,
            url,
            params=params,
            json=body,
            auth=auth,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
        )
    except requests.ConnectTimeout:
        raise Unreachable("The store could not be reached in time.", may_have_applied=False) from None
    except requests.ReadTimeout:
        raise Unreachable(f"The store did not answer within {READ_SECONDS:.0f} seconds.") from None
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
        raise Unreachable("The store's address is not a valid URL.", may_have_applied=False) from None
    except requests.exceptions.SSLError as error:
        raise Unreachable(
            "The store's certificate is not valid.", may_have_applied=not _never_connected(error)
        ) from None
    except requests.ConnectionError as error:
        if _never_connected(error):
            raise Unreachable("The store could not be reached.", may_have_applied=False) from None
        raise Unreachable("The connection to the store broke off.") from None
    except requests.RequestException as error:
        raise Unreachable(f"The call to the store failed ({type(error).__name__}).") from None
    return Answer(
        status=response.status_code,
        reason=response.reason or "",
        body=response.content,
        retry_after=response.headers.get("Retry-After", ""),
        location=_without_query(response.headers.get("Location", "")),
        date=response.headers.get("Date", ""),
        total=response.headers.get("X-WP-Total", ""),
    )


def site_address(base_url: str) -> str:
    """Return the site's address however it was typed: with /wp-json, /wc/v3 and closing slashes, or without."""
    trimmed = base_url.strip().rstrip("/")
    for tail in (NAMESPACE, "/wp-json", "/index.php"):
        trimmed = trimmed.removesuffix(tail).rstrip("/")
    return trimmed


def id_of(item: object) -> int | None:
    """Return the id of an entry of a list; None when it has none."""
    return identity(item.get("id")) if isinstance(item, dict) else None


def clock_skew(date: str) -> float:
    """Return the seconds that the store's clock is ahead of ours, by its Date header; 0 where it tells none."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError):
        return 0.0


def clock_sentence(skew: float) -> str:
    way = "ahead of" if skew > 0 else "behind"
    return (
        f"The store's clock is {abs(skew) / 60:.0f} minutes {way} ours: signatures are good for 15 minutes only. Set"
        " the clock of the server that is wrong, or connect by https."
    )


def _object(value: object) -> Json:
    # PHP writes an empty object as [].
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise BadPayload("WooCommerce answered with JSON that is not an object.")
    return value


def _is_plain(part: str) -> bool:
    return bool(part) and part.isascii() and part.isprintable() and " " not in part


def _without_query(location: str) -> str:
    """Return where a redirect leads, without the query: it may repeat the key."""
    try:
        split = urlsplit(location)
    except ValueError:
        return ""
    return f"{split.scheme}://{split.netloc}{split.path}"[:200] if split.netloc else split.path[:200]


def _never_connected(error: requests.ConnectionError) -> bool:
    """Tell a refused connection, an unknown host or a bad certificate from one that broke after the request."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, SSLError):
        # Any other TLS failure may come after the request went out.
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, NewConnectionError)
