"""What the description says of every operation alike: headers, unchanged reads, and an example of each body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.examples import example_of

_RATE = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_HEADERS = {
    "RateLimit-Limit": ("integer", "Calls that the token may make in a minute."),
    "RateLimit-Remaining": ("integer", "How many of them are left in this one."),
    "RateLimit-Reset": ("integer", "Seconds until the next minute begins."),
    "Retry-After": ("integer", "Seconds to wait before the next try."),
    "ETag": ("string", "Send it as If-None-Match with the next read: 304 while nothing has changed."),
    "Idempotent-Replayed": ("string", "true: this was done before under the same key, and is only told again."),
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an earlier answer: 304 while nothing has changed.",
    "schema": {"type": "string"},
}


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to the drawn description, in place, what no single view says; return it."""
    components = result["components"]
    components["headers"] = {
        name: {"description": about, "schema": {"type": kind}} for name, (kind, about) in _HEADERS.items()
    }
    components["parameters"] = {"If-None-Match": _IF_NONE_MATCH}
    for method, operation in _operations(result):
        for parameter in operation.get("parameters", ()):
            _no_blank(parameter)
        if method == "get":
            operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/If-None-Match"})
            operation["responses"]["304"] = {"description": "Nothing has changed since that ETag.", **_with("ETag")}
        for status, response in operation["responses"].items():
            _tell_headers(method, status, response)
        bodies = [("", operation.get("requestBody", {})), *operation["responses"].items()]
        for status, body in bodies:
            for media_type in body.get("content", {}).values():
                if "examples" not in media_type:
                    media_type["example"] = example_of(media_type["schema"], components["schemas"], status=status)
    return result


def _operations(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in result["paths"].values():
        yield from path.items()


def _no_blank(parameter: dict[str, Any]) -> None:
    """An empty query parameter is refused."""
    schema = parameter["schema"]
    if parameter["in"] == "query" and schema.get("type") == "string" and not {"enum", "format"} & schema.keys():
        schema["pattern"] = r"\S"


def _tell_headers(method: str, status: str, response: dict[str, Any]) -> None:
    if status == "401":
        return
    names = [*_RATE]
    if status == "429":
        names.append("Retry-After")
    if method == "get" and status in {"200", "304"}:
        names.append("ETag")
    if method == "post" and status.startswith("2"):
        names.append("Idempotent-Replayed")
    response.update(_with(*names))


def _with(*names: str) -> dict[str, Any]:
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names}}
