"""The way of one API call: faults, token, limits, plan, route, content type, scope, handler."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.ecwid.access import Access, rate_limited
from sandbox.ecwid.errors import ApiError, not_found
from sandbox.ecwid.store import Store
from sandbox.faults import Faults
from sandbox.server import NoRoute, Request, Response, Route, Router, WrongMethod, html_response

_STORE_PATH = re.compile(r"/api/v3/([^/]+)(/.*)?")

Log = Callable[[Request, Response, bool], None]
"""Keeps an answered call; the flag says whether it was an entry of a batch."""

MAINTENANCE_PAGE = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the token and the address it came from."""

    token: str
    client: str


class Api:
    """Answers calls under ``/api/v3/{storeId}`` for one store."""

    def __init__(self, store: Store, access: Access, faults: Faults, routes: list[Route], log: Log) -> None:
        self._store = store
        self._access = access
        self._faults = faults
        self._router = Router(routes)
        self._log = log

    def handle(self, request: Request) -> Response:
        """Answer one call from outside."""
        slow = self._faults.take("slow")
        try:
            response = self._outside(request)
        except ApiError as error:
            response = error.response()
        if slow:
            response.delay = slow.seconds
        self._log(request, response, False)
        return response

    def handle_inner(self, request: Request, caller: Caller) -> Response:
        """Answer one entry of a batch; ``request.path`` omits host and store."""
        try:
            scopes = self._access.scopes_of(caller.token, caller.client)
            if self._store.options.batch_counts_towards_limit:
                self._access.spend(caller.token)
            response = self._perform(request, scopes)
        except ApiError as error:
            response = error.response()
        self._log(request, response, True)
        return response

    def _outside(self, request: Request) -> Response:
        match = _STORE_PATH.fullmatch(request.path)
        if match is None or match[1] != str(self._store.store_id):
            raise not_found("STORE", match[1] if match else "")
        return self._answer_in_front() or self._checked(request, match[2] or "/")

    def _answer_in_front(self) -> Response | None:
        """What a proxy or a plan check may answer before the call reaches the store."""
        if self._faults.take("html"):
            return html_response(MAINTENANCE_PAGE)
        if self._faults.take("empty"):
            return Response()
        limited = self._faults.take("rate_limited")
        if limited:
            raise rate_limited(max(1, round(limited.seconds)))
        if self._faults.take("plan_402") or not self._store.options.plan_has_api:
            raise ApiError(402, "NOT_AVAILABLE_ON_CURRENT_PLAN", "The API is not available on this plan")
        return None

    def _checked(self, request: Request, path: str) -> Response:
        caller = Caller(bearer(request), request.client)
        scopes = self._access.scopes_of(caller.token, caller.client)
        self._access.spend(caller.token)
        if self._store.options.suspended and path != "/profile":
            raise ApiError(402, "STORE_IS_SUSPENDED", "The store is suspended")
        inner = Request(
            method=request.method,
            path=path,
            query=request.query,
            headers=request.headers,
            body=request.body,
            client=request.client,
        )
        return self._perform(inner, scopes)

    def _perform(self, request: Request, scopes: tuple[str, ...]) -> Response:
        try:
            route, variables = self._router.find(request.method, request.path)
        except NoRoute:
            raise ApiError(404, "", "Not found") from None
        except WrongMethod as wrong:
            allowed = {"Allow": ", ".join(wrong.allowed)}
            raise ApiError(405, "METHOD_NOT_ALLOWED", "Method not allowed", allowed) from None
        missing = [scope for scope in route.needs.split() if scope not in scopes]
        if missing:
            raise ApiError(403, "INSUFFICIENT_APP_SCOPE", f"The token lacks the scope {', '.join(missing)}")
        writes = request.method != "GET"
        if self._faults.take("error_before" if writes else "error_reads"):
            raise internal_error()
        with self._store.lock:
            response = route.handler(request, variables)
        if writes:
            if self._faults.take("error_after"):
                raise internal_error()
            held = self._faults.take("timeout_after")
            if held:
                response.hang_up_after = held.seconds
        return response


def bearer(request: Request) -> str:
    """Return the token of the Authorization header; the old ``?token=`` form is refused with the rest."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def internal_error() -> ApiError:
    return ApiError(500, "INTERNAL_ERROR", "Internal server error")
