"""Things that happen by themselves after a while: an accepted quantity goes live, a feed is done, an order is paid."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable

Action = Callable[[], None]


class Schedule:
    """Runs actions when they are due, under ``lock``, in the order of their times. ``clock`` returns seconds.

    A thread does it while the store runs; ``run_due`` does it at once, so that no call sees a state that is over.
    """

    def __init__(self, lock: threading.RLock, clock: Callable[[], float]) -> None:
        self._lock = lock
        self._clock = clock
        self._wake = threading.Condition()
        self._due: list[tuple[float, int, Action]] = []
        self._tickets = itertools.count()
        self._thread: threading.Thread | None = None
        self._stopped = True

    def after(self, seconds: float, action: Action) -> None:
        """Run ``action`` in ``seconds``; at once, in the caller's thread, for 0. Call with the lock held."""
        if seconds <= 0:
            action()
            return
        with self._wake:
            heapq.heappush(self._due, (self._clock() + seconds, next(self._tickets), action))
            self._wake.notify_all()

    def run_due(self) -> None:
        """Run what is due by now."""
        with self._lock:
            while True:
                with self._wake:
                    if not self._due or self._due[0][0] > self._clock():
                        return
                    _, _, action = heapq.heappop(self._due)
                action()

    def clear(self) -> None:
        """Forget everything that was to come."""
        with self._wake:
            self._due.clear()

    @property
    def waiting(self) -> int:
        with self._wake:
            return len(self._due)

    def start(self) -> None:
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="schedule", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let time stand still; what is waiting stays."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(2)

    def _work(self) -> None:
        while True:
            with self._wake:
                if self._stopped:
                    return
                wait = self._due[0][0] - self._clock() if self._due else None
                if wait is None or wait > 0:
                    # A clock of a test may jump: look again now and then.
                    self._wake.wait(0.5 if wait is None else min(wait, 0.5))
                    continue
            self.run_due()
