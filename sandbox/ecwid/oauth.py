"""The merchant's consent and the exchange of its code, under ``/api/oauth``."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.ecwid.access import Access
from sandbox.ecwid.errors import ApiError
from sandbox.ecwid.options import Options
from sandbox.page import Element, document, element
from sandbox.server import Json, Request, Response, Route, html_response, json_response, redirect


@dataclass(frozen=True, slots=True)
class Asked:
    """One consent waiting for the merchant's click."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str


class OAuth:
    """Serves the authorise and token addresses for one store and one app."""

    def __init__(
        self,
        *,
        store_id: int,
        name: str,
        client_id: str,
        client_secret: str,
        access: Access,
        options: Options,
    ) -> None:
        self._store_id = store_id
        self._name = name
        self._client_id = client_id
        self.client_secret = client_secret
        self._access = access
        self._options = options
        self._asked: dict[str, Asked] = {}

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/api/oauth/authorize", self.authorise),
            Route("GET", "/api/oauth/authorize/{answer}", self.decide),
            Route("GET", "/api/oauth/token", self.exchange),
            Route("POST", "/api/oauth/token", self.exchange),
        ]

    def authorise(self, request: Request, _: dict[str, str]) -> Response:
        """Show the consent page, or redirect at once when the store consents by itself."""
        query = request.query
        scopes = tuple(query.get("scope", "").replace("+", " ").split())
        unknown = [scope for scope in scopes if scope not in self._options.app_scopes]
        target = urlsplit(query.get("redirect_uri", ""))
        problem = ""
        if query.get("client_id") != self._client_id:
            problem = "This client_id belongs to no app."
        elif query.get("response_type") != "code":
            problem = "response_type must be code."
        elif target.scheme not in ("http", "https") or not target.hostname:
            problem = "redirect_uri must be an absolute http or https address."
        elif not scopes:
            problem = "scope is missing."
        elif unknown:
            problem = f"The app is not registered for: {', '.join(unknown)}."
        if problem:
            return html_response(_page(self._name, element("p", problem)), 400)
        asked = Asked(query["redirect_uri"], scopes, query.get("state", ""))
        if self._options.auto_consent:
            return self._answer(asked, allowed=True)
        ticket = secrets.token_urlsafe(12)
        self._asked[ticket] = asked
        return html_response(self._consent(asked, ticket))

    def decide(self, request: Request, variables: dict[str, str]) -> Response:
        """Follow the merchant's click. Each consent page can be answered once."""
        asked = self._asked.pop(request.query.get("ticket", ""), None)
        if asked is None or variables["answer"] not in ("allow", "deny"):
            return html_response(_page(self._name, element("p", "This consent has been answered.")), 400)
        return self._answer(asked, allowed=variables["answer"] == "allow")

    def exchange(self, request: Request, _: dict[str, str]) -> Response:
        """Answer with a token for a fresh code. Errors are OAuth's ``{"error": …}`` with status 400."""
        if request.method == "POST" and not self._options.accept_token_post:
            return ApiError(405, "METHOD_NOT_ALLOWED", "Method not allowed", {"Allow": "GET"}).response()
        query = {**request.query, **(request.form() if request.method == "POST" else {})}
        if query.get("client_id") != self._client_id or query.get("client_secret") != self.client_secret:
            return json_response({"error": "invalid_client"}, 400)
        if query.get("grant_type") != "authorization_code":
            return json_response({"error": "unsupported_grant_type"}, 400)
        found = self._access.exchange(query.get("code", ""), query.get("redirect_uri", ""))
        if found is None:
            return json_response({"error": "invalid_grant"}, 400)
        token, scopes = found
        reply: Json = {
            "access_token": token,
            "token_type": "bearer",
            "scope": " ".join(scopes),
            "store_id": self._store_id,
            "email": f"owner{self._store_id}@example.com",
        }
        return json_response(reply)

    def _answer(self, asked: Asked, *, allowed: bool) -> Response:
        if allowed:
            extra = {"code": self._access.grant(asked.redirect_uri, asked.scopes)}
        else:
            extra = {"error": "access_denied"}
        if asked.state and self._options.echo_state:
            extra["state"] = asked.state
        split = urlsplit(asked.redirect_uri)
        query = [*parse_qsl(split.query, keep_blank_values=True), *extra.items()]
        location = urlunsplit((split.scheme, split.netloc, split.path, urlencode(query), ""))
        return redirect(location, 302)

    def _consent(self, asked: Asked, ticket: str) -> str:
        host = urlsplit(asked.redirect_uri).netloc
        # Links, not a form: browsers hold a form's redirect against the page's form-action policy.
        links = [
            element("a", label, href=f"/api/oauth/authorize/{answer}?ticket={ticket}", class_=kind, id=answer)
            for answer, label, kind in (("allow", "Allow", "button primary"), ("deny", "Deny", "button"))
        ]
        return _page(
            self._name,
            element("p", f"The app at {host} asks for access to the store {self._name} ({self._store_id})."),
            element("ul", *[element("li", element("code", scope)) for scope in asked.scopes]),
            element("p", *links, class_="row"),
        )


def _page(name: str, *parts: Element) -> str:
    card = element("section", element("h1", "Connect an app"), *parts, class_="card narrow")
    return document(title=f"{name}: consent", body=[element("main", card)])
