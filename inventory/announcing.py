"""How the lower layers tell the upper ones that something has happened, without knowing them.

``announce`` belongs into the transaction of the change. Whoever listens is called there and then and may only write
rows: so the news stands exactly where the change stands, and a rollback takes both back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


Listener = Callable[[Sequence[News]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have ``listener`` called with all news from now on; apps register theirs when they are ready."""
    if listener not in _listeners:
        _listeners.append(listener)


def announce(kind: str, *, subject: str, at: datetime, data: Mapping[str, Json]) -> None:
    """Tell every listener. The caller holds the lock on ``subject``, so that its news have an order."""
    announce_all([News(kind=kind, subject=subject, at=at, data=data)])


def announce_all(news: Sequence[News]) -> None:
    """Tell every listener of many things at once; the caller holds the locks on their subjects."""
    for listener in _listeners if news else ():
        listener(news)
