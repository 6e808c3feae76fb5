"""What the control APIs of all simulated stores share: the handler, fields, faults. JSON in, JSON out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from sandbox.faults import BadFault, Faults, UnknownFault
from sandbox.refusals import BadControl, Refusal
from sandbox.server import Handler, Json, Request, Response, Route, json_response

Action = Callable[[Json, dict[str, str]], Json]
"""Takes the body and the path variables, returns the answer."""


def control_routes(calls: Iterable[tuple[str, str, Action]]) -> list[Route]:
    """Return routes under ``/_control/`` for (method, path, action)."""
    return [Route(method, f"/_control/{path}", _handler(action)) for method, path, action in calls]


def fault_calls(faults: Faults) -> list[tuple[str, str, Action]]:
    """Return the calls that read, set and clear the fault switches."""

    def shown(_: Json, __: dict[str, str]) -> Json:
        return {"faults": faults.describe()}

    def change(body: Json, _: dict[str, str]) -> Json:
        # All names are checked before one is set.
        for name, setting in body.items():
            faults.get(name)
            if not isinstance(setting, dict) or not set(setting) <= {"next", "probability", "seconds"}:
                raise BadControl(f"{name}: give next, probability or seconds")
        for name, setting in body.items():
            faults.set(
                name,
                next=whole(setting, "next") if "next" in setting else None,
                probability=number(setting, "probability") if "probability" in setting else None,
                seconds=number(setting, "seconds") if "seconds" in setting else None,
            )
        return {"faults": faults.describe()}

    def clear(_: Json, __: dict[str, str]) -> Json:
        faults.clear()
        return {"faults": faults.describe()}

    return [("GET", "faults", shown), ("POST", "faults", change), ("DELETE", "faults", clear)]


def whole(body: Json, name: str, default: int | None = None) -> int:
    """Return a whole number of the body. Raises BadControl."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadControl(f"{name} must be a whole number")
    return value


def number(body: Json, name: str) -> float:
    """Return a number of the body, 0 or more. Raises BadControl."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadControl(f"{name} must be a number, 0 or more")
    return float(value)


def rows_of(body: Json) -> list[Json]:
    """Return the rows that a body lists as ``items``; one without is a row itself. Raises BadControl."""
    rows = body.get("items", [body])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadControl("items must be a list of objects")
    return rows


def _handler(action: Action) -> Handler:
    def handle(request: Request, variables: dict[str, str]) -> Response:
        try:
            body = json.loads(request.body) if request.body else {}
            if not isinstance(body, dict):
                raise BadControl("the body must be a JSON object")
            return json_response(action(body, variables))
        except Refusal as error:
            return json_response({"error": str(error)}, error.status)
        except (UnknownFault, KeyError) as error:
            return json_response({"error": f"unknown: {error}"}, 404)
        except (BadFault, ValueError, TypeError) as error:
            return json_response({"error": str(error)}, 400)

    return handle
