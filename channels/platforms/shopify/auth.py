"""Access tokens: pasted, made from the app's client credentials, refreshed, or granted by consent in the browser.

https://shopify.dev/docs/apps/build/authentication-authorization (client credentials grant, authorization code grant,
offline access tokens). Of the credentials that the core keeps, ``access_token`` is one that a person pasted or a
consent gave for good; ``made_token`` is one that expires, with ``expires_at`` and, after a consent, ``refresh_token``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import requests

from channels.contract import BadCredentials, RateLimited, Rejected, Store, Unreachable
from channels.limiter import Limiter, budget_key
from channels.platforms.shopify.answers import error_for, wait_of, words_of
from channels.platforms.shopify.transport import Answer, new_session, send
from channels.platforms.shopify.values import Json, decode, inner, text

REQUIRED_SCOPES = (
    "read_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_orders",
    "read_fulfillments",
    "read_merchant_managed_fulfillment_orders",
)
RENEWED_BEFORE = timedelta(minutes=5)  # a token that is this close to its end is made anew
MINTS_PER_SECOND = 1.0

_SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_ADMIN = re.compile(r"/store/([a-z0-9][a-z0-9-]*)")


class Tokens:
    """The token of one shop, made anew where it can be. ``session`` makes the calls that this takes."""

    def __init__(self, store: Store, session: requests.Session) -> None:
        self._store = store
        self._session = session
        self._credentials: Mapping[str, str] = store.credentials

    @property
    def can_renew(self) -> bool:
        held = self._credentials
        has_app = bool(held.get("client_id") and held.get("client_secret"))
        return has_app and (bool(held.get("refresh_token")) or not held.get("access_token"))

    def current(self) -> str:
        """Return a token that lives, as far as is known. Raises ChannelError where one can't be made."""
        held = self._credentials
        if held.get("refresh_token") or not held.get("access_token"):
            if not self.can_renew:
                raise BadCredentials(
                    "There is neither an access token nor a client ID with its secret. Enter one of the two."
                )
            if not held.get("made_token") or _is_over(held.get("expires_at", "")):
                self.renew()
            return usable(self._credentials.get("made_token", ""))
        return usable(held["access_token"])

    def renew(self) -> None:
        """Get a new token, or the one that another process has got meanwhile. Raises ChannelError."""
        self._credentials = self._store.keeper.renewed(self._credentials, self._make)

    def _make(self, held: Mapping[str, str]) -> dict[str, str]:
        form = {"client_id": held.get("client_id", ""), "client_secret": held.get("client_secret", "")}
        if held.get("refresh_token"):
            form |= {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}
        else:
            form |= {"grant_type": "client_credentials"}
        reply = ask_for_token(self._session, self._store.base_url, form)
        return {**held, **credentials_of(reply, now=datetime.now(UTC))}


def ask_for_token(session: requests.Session, base_url: str, form: Mapping[str, str]) -> Json:
    """Ask for a token and return the reply. Raises ChannelError; no secret is in its message."""
    url = f"{shop_address(base_url)}/admin/oauth/access_token"
    limiter = Limiter(
        key=budget_key(f"{base_url}:oauth:{form['client_id']}"), calls_per_second=MINTS_PER_SECOND, burst=10
    )
    limiter.acquire()
    answer = send(session, "POST", url, form=form)
    if answer.status == 429:
        wait = wait_of(answer.retry_after)
        limiter.block(wait)
        raise RateLimited("Shopify asked us to slow down.", wait_seconds=wait)
    if 400 <= answer.status < 500 and answer.status not in {402, 404, 408, 423, 430} and not answer.is_html:
        raise BadCredentials(f"Shopify gives no access token: {_refusal(answer, form)}")
    if not 200 <= answer.status < 300:
        raise error_for(answer)
    try:
        reply = inner(decode(answer.body))
    except ValueError as error:
        raise Unreachable("Shopify answered with a web page where a token was due.") from error
    if not text(reply.get("access_token")):
        raise BadCredentials("Shopify's reply holds no access token. Connect the shop again.")
    return reply


def credentials_of(reply: Json, *, now: datetime) -> dict[str, str]:
    """Return what a reply adds to a shop's credentials; empty texts take the place of what it makes void."""
    token, seconds = text(reply.get("access_token")), reply.get("expires_in")
    scope = ",".join(text(reply.get("scope")).replace(",", " ").split())
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return {"access_token": token, "scope": scope}
    ends_at = now + timedelta(seconds=float(seconds))
    found = {"made_token": token, "expires_at": ends_at.isoformat(timespec="seconds"), "scope": scope}
    if text(reply.get("refresh_token")):
        found["refresh_token"] = text(reply.get("refresh_token"))
    return found


def usable(token: str) -> str:
    """Return a token that may stand in a header. Raises BadCredentials."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise BadCredentials("The access token is empty or holds characters that no token has.")
    return token


def shop_address(base_url: str) -> str:
    """Return ``https://north-ridge.myshopify.com`` for any way to write a shop's address. Raises Rejected.

    Only the myshopify.com domain serves the API, and a token must be sent nowhere else; a host without a public
    suffix of its own (localhost, a number) is a simulator's.
    """
    try:
        split = urlsplit(base_url.strip() if "//" in base_url else f"https://{base_url.strip()}")
        host = (split.hostname or "").lower()
        port = split.port
    except ValueError:
        raise Rejected("The shop's address is not a valid URL.") from None
    if host == "admin.shopify.com" and (named := _ADMIN.match(split.path)):
        host = f"{named[1]}.myshopify.com"
    if _SHOP.fullmatch(host):
        return f"https://{host}"
    if host and (host == "localhost" or "." not in host or re.fullmatch(r"[0-9.]+|[0-9a-f:]+", host)):
        shown = f"[{host}]" if ":" in host else host
        return f"{split.scheme}://{shown}" + (f":{port}" if port else "")
    raise Rejected(
        f"{host or 'This'} is not a shop's own domain. Enter the one that ends in .myshopify.com: it stands in the"
        " Shopify admin under Settings, Domains."
    )


# Consent in the browser -------------------------------------------------------------------------------------------


def authorise_url(*, base_url: str, credentials: Mapping[str, str], redirect_uri: str, state: str) -> str:
    """Return where to send the person. Raises Rejected for an address that is no shop's."""
    query = urlencode(
        {
            "client_id": credentials.get("client_id", ""),
            "scope": ",".join(REQUIRED_SCOPES),
            "redirect_uri": redirect_uri,
            "state": state,
        }
    )
    return f"{shop_address(base_url)}/admin/oauth/authorize?{query}"


def exchange_code(
    *, base_url: str, credentials: Mapping[str, str], answer: Mapping[str, str], redirect_uri: str
) -> dict[str, str]:
    """Exchange the code in Shopify's answer, once, for the credentials of the shop.

    The answer is signed with the app's secret, and names a shop: another shop's answer, or one that Shopify did not
    sign, is refused. Raises ChannelError.
    """
    secret = credentials.get("client_secret", "")
    if not secret or not hmac.compare_digest(sign_query(answer, secret), answer.get("hmac", "").lower()):
        raise BadCredentials("The answer is not signed with this app's client secret. Check the secret, begin again.")
    host = urlsplit(shop_address(base_url)).hostname or ""
    if not _SHOP.fullmatch(answer.get("shop", "")) or (_SHOP.fullmatch(host) and answer["shop"] != host):
        raise BadCredentials(f"The answer is of another shop ({answer.get('shop', '')[:80]}) than {host}. Begin again.")
    # A token that expires comes with one to refresh it; apps that get none are given a token for good.
    form = {
        "client_id": credentials.get("client_id", ""),
        "client_secret": secret,
        "code": answer.get("code", ""),
        "expiring": "1",
    }
    with new_session() as session:
        reply = ask_for_token(session, base_url, form)
    made = credentials_of(reply, now=datetime.now(UTC))
    return {"client_id": form["client_id"], "client_secret": secret, **made}


def sign_query(answer: Mapping[str, str], secret: str) -> str:
    """Return the hex HMAC-SHA256 over the sorted query without its ``hmac``."""
    message = urlencode(sorted((name, value) for name, value in answer.items() if name not in {"hmac", "signature"}))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def _is_over(expires_at: str) -> bool:
    try:
        ends_at = datetime.fromisoformat(expires_at)
    except ValueError:
        return True
    return ends_at.tzinfo is None or ends_at - RENEWED_BEFORE <= datetime.now(UTC)


def _refusal(answer: Answer, form: Mapping[str, str]) -> str:
    try:
        code = text(inner(decode(answer.body)).get("error"))
    except ValueError:
        code = ""
    words = words_of(answer)
    for name in ("client_secret", "code", "refresh_token"):
        words = words.replace(form.get(name) or "\0", "…")
    way = {
        "invalid_client": "Check the client ID and the client secret.",
        "shop_not_permitted": "App and shop are not of one organization: connect by consent, or paste an access token.",
        "app_not_installed": "Install the app in this shop first.",
        "invalid_grant": "Connect the shop again.",
        "invalid_request": "Connect the shop again.",
    }.get(code, "Check the app's credentials.")
    return f"{words}. {way}"
