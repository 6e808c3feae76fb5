"""The ways in which a WooCommerce site takes an API key.

https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication (wc/v3). By https a key goes into the header or,
where the server drops that, into the query. By http it must never travel: calls are signed with it (OAuth 1.0a, one
leg). PHP makes the address that is signed from the site's own one and from what it believes of TLS, whatever host was
called; so we sign that address too.
"""

from __future__ import annotations

import enum
from urllib.parse import urlsplit, urlunsplit

from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

CLOCK_WINDOW_SECONDS = 15 * 60  # how far a signature's time may be off


class Way(enum.StrEnum):
    """How the key travels; kept with the credentials once it was found out."""

    BASIC = "basic"
    QUERY = "query"
    SIGNED = "signed"  # over the address with the scheme that was called
    SIGNED_AS_HTTP = "signed-as-http"  # a proxy speaks TLS and PHP is not told
    SIGNED_AS_HTTPS = "signed-as-https"  # called by http inside, and PHP believes in https


def ways_for(base_url: str) -> tuple[Way, ...]:
    """Return the ways to try, best first. By http the secret itself is never sent."""
    if urlsplit(base_url).scheme == "https":
        return Way.BASIC, Way.QUERY, Way.SIGNED, Way.SIGNED_AS_HTTP
    return Way.SIGNED, Way.SIGNED_AS_HTTPS


def way_of(text: str, base_url: str) -> Way:
    """Return the way that was kept; where none was, the best one. By http no way that sends the secret counts."""
    allowed = ways_for(base_url)
    return Way(text) if text in {str(way) for way in allowed} else allowed[0]


def auth_of(way: Way, *, key: str, secret: str, home: str) -> AuthBase:
    """Return what puts the key on a call. ``home`` is the site's own address; empty: the one that is called."""
    if way is Way.BASIC:
        return HTTPBasicAuth(key, secret)
    if way is Way.QUERY:
        return _InQuery(key, secret)
    scheme = {Way.SIGNED_AS_HTTP: "http", Way.SIGNED_AS_HTTPS: "https"}.get(way, "")
    return _Signed(key, secret, home=home, scheme=scheme)


class _InQuery(AuthBase):
    def __init__(self, key: str, secret: str) -> None:
        self._pair = {"consumer_key": key, "consumer_secret": secret}

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.prepare_url(request.url, self._pair)
        return request


class _Signed(AuthBase):
    """Signs the address that the site believes to be called at, and calls the real one."""

    def __init__(self, key: str, secret: str, *, home: str, scheme: str) -> None:
        # Not above: it takes a tenth of every process's start, and few sites are called without TLS.
        from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, SIGNATURE_TYPE_QUERY
        from requests_oauthlib import OAuth1

        self._sign = OAuth1(
            key,
            client_secret=secret,
            signature_method=SIGNATURE_HMAC_SHA256,
            # In the query: some servers drop the header.
            signature_type=SIGNATURE_TYPE_QUERY,
        )
        self._place = urlsplit(home).netloc
        self._scheme = scheme

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        called = urlsplit(request.url or "")
        believed = called._replace(scheme=self._scheme or called.scheme, netloc=self._place or called.netloc)
        request.url = urlunsplit(believed)
        signed = self._sign(request)
        request.url = urlunsplit(urlsplit(signed.url or "")._replace(scheme=called.scheme, netloc=called.netloc))
        return request
