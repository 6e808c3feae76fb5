"""The frame around every page of a simulated Ecwid store, and the small parts that pages share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.page import Element, Part, document, element

if TYPE_CHECKING:
    from sandbox.ecwid.simulator import EcwidSimulator

Note = tuple[str, str] | None
"""What the last action has to say: done or refused, and the words."""

_TABS = (("/", "Shop"), ("/orders", "Orders"), ("/webhooks", "Webhooks"), ("/faults", "Faults"))


def frame(
    simulator: EcwidSimulator, *, path: str, title: str, lead: str, query: dict[str, str], note: Note, body: list[Part]
) -> str:
    """Return a whole page. ``?watch=1`` makes it reload every two seconds."""
    watching = query.get("watch") == "1"
    armed = sum(simulator.faults.get(name).armed for name in simulator.faults.kinds)
    tabs = [
        element(
            "a",
            label,
            element("span", armed, class_="count") if target == "/faults" and armed else None,
            href=target,
            aria_current="page" if target == path else None,
        )
        for target, label in _TABS
    ]
    header = element(
        "header",
        element(
            "div",
            element("a", simulator.name, href="/", class_="brand"),
            element("span", "Simulated Ecwid store", class_="badge sim"),
            element("span", f"no. {simulator.store_id}", class_="muted"),
            class_="bar",
        ),
        element("nav", *tabs, aria_label="Pages"),
        class_="top",
    )
    watch = element(
        "a",
        "Stop watching" if watching else "Watch live",
        href=path if watching else f"{path}?watch=1",
        class_="button quiet",
    )
    head = element(
        "div",
        element("div", element("h1", title), element("p", lead, class_="muted")),
        watch,
        class_="head",
    )
    said = element("p", note[1], class_=f"note {note[0]}", role="status") if note else None
    foot = element(
        "footer",
        "A stand-in for tests and demonstrations. Nothing here is sold, and Ecwid has no part in it.",
        class_="muted",
    )
    return document(
        title=f"{title} · {simulator.name}",
        body=[header, element("main", head, said, *body), foot],
        refresh_seconds=2 if watching else None,
    )


def clock_text(seconds: float | None) -> str:
    """Return ``21 Nov 14:03:09`` in UTC, or a dash."""
    return "–" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%d %b %H:%M:%S")


def pill(text: str, kind: str) -> Element:
    return element("span", text, class_=f"pill {kind}")


def words(status: str) -> str:
    """Return AWAITING_PAYMENT as ``Awaiting payment``."""
    return status.replace("_", " ").capitalize()
