"""Login with Amazon: access tokens that last an hour, renewed by one process for all.

https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api ; …/grantless-operations
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import requests

from channels.contract import BadCredentials, RateLimited, Store, Unreachable
from channels.platforms.amazon.answers import Answer, decode, error_of
from channels.platforms.amazon.regions import login_url
from channels.platforms.amazon.transport import send
from channels.platforms.amazon.values import iso, moment, section, text, whole

GRANTLESS_SCOPE = "sellingpartnerapi::notifications"
EARLY = timedelta(minutes=2)  # before its end a token is renewed
YOUNG = timedelta(minutes=5)
SELLER, APP = "access_token", "app_token"
WAIT_SECONDS = 10.0
ROUNDS = 3

_NEEDED = {"client_id": "client ID", "client_secret": "client secret", "refresh_token": "refresh token"}


class Tokens:
    """The seller's and the app's access tokens of one store. ``session`` is the caller's."""

    def __init__(self, store: Store, session: requests.Session) -> None:
        self._store = store
        self._session = session
        self._credentials: Mapping[str, str] = store.credentials
        self._url = login_url(store.base_url)

    def get(self, *, grantless: bool, instead_of: str = "") -> str:
        """Return an access token that still lasts, and that is another one than ``instead_of``.

        Raises BadCredentials when the authorisation is gone, Unreachable or RateLimited when Amazon can't say now.
        """
        name = APP if grantless else SELLER
        for _ in range(ROUNDS):
            token = self._credentials.get(name, "")
            if token and token != instead_of and self._lasts(name):
                return token
            # What comes back may have been renewed by someone who needed the other token: hence the rounds.
            self._credentials = self._store.keeper.renewed(self._credentials, partial(self._mint, name))
        raise Unreachable("Amazon's access tokens end as soon as they are issued.", may_have_applied=False)

    def may_have_ended(self, refusal: Exception, *, grantless: bool) -> bool:
        """Tell whether a 403 may be about the token's age. One that was just issued is refused for another reason.

        Renewing that one, too, would go on for ever: each renewal makes the failure one of older credentials.
        """
        since = moment(self._credentials.get(_since(APP if grantless else SELLER)))
        is_young = since is not None and datetime.now(UTC) - since < YOUNG
        return not is_young or "expired" in str(refusal)

    def _lasts(self, name: str) -> bool:
        ends = moment(self._credentials.get(_ends(name)))
        return ends is not None and datetime.now(UTC) < ends - EARLY

    def _mint(self, name: str, current: Mapping[str, str]) -> dict[str, str]:
        """Exchange what the seller has granted for a new access token; return all credentials with it."""
        missing = [label for field, label in _NEEDED.items() if not current.get(field)]
        if missing:
            raise BadCredentials(f"The {' and the '.join(missing)} must be given: connect the account again.")
        form = {"client_id": current["client_id"], "client_secret": current["client_secret"]}
        if name == APP:
            form |= {"grant_type": "client_credentials", "scope": GRANTLESS_SCOPE}
        else:
            form |= {"grant_type": "refresh_token", "refresh_token": current["refresh_token"]}
        asked_at = datetime.now(UTC)
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        try:
            answer = send(self._session, "POST", self._url, data=form, headers=headers)
        except Unreachable as error:
            # Nothing but a token was asked for: whatever this call was to do has not been done.
            raise Unreachable(str(error), may_have_applied=False) from None
        token, seconds = _token_of(answer)
        ends = asked_at + timedelta(seconds=seconds)
        return {**current, name: token, _since(name): iso(asked_at), _ends(name): iso(ends)}


def _since(name: str) -> str:
    return f"{name}_since"


def _ends(name: str) -> str:
    return f"{name}_ends_at"


def _token_of(answer: Answer) -> tuple[str, int]:
    """Return (access token, seconds it lasts). Raises the error that a refusal stands for."""
    if 200 <= answer.status < 300:
        try:
            found = section(decode(answer.body))
        except ValueError:
            found = {}
        token, seconds = text(found.get("access_token")), whole(found.get("expires_in"))
        if token and token.isascii() and token.isprintable() and " " not in token:
            return token, seconds or 3600
        raise Unreachable("Login with Amazon answered without a token.", may_have_applied=False)
    code, words = error_of(answer.body)
    said = f"{words or answer.reason or 'no words'} ({answer.status}{' ' + code if code else ''})"
    if answer.status == 429:
        raise RateLimited(f"Login with Amazon asked us to slow down: {said}.", wait_seconds=WAIT_SECONDS)
    if 400 <= answer.status < 500 and code:
        what = {
            "invalid_grant": "The seller's authorisation is gone or is not this app's: authorise the app again.",
            "invalid_client": "The app's client ID or client secret is wrong, or the secret was replaced.",
        }.get(code, "The app can't sign in.")
        raise BadCredentials(f"{what} Login with Amazon says: {said}.")
    raise Unreachable(f"Login with Amazon failed to answer: {said}.", may_have_applied=False)
