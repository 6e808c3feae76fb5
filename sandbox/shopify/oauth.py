"""Tokens: the merchant's consent, client credentials, and refresh tokens, under ``/admin/oauth``."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.page import Element, document, element
from sandbox.server import Json, Request, Response, Route, html_response, json_response, redirect
from sandbox.shopify.access import Access
from sandbox.shopify.options import Options


@dataclass(frozen=True, slots=True)
class Asked:
    """One consent waiting for the merchant's click."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str


class OAuth:
    """Serves the authorise and token addresses of one shop for one app."""

    def __init__(
        self, *, name: str, domain: str, client_id: str, client_secret: str, access: Access, options: Options
    ) -> None:
        self._name = name
        self._domain = domain
        self._client_id = client_id
        self.client_secret = client_secret
        self._access = access
        self._options = options
        self._asked: dict[str, Asked] = {}

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/oauth/authorize", self.authorise),
            Route("GET", "/admin/oauth/authorize/{answer}", self.decide),
            Route("POST", "/admin/oauth/access_token", self.token),
        ]

    def authorise(self, request: Request, _: dict[str, str]) -> Response:
        """Show the consent page, or redirect at once when the shop consents by itself."""
        query = request.query
        scopes = tuple(each.strip() for each in query.get("scope", "").split(",") if each.strip())
        target = urlsplit(query.get("redirect_uri", ""))
        problem = ""
        if query.get("client_id") != self._client_id:
            problem = "Could not find Shopify API application with this api_key."
        elif target.scheme not in ("http", "https") or not target.hostname:
            problem = "The redirect_uri is missing or not whitelisted."
        elif not scopes:
            problem = "The scope is missing."
        if problem:
            return html_response(_page(self._name, element("p", f"Oauth error invalid_request: {problem}")), 400)
        asked = Asked(query["redirect_uri"], scopes, query.get("state", ""))
        if self._options.auto_consent:
            return self._answer(asked)
        ticket = secrets.token_urlsafe(12)
        self._asked[ticket] = asked
        return html_response(self._consent(asked, ticket))

    def decide(self, request: Request, variables: dict[str, str]) -> Response:
        """Follow the merchant's click. Each consent page can be answered once."""
        asked = self._asked.pop(request.query.get("ticket", ""), None)
        if asked is None or variables["answer"] not in ("allow", "deny"):
            return html_response(_page(self._name, element("p", "This consent has been answered.")), 400)
        if variables["answer"] == "deny":
            # Shopify does not send the merchant back: nothing was installed.
            return html_response(_page(self._name, element("p", "The app was not installed.")))
        return self._answer(asked)

    def token(self, request: Request, _: dict[str, str]) -> Response:
        """Answer with a token. A refusal is ``{"error": …}`` with status 400."""
        sent = _fields(request)
        if sent.get("client_id") != self._client_id or sent.get("client_secret") != self.client_secret:
            return _refused("invalid_client", "The client id or the client secret is wrong.")
        kind = sent.get("grant_type", "authorization_code")
        if kind == "client_credentials":
            return self._by_credentials()
        if kind == "refresh_token":
            return self._by_refresh(sent.get("refresh_token", ""))
        if kind != "authorization_code":
            return _refused("unsupported_grant_type", f"There is no grant type {kind}.")
        return self._by_code(sent)

    def answer_query(self, code: str, state: str) -> dict[str, str]:
        """Return the signed query that sends a merchant back to the app."""
        query = {
            "code": code,
            "host": f"admin.shopify.com/store/{self._domain.partition('.')[0]}",
            "shop": self._domain,
            "state": state,
            "timestamp": str(int(self._options.clock())),
        }
        message = urlencode(sorted(query.items()))
        query["hmac"] = hmac.new(self.client_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
        return query

    def _by_credentials(self) -> Response:
        if not self._options.same_organisation:
            words = "Client credentials cannot be performed on this shop."
            return _refused("shop_not_permitted", words)
        if not self._access.is_installed:
            return _refused("app_not_installed", "The app is not installed on this shop.")
        seconds = self._options.token_seconds
        token = self._access.issue(seconds=seconds)
        return json_response(
            {"access_token": token, "scope": ",".join(self._options.scopes), "expires_in": int(seconds)}
        )

    def _by_refresh(self, refresh_token: str) -> Response:
        successor = self._access.use_refresh(refresh_token)
        if successor is None:
            return _refused("invalid_grant", "The refresh token is invalid, expired or used.")
        return json_response(self._expiring(successor, self._options.scopes))

    def _by_code(self, sent: dict[str, str]) -> Response:
        found = self._access.use_code(sent.get("code", ""))
        if found is None:
            return _refused("invalid_request", "The authorization code was not found or was already used.")
        self._access.is_installed = True
        if sent.get("expiring") == "1":
            return json_response(self._expiring(self._access.issue_refresh(), found.scopes))
        token = self._access.issue(seconds=None, scopes=found.scopes)
        return json_response({"access_token": token, "scope": ",".join(found.scopes)})

    def _expiring(self, refresh_token: str, scopes: tuple[str, ...]) -> Json:
        seconds = self._options.offline_seconds
        return {
            "access_token": self._access.issue(seconds=seconds, scopes=scopes),
            "scope": ",".join(scopes),
            "expires_in": int(seconds),
            "refresh_token": refresh_token,
            "refresh_token_expires_in": int(self._options.refresh_seconds),
        }

    def _answer(self, asked: Asked) -> Response:
        code = self._access.grant(asked.redirect_uri, asked.scopes)
        split = urlsplit(asked.redirect_uri)
        query = [*parse_qsl(split.query, keep_blank_values=True), *self.answer_query(code, asked.state).items()]
        return redirect(urlunsplit((split.scheme, split.netloc, split.path, urlencode(query), "")), 302)

    def _consent(self, asked: Asked, ticket: str) -> str:
        host = urlsplit(asked.redirect_uri).netloc
        # Links, not a form: browsers hold a form's redirect against the page's form-action policy.
        links = [
            element("a", label, href=f"/admin/oauth/authorize/{answer}?ticket={ticket}", class_=kind, id=answer)
            for answer, label, kind in (("allow", "Install", "button primary"), ("deny", "Cancel", "button"))
        ]
        return _page(
            self._name,
            element("p", f"The app at {host} asks to be installed in {self._name} ({self._domain})."),
            element("ul", *[element("li", element("code", scope)) for scope in asked.scopes]),
            element("p", *links, class_="row"),
        )


def _fields(request: Request) -> dict[str, str]:
    """Return what was sent, as a form or as JSON."""
    if "json" not in request.headers.get("content-type", ""):
        return {**request.query, **request.form()}
    try:
        found = json.loads(request.body)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _refused(error: str, words: str) -> Response:
    return json_response({"error": error, "error_description": words}, 400)


def _page(name: str, *parts: Element) -> str:
    card = element("section", element("h1", "Install an app"), *parts, class_="card narrow")
    return document(title=f"{name}: install", body=[element("main", card)])
