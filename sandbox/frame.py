"""The frame around every page of a simulated store, and the small parts that pages share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.faults import Faults
from sandbox.page import Element, Part, document, element

Note = tuple[str, str] | None
"""What the last action has to say: done or refused, and the words."""

_TABS = (("/", "Shop"), ("/orders", "Orders"), ("/webhooks", "Webhooks"), ("/faults", "Faults"))
_LOW = 5
_ICONS = {
    "clothing": "M8 3 4 5.5 5.5 10 8 9v11h8V9l2.5 1L20 5.5 16 3c-1 2-7 2-8 0Z",
    "camp": "M12 4 3 20h18L12 4Zm0 8 4 8H8l4-8Z",
    "kitchen": "M5 7h11v9a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3V7Zm11 2h2a2 2 0 0 1 0 6h-2",
    "light": "M9 18h6M10 21h4M12 3a6 6 0 0 0-3.5 11c.5.4.5 1 .5 2h6c0-1 0-1.6.5-2A6 6 0 0 0 12 3Z",
    "tools": "M14 6a4 4 0 0 0 5 5l-9 9-4-4 9-9a4 4 0 0 1-1-1Zm0 0 2-2 2 2-2 2",
    "home": "M4 11 12 4l8 7v9h-6v-5h-4v5H4v-9Z",
    "service": "M4 9h16v4H4V9Zm1 4v7h14v-7M12 9v11M12 9c-6 0-5-6-1-4l1 4Zm0 0c6 0 5-6 1-4l-1 4Z",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every page of one store. ``number``: how the platform tells its stores apart."""

    platform: str
    name: str
    number: str
    faults: Faults
    tabs: tuple[tuple[str, str], ...] = _TABS
    noun: str = "store"  # what it is one of; empty where the platform's name says so

    def page(self, *, path: str, title: str, lead: str, query: dict[str, str], note: Note, body: list[Part]) -> str:
        """Return a whole page. ``?watch=1`` makes it reload every two seconds."""
        watching = query.get("watch") == "1"
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
            f"A stand-in for tests and demonstrations. Nothing here is sold, and {self.platform} has no part in it.",
            class_="muted",
        )
        return document(
            title=f"{title} · {self.name}",
            body=[self._header(path), element("main", head, said, *body), foot],
            refresh_seconds=2 if watching else None,
        )

    def _header(self, path: str) -> Element:
        armed = sum(self.faults.get(name).armed for name in self.faults.kinds)
        tabs = [
            element(
                "a",
                label,
                element("span", armed, class_="count") if target == "/faults" and armed else None,
                href=target,
                aria_current="page" if target == path else None,
            )
            for target, label in self.tabs
        ]
        return element(
            "header",
            element(
                "div",
                element("a", self.name, href="/", class_="brand"),
                element("span", f"Simulated {self.platform} {self.noun}".rstrip(), class_="badge sim"),
                element("span", self.number, class_="muted"),
                class_="bar",
            ),
            element("nav", *tabs, aria_label="Pages"),
            class_="top",
        )


def table(label: str, heads: Sequence[str], rows: Sequence[Part], *, numbers: Collection[str] = ()) -> Element:
    """Return rows under their heads, as wide as they need; columns of ``numbers`` stand to the right."""
    names = (element("th", text, scope="col", class_="num" if text in numbers else None) for text in heads)
    body = element("table", element("thead", element("tr", *names)), element("tbody", *rows))
    return element("div", body, class_="card scroll", tabindex=0, role="region", aria_label=label)


def icon(category: str) -> Element:
    """Return the drawing of a category of goods; a house for one that has none."""
    return element(
        "svg",
        element("path", d=_ICONS.get(category, _ICONS["home"])),
        viewBox="0 0 24 24",
        aria_hidden="true",
        class_=f"icon {category or 'home'}",
    )


def stock_pill(quantity: int | None) -> Element:
    """Return the units left; None stands for stock that is not counted."""
    if quantity is None:
        return pill("Unlimited", "info")
    kind = "bad" if quantity <= 0 else "warn" if quantity <= _LOW else "good"
    return element(
        "span",
        element("b", quantity, class_="quantity"),
        " left" if quantity >= 0 else " oversold",
        class_=f"pill {kind}",
    )


def clock_text(seconds: float | None) -> str:
    """Return ``21 Nov 14:03:09`` in UTC, or a dash."""
    return "–" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%d %b %H:%M:%S")


def pill(text: str, kind: str) -> Element:
    return element("span", text, class_=f"pill {kind}")


def words(status: str) -> str:
    """Return AWAITING_PAYMENT as ``Awaiting payment``."""
    return status.replace("_", " ").capitalize()
