"""The front of the API: faults, tokens, roles, quotas, request ids; then the operation."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sandbox.amazon.access import Access
from sandbox.amazon.errors import ApiError, internal_error, invalid_input, quota_exceeded, unauthorized
from sandbox.amazon.quotas import Quotas
from sandbox.amazon.store import Store
from sandbox.faults import Faults
from sandbox.server import NoRoute, Request, Response, Route, Router, WrongMethod, html_response

PREFIXES = (
    *("/listings/", "/feeds/", "/reports/", "/fba/", "/notifications/", "/sellers/"),
    *("/orders/v0/", "/orders/2026-01-01/"),  # the page has orders of its own
)
LONGEST_AGENT = 500  # characters of the user-agent header
MAINTENANCE_PAGE = "<html><head><title>Sorry</title></head><body>We'll be right back.</body></html>"

Log = Callable[[Request, Response], None]


class Api:
    """Answers the calls of all operations. ``Route.needs`` names the operation."""

    def __init__(
        self, store: Store, access: Access, quotas: Quotas, faults: Faults, routes: list[Route], log: Log
    ) -> None:
        self._store = store
        self._access = access
        self._quotas = quotas
        self._faults = faults
        self._router = Router(routes)
        self._log = log

    def handle(self, request: Request) -> Response:
        slow = self._faults.take("slow")
        try:
            response = self._in_front() or self._checked(request)
        except ApiError as error:
            response = error.response()
        response.headers["x-amzn-RequestId"] = secrets.token_hex(16)
        if slow:
            response.delay = slow.seconds
        self._log(request, response)
        return response

    def _in_front(self) -> Response | None:
        """What may answer before the call reaches Amazon's own service."""
        if self._faults.take("html"):
            return html_response(MAINTENANCE_PAGE)
        if self._faults.take("empty"):
            return Response()
        if self._faults.take("unauthorized"):
            raise unauthorized()
        return None

    def _checked(self, request: Request) -> Response:
        try:
            route, variables = self._router.find(request.method, request.path)
        except NoRoute:
            raise ApiError(404, "NOT_FOUND", "The requested resource was not found.", request.path) from None
        except WrongMethod as wrong:
            raise ApiError(405, "InvalidInput", "Method not allowed", ", ".join(wrong.allowed)) from None
        if not 0 < len(request.headers.get("user-agent", "")) <= LONGEST_AGENT:
            raise invalid_input("A user-agent header of 1 to 500 characters is required")
        self._access.check(request, route.needs)
        try:
            if self._faults.take("rate_limited") or not self._quotas.take(route.needs):
                raise self._exceeded(route.needs)
            response = self._perform(request, route, variables)
        except ApiError as error:
            response = error.response()
        if self._store.options.tells_rate:
            response.headers["x-amzn-RateLimit-Limit"] = f"{self._quotas.plan(route.needs)[0]:g}"
        return response

    def _exceeded(self, operation: str) -> ApiError:
        error = quota_exceeded()
        if self._store.options.tells_retry_after:
            rate, _ = self._quotas.plan(operation)
            error.headers["Retry-After"] = str(max(1, round(1 / rate)))
        return error

    def _perform(self, request: Request, route: Route, variables: dict[str, str]) -> Response:
        writes = request.method != "GET"
        if self._faults.take("error_before" if writes else "error_reads"):
            raise internal_error()
        with self._store.lock:
            self._store.schedule.run_due()
            response = route.handler(request, variables)
        if writes:
            if self._faults.take("error_after"):
                raise internal_error()
            held = self._faults.take("timeout_after")
            if held:
                response.hang_up_after = held.seconds
        return response
