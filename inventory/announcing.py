"""How the lower layers tell the upper ones that something has happened, without knowing them.

``announce`` belongs into the transaction of the change. Whoever listens is called there and then and may only write
rows: so the news stands exactly where the change stands, and a rollback takes both back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

Json = str | int | float | bool | None | Mapping[str, "Json"] | list["Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that happened to ``subject``, for example ``order:7``: its kind, when, and how things stand now.

    ``data`` is JSON and holds no secret and nothing about a buyer.
    """

    kind: str
    subject: str
    at: datetime
    data: Mapping[str, Json] = field(default_factory=dict)


Listener = Callable[[News], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have ``listener`` called with all news from now on; apps register theirs when they are ready."""
    if listener not in _listeners:
        _listeners.append(listener)


def announce(kind: str, *, subject: str, at: datetime, data: Mapping[str, Json]) -> None:
    """Tell every listener. The caller holds the lock on ``subject``, so that its news have an order."""
    news = News(kind=kind, subject=subject, at=at, data=data)
    for listener in _listeners:
        listener(news)
