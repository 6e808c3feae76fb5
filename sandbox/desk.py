"""What the pages of all simulated stores share: their handlers, and the words a visitor is told after an action.

Works without script; every post redirects.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from sandbox.faults import BadFault, Faults, UnknownFault
from sandbox.frame import Note
from sandbox.page import guarded, stylesheet
from sandbox.refusals import Refusal
from sandbox.server import (
    Handler,
    NoRoute,
    Request,
    Response,
    Route,
    Router,
    WrongMethod,
    html_response,
    json_response,
    redirect,
)

View = Callable[[dict[str, str], Note], str]
"""Takes the query and what the last action has to say, returns the page."""

Action = Callable[[dict[str, str], dict[str, str]], str]
"""Takes the form and the path variables, returns what to tell the visitor."""


class Desk:
    """Makes routes of views and actions."""

    def __init__(self, views: dict[str, View], actions: dict[str, Action]) -> None:
        self._views = views
        self._actions = actions
        self._notes: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._note_ids = itertools.count(1)
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        return [
            *(Route("GET", path, self._show(view)) for path, view in self._views.items()),
            *(Route("POST", path, self._act(action)) for path, action in self._actions.items()),
        ]

    def _show(self, view: View) -> Handler:
        def show(request: Request, _: dict[str, str]) -> Response:
            with self._lock:
                note = self._notes.get(request.query.get("note", ""))
            return html_response(view(request.query, note))

        return show

    def _act(self, action: Action) -> Handler:
        def act(request: Request, variables: dict[str, str]) -> Response:
            if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return Response(403, b"Posts from other sites are refused.", "text/plain; charset=utf-8")
            try:
                note = "done", action(request.form(), variables)
            except (Refusal, BadFault, ValueError) as error:
                note = "refused", str(error)
            except (UnknownFault, KeyError) as error:
                note = "refused", f"Unknown: {error}"
            return redirect(f"{self._back(request)}note={self._keep(note)}")

        return act

    def _back(self, request: Request) -> str:
        """Return the page the form was on, up to its ``?`` or ``&``, judged by the Referer's path and no more."""
        came_from = urlsplit(request.headers.get("referer", ""))
        path = came_from.path if came_from.path in self._views else "/"
        return f"{path}?watch=1&" if "watch=1" in came_from.query.split("&") else f"{path}?"

    def _keep(self, note: tuple[str, str]) -> str:
        with self._lock:
            key = str(next(self._note_ids))
            self._notes[key] = note
            while len(self._notes) > 100:
                self._notes.popitem(last=False)
        return key


def answer(router: Router, request: Request) -> Response:
    """Answer whatever is not the platform's own API: the style sheet, the pages, the control API."""
    if request.path == "/static/store.css":
        return stylesheet()
    try:
        route, variables = router.find(request.method, request.path)
    except NoRoute:
        return json_response({"error": f"nothing at {unquote(request.path)}"}, 404)
    except WrongMethod as wrong:
        response = json_response({"error": "method not allowed"}, 405)
        response.headers["Allow"] = ", ".join(wrong.allowed)
        return response
    return guarded(route.handler(request, variables))


def fault_actions(faults: Faults) -> dict[str, Action]:
    """Return the actions of the fault switches."""

    def change(form: dict[str, str], _: dict[str, str]) -> str:
        name = form.get("name", "")
        faults.set(
            name,
            next=whole(form, "next"),
            probability=number(form, "percent") / 100,
            seconds=number(form, "seconds") if "seconds" in form else None,
        )
        return f"{faults.kinds[name].label}: set."

    def clear(_: dict[str, str], __: dict[str, str]) -> str:
        faults.clear()
        return "All faults are off."

    return {"/faults": change, "/faults/clear": clear}


def whole(form: dict[str, str], name: str) -> int:
    """Return a whole number of a form. Raises ValueError."""
    try:
        return int(form.get(name, ""))
    except ValueError:
        raise ValueError(f"{name.replace('_', ' ').capitalize()} must be a whole number.") from None


def number(form: dict[str, str], name: str) -> float:
    """Return a number of a form. Raises ValueError."""
    try:
        return float(form.get(name, ""))
    except ValueError:
        raise ValueError(f"{name.capitalize()} must be a number.") from None
