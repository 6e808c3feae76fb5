"""The way of one API call: faults, the server in front, permalinks, key, route, permission, handler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sandbox.faults import Faults
from sandbox.limits import SlidingWindow
from sandbox.server import NoRoute, Request, Response, Route, Router, WrongMethod, html_response, json_response
from sandbox.woocommerce.access import Access, Key, check_permission
from sandbox.woocommerce.errors import WpError, no_route
from sandbox.woocommerce.store import Store
from sandbox.woocommerce.wire import Wire

PREFIX = "/wp-json"
NAMESPACE = "/wc/v3"
MAINTENANCE_PAGE = "<!doctype html><title>Maintenance</title><h1>Briefly unavailable for scheduled maintenance.</h1>"
NOT_FOUND_PAGE = "<!doctype html><title>Page not found</title><h1>Oops! That page can’t be found.</h1>"
FIREWALL_PAGE = "<!doctype html><title>403 Forbidden</title><h1>Checking your browser</h1>"
GATEWAY_PAGE = "<!doctype html><title>504 Gateway Time-out</title><h1>504 Gateway Time-out</h1>"

Log = Callable[[Request, Response], None]

_VERBS = {
    "GET": ("view", "cannot_view", "Sorry, you cannot view this resource."),
    "POST": ("create", "cannot_create", "Sorry, you are not allowed to create resources."),
    "PUT": ("edit", "cannot_edit", "Sorry, you are not allowed to edit this resource."),
    "PATCH": ("edit", "cannot_edit", "Sorry, you are not allowed to edit this resource."),
    "DELETE": ("delete", "cannot_delete", "Sorry, you are not allowed to delete this resource."),
}


class Api:
    """Answers calls under /wp-json for one store. ``has_tls`` says whether calls come by https."""

    def __init__(
        self,
        *,
        store: Store,
        access: Access,
        wire: Wire,
        faults: Faults,
        routes: list[Route],
        home: Callable[[], str],
        has_tls: bool,
        log: Log,
    ) -> None:
        self._store = store
        self._access = access
        self._wire = wire
        self._faults = faults
        self._router = Router(routes)
        self._home = home
        self._has_tls = has_tls
        self._log = log
        self.window = SlidingWindow(calls=store.options.host_limit, seconds=60.0, clock=lambda: store.options.clock())

    def handles(self, request: Request) -> bool:
        """Whether a call is for the REST API, by whatever kind of permalink."""
        return request.path.startswith((PREFIX, f"/index.php{PREFIX}")) or "rest_route" in request.query

    def handle(self, request: Request) -> Response:
        slow = self._faults.take("slow")
        response = self._in_front(request) or self._in_wordpress(request)
        if slow:
            response.delay = slow.seconds
        if response.content_type.startswith("application/json"):
            discovery = f'<{self._home()}{PREFIX}/>; rel="https://api.w.org/"'
            response.headers["Link"] = ", ".join(filter(None, [discovery, response.headers.get("Link", "")]))
        self._log(request, response)
        return response

    def _in_front(self, request: Request) -> Response | None:
        """What the host, a firewall or a maintenance page answers before WordPress sees the call."""
        if self._faults.take("html"):
            return html_response(MAINTENANCE_PAGE)
        if self._faults.take("firewall"):
            return html_response(FIREWALL_PAGE, 403)
        if self._faults.take("empty"):
            return Response()
        limited = self._faults.take("rate_limited")
        options = self._store.options
        wait = max(1, round(limited.seconds)) if limited else 0
        if not wait and options.host_limit:
            self.window.calls = options.host_limit
            wait = self.window.take(request.client)
        if wait:
            response = html_response("<!doctype html><h1>429 Too Many Requests</h1>", 429)
            response.headers["Retry-After"] = str(wait)
            return response
        if options.refuses_put and request.method in ("PUT", "PATCH", "DELETE"):
            return html_response("<!doctype html><h1>Method Not Implemented</h1>", 501)
        return None

    def _in_wordpress(self, request: Request) -> Response:
        route = self._route(request)
        if route is None:
            return html_response(NOT_FOUND_PAGE, 404)
        is_https = self._has_tls and not self._store.options.believes_http
        try:
            if route in ("", "/"):
                return json_response(self._index())
            key = None
            if "rest_route" not in request.query:  # keys are not looked at there
                key = self._access.caller(request, is_https=is_https)
            method = request.headers.get("x-http-method-override") or request.query.get("_method") or request.method
            inner = replace(request, method=method.upper(), path=route)
            return self._perform(inner, key)
        except WpError as error:
            return error.response()

    def _route(self, request: Request) -> str | None:
        """Return the part of the address that WordPress routes on; None where it shows an ordinary page."""
        permalinks = self._store.options.permalinks
        if "rest_route" in request.query:
            return request.query["rest_route"]
        for prefix, kinds in ((PREFIX, ("pretty",)), (f"/index.php{PREFIX}", ("pretty", "index"))):
            if request.path.startswith(prefix):
                return request.path.removeprefix(prefix) if permalinks in kinds else None
        return None

    def _index(self) -> dict[str, object]:
        options = self._store.options
        return {
            "name": self._store.name,
            "description": "",
            "url": self._home(),
            "home": self._home(),
            "gmt_offset": str(self._wire.gmt_offset()),
            "timezone_string": options.time_zone,
            "namespaces": ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wc/store", "wp/v2"],
            "authentication": {},
            "routes": {},
        }

    def _perform(self, request: Request, key: Key | None) -> Response:
        if key is not None:
            check_permission(key, request.method)
        method = "GET" if request.method == "HEAD" else request.method
        if not request.path.startswith(NAMESPACE + "/"):
            raise no_route()
        try:
            route, variables = self._router.find(method, request.path.removeprefix(NAMESPACE))
        except (NoRoute, WrongMethod):
            raise no_route() from None
        if key is None or not key.manages_shop:
            raise _stranger(
                method, is_list=not variables and not request.path.endswith("/batch"), known=key is not None
            )
        writes = method != "GET"
        if self._faults.take("error_before" if writes else "error_reads"):
            words = "<p>There has been a critical error on this website.</p>"
            raise WpError(500, "internal_server_error", words)
        response = route.handler(request, variables)
        if writes:
            if self._faults.take("error_after"):
                return html_response(GATEWAY_PAGE, 504)
            held = self._faults.take("timeout_after")
            if held:
                response.hang_up_after = held.seconds
        return response


def _stranger(method: str, *, is_list: bool, known: bool) -> WpError:
    verb, code, words = _VERBS[method]
    if verb == "view" and is_list:
        words = "Sorry, you cannot list resources."
    return WpError(403 if known else 401, f"woocommerce_rest_{code}", words)
