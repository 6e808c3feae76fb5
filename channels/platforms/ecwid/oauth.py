"""Connecting an Ecwid store by consent: https://docs.ecwid.com/develop-apps/oauth (authorize and token)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import requests

from channels.contract import BadCredentials, RateLimited
from channels.limiter import Limiter, budget_key
from channels.platforms.ecwid.answers import Answer, decode, value_of
from channels.platforms.ecwid.client import BURST, CALLS_PER_SECOND, origin, send
from channels.platforms.ecwid.refs import identity, text

REQUIRED_SCOPES = ("read_store_profile", "read_catalog", "update_catalog", "read_orders")

_API_HOST = "https://app.ecwid.com"
_CONSENT_HOST = "https://my.ecwid.com"


def consent_root(base_url: str) -> str:
    """Return where consent is asked for: Ecwid's admin for Ecwid's API, else the API's own host (a simulator)."""
    host = origin(base_url.strip())
    return _CONSENT_HOST if host == _API_HOST else host


def authorise_url(*, base_url: str, credentials: Mapping[str, str], redirect_uri: str, state: str) -> str:
    """Return where to send the person. A refusal comes back as ``?error=access_denied``."""
    query = urlencode(
        {
            "client_id": credentials.get("client_id", ""),
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(REQUIRED_SCOPES),
            "state": state,
        }
    )
    return f"{consent_root(base_url)}/api/oauth/authorize?{query}"


def exchange_code(
    *, base_url: str, credentials: Mapping[str, str], answer: Mapping[str, str], redirect_uri: str
) -> dict[str, str]:
    """Exchange a code for ``{store_id, token, client_id, client_secret, scope}``.

    Never retried: a second exchange of one code disables the token that the first one issued. Raises ChannelError;
    after Unreachable the person has to begin again.
    """
    client_id, client_secret = credentials.get("client_id", ""), credentials.get("client_secret", "")
    code = answer.get("code", "")
    if not client_id or not client_secret or not code:
        raise BadCredentials("The client ID, the client secret or the code is missing.")
    limiter = Limiter(key=budget_key(f"oauth:{client_id}"), calls_per_second=CALLS_PER_SECOND, burst=BURST)
    limiter.acquire()
    # Documented as GET; whether POST is accepted is not known.
    params = {
        "client_id": client_id,
        "client_secret": client_secret,
        "code": code,
        "redirect_uri": redirect_uri,
        "grant_type": "authorization_code",
    }
    with requests.Session() as session:
        session.trust_env = False
        got = send(session, "GET", f"{consent_root(base_url)}/api/oauth/token", params=params)
    if 400 <= got.status < 500 and got.status not in {408, 429} and not got.is_html:
        raise BadCredentials(f"Ecwid refused the code: {_without_secrets(_refusal(got), params)}.")
    try:
        reply = value_of(got)
    except RateLimited as error:
        limiter.block(error.wait_seconds)
        raise
    return _credentials_of(reply, client_id=client_id, client_secret=client_secret)


def _credentials_of(reply: object, *, client_id: str, client_secret: str) -> dict[str, str]:
    fields = reply if isinstance(reply, dict) else {}
    token, store = text(fields.get("access_token")), fields.get("store_id")
    store_id = identity(int(store) if isinstance(store, str) and store.isdecimal() and len(store) < 20 else store)
    if not token or store_id is None:
        raise BadCredentials("Ecwid's reply to the code holds no token or no store ID. Connect again.")
    return {
        "store_id": str(store_id),
        "token": token,
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": text(fields.get("scope")),
    }


def _refusal(answer: Answer) -> str:
    """Return the words of a refusal: OAuth's ``error``, or what the rest of Ecwid's API would say."""
    try:
        fields = decode(answer.body)
    except ValueError:
        return answer.words
    said = fields if isinstance(fields, dict) else {}
    return text(said.get("error_description")) or text(said.get("error")) or answer.words


def _without_secrets(words: str, params: Mapping[str, str]) -> str:
    for name in ("client_secret", "code"):
        words = words.replace(params[name], "…")
    return words[:300]
