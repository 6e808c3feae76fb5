"""A log of the calls a simulated platform has answered, for assertions and for its page."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """One answered call. ``status`` 0: the connection was closed without an answer. No secrets are kept.

    ``answer`` is kept by those platforms whose answers are checked against an official contract.
    """

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    status: int
    at: float
    batched: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""


class CallLog:
    """The latest calls, oldest first. Safe to use from any thread."""

    def __init__(self, keep: int = 20_000) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=keep)

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def all(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
