"""What simulated stock systems share: an HTTP port, a control API, a page, fault switches, a log of calls."""

from __future__ import annotations

import threading
import time
from typing import Any, Self

from sandbox.calls import Call, CallLog
from sandbox.control import Action as ControlAction
from sandbox.control import control_routes, fault_calls
from sandbox.desk import Action, Desk, View, fault_actions
from sandbox.faults import FaultKind, Faults
from sandbox.frame import Frame, Note
from sandbox.page import guarded, stylesheet
from sandbox.server import HttpServer, NoRoute, Request, Response, Route, Router, WrongMethod, json_response
from sandbox.switches import faults_page

COMMON_FAULTS = [
    FaultKind("error", "Error 500", "A read answers 500.", "Reads"),
    FaultKind("html", "Web page", "A read answers 200 with a web page.", "Reads"),
    FaultKind("slow", "Slow", "The answer comes late.", "Reads", seconds=2),
    FaultKind("hang_up", "Hang up", "The connection is closed unanswered.", "Reads"),
    FaultKind("rate_limited", "Rate limit", "429 with a Retry-After.", "Reads", seconds=2),
]


class StockSystem:
    """One simulated system. ``lock`` guards its state; every public method of a subclass takes it."""

    platform = ""
    fault_kinds: list[FaultKind] = []

    def __init__(self, *, name: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.name = name
        self.lock = threading.RLock()
        self.faults = Faults([*COMMON_FAULTS, *self.fault_kinds])
        self._address = host, port
        self._calls = CallLog()
        self._server: HttpServer | None = None
        self._url = ""
        self.frame = Frame(
            platform=self.platform,
            name=name,
            number="",
            noun="",
            faults=self.faults,
            tabs=(("/", "Stock"), *self.tabs(), ("/faults", "Faults")),
        )
        self._api = Router(self.routes())
        self._own = Router(
            [
                *control_routes([*fault_calls(self.faults), ("POST", "reset", self._reset_call), *self.calls()]),
                *Desk(
                    {"/faults": self._show_faults, **self.views()}, {**fault_actions(self.faults), **self.actions()}
                ).routes(),
            ]
        )

    # What a subclass says of itself -----------------------------------------------------------------------------

    def routes(self) -> list[Route]:
        """Return the routes of the wire format."""
        raise NotImplementedError

    def calls(self) -> list[tuple[str, str, ControlAction]]:
        """Return the calls of the control API."""
        return []

    def views(self) -> dict[str, View]:
        return {}

    def actions(self) -> dict[str, Action]:
        return {}

    def tabs(self) -> tuple[tuple[str, str], ...]:
        return ()

    def reset(self) -> None:
        """Go back to the beginning."""
        self.faults.clear()
        self._calls.clear()

    def refusal(self, status: int, words: str) -> Response:
        """Return an error as this system words it."""
        return json_response({"detail": words}, status)

    # Life -------------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen in background threads; after ``stop``, on the same port as before. Raises PortTaken."""
        self._server = HttpServer(self._answer, *self._address)
        self._address = self._server.host, self._server.port
        self._url = self._server.url
        self._server.start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return self._url

    @property
    def announcement(self) -> str:
        return f"Simulated {self.platform} “{self.name}” at {self.url}/"

    @property
    def requests(self) -> list[Call]:
        """The API calls answered, oldest first."""
        return self._calls.all()

    # Answering --------------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Response:
        if request.path == "/static/store.css":
            return stylesheet()
        try:
            route, variables = self._own.find(request.method, request.path)
            return guarded(route.handler(request, variables))
        except NoRoute:
            pass
        except WrongMethod as error:
            return Response(405, headers={"Allow": ", ".join(error.allowed)})
        response = self._common_fault() or self._served(request)
        self._calls.add(
            Call(
                method=request.method,
                path=request.path,
                query=request.query,
                body=request.body,
                status=response.status,
                at=time.time(),
            )
        )
        return response

    def _common_fault(self) -> Response | None:
        if self.faults.take("error"):
            return self.refusal(500, "Something broke.")
        if self.faults.take("html"):
            return Response(200, b"<!doctype html><title>Welcome</title>", "text/html; charset=utf-8")
        if self.faults.take("hang_up"):
            return Response(hang_up_after=0.0)
        limited = self.faults.take("rate_limited")
        if limited:
            response = self.refusal(429, "Too many requests.")
            response.headers["Retry-After"] = f"{limited.seconds:g}"
            return response
        return None

    def _served(self, request: Request) -> Response:
        try:
            route, variables = self._api.find(request.method, request.path)
        except NoRoute:
            return self.refusal(404, "Not found.")
        except WrongMethod as error:
            return Response(405, headers={"Allow": ", ".join(error.allowed)})
        slow = self.faults.take("slow")
        with self.lock:
            response = route.handler(request, variables)
        if slow:
            response.delay = slow.seconds
        return response

    def _reset_call(self, _: dict[str, Any], __: dict[str, str]) -> dict[str, Any]:
        self.reset()
        return {}

    def _show_faults(self, query: dict[str, str], note: Note) -> str:
        return faults_page(self.frame, query, note)
