"""HTML built from elements, so that every text is escaped. No inline script, no inline style."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib import resources

from sandbox.server import Response

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_VOID = frozenset({"input", "meta", "link", "br", "hr", "img", "path", "circle"})


@dataclass(frozen=True, slots=True)
class Element:
    """Finished markup."""

    markup: str


Part = Element | str | int | None


def element(tag: str, *children: Part, **attributes: str | int | bool | None) -> Element:
    """Return one element. ``class_`` means class, ``data_x_y`` means data-x-y; None and False leave one out."""
    written = []
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        written.append(f" {name}" if value is True else f' {name}="{escape(str(value))}"')
    opening = f"<{tag}{''.join(written)}>"
    if tag in _VOID:
        return Element(opening)
    return Element(f"{opening}{''.join(_markup(child) for child in children)}</{tag}>")


def join(parts: Iterable[Part]) -> Element:
    return Element("".join(_markup(part) for part in parts))


def _markup(part: Part) -> str:
    if part is None:
        return ""
    return part.markup if isinstance(part, Element) else escape(str(part))


def document(*, title: str, body: Iterable[Part], refresh_seconds: int | None = None) -> str:
    """Return a whole page with the shared style sheet; ``refresh_seconds`` reloads it without script."""
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="refresh", content=refresh_seconds) if refresh_seconds else None,
        element("title", title),
        element("link", rel="stylesheet", href="/static/store.css"),
        element("link", rel="icon", href="data:,"),
    ]
    page = element("html", element("head", *head), element("body", *body), lang="en")
    return f"<!doctype html>{page.markup}"


def form(action: str, *children: Part, **attributes: str | int | bool | None) -> Element:
    return element("form", *children, method="post", action=action, **attributes)


def field(name: str, value: str | int, **attributes: str | int | bool | None) -> Element:
    return element("input", name=name, value=value, **attributes)


def hidden(name: str, value: str | int) -> Element:
    return element("input", type="hidden", name=name, value=value)


def button(label: Part, **attributes: str | int | bool | None) -> Element:
    return element("button", label, type="submit", **attributes)


def stylesheet() -> Response:
    """Return the one style sheet of every simulated store."""
    text = resources.files("sandbox").joinpath("static/store.css").read_bytes()
    return Response(body=text, content_type="text/css; charset=utf-8", headers={"Cache-Control": "no-cache"})


def guarded(response: Response) -> Response:
    """Add the headers that forbid inline code and framing."""
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
