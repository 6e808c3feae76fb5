"""Rate limiting as platforms do it: so many calls in a sliding window."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable


class SlidingWindow:
    """Allows ``calls`` per ``seconds`` for each key. ``clock`` returns seconds."""

    def __init__(self, *, calls: int, seconds: float, clock: Callable[[], float]) -> None:
        self.calls = calls
        self.seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, deque[float]] = {}

    def take(self, key: str) -> int:
        """Count one call; return 0 when it is allowed, else the whole seconds to wait (at least 1)."""
        now = self._clock()
        with self._lock:
            seen = self._seen.setdefault(key, deque())
            while seen and seen[0] <= now - self.seconds:
                seen.popleft()
            if len(seen) >= self.calls:
                oldest = seen[0] if seen else now
                return max(1, math.ceil(oldest + self.seconds - now))
            seen.append(now)
            return 0

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()
