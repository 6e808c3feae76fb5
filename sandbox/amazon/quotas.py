"""Token buckets, one per operation, as the usage plans describe them."""

from __future__ import annotations

import threading

from sandbox.amazon.operations import OPERATIONS
from sandbox.amazon.options import Options


class Quotas:
    """Refilled at the rate, up to the burst. Safe to use from any thread."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._plans: dict[str, tuple[float, float]] = {}
        self._levels: dict[str, tuple[float, float]] = {}

    def plan(self, operation: str) -> tuple[float, float]:
        """Return (calls a second, burst) as they are applied now."""
        if operation in self._plans:
            return self._plans[operation]
        documented, scale = OPERATIONS[operation], self._options.quota_scale
        return documented.rate * scale, max(1.0, documented.burst * scale)

    def change(self, operation: str, rate: float, burst: float) -> None:
        """Give the seller another plan for one operation. Raises KeyError for an unknown one."""
        if operation not in OPERATIONS:
            raise KeyError(operation)
        with self._lock:
            self._plans[operation] = rate, burst
            self._levels.pop(operation, None)

    def take(self, operation: str) -> bool:
        """Use one call; False when there is none left."""
        rate, burst = self.plan(operation)
        now = self._options.clock()
        with self._lock:
            level, at = self._levels.get(operation, (burst, now))
            level = min(burst, level + max(0.0, now - at) * rate)
            allowed = level >= 1
            self._levels[operation] = (level - 1 if allowed else level), now
            return allowed

    def clear(self) -> None:
        """Go back to the documented plans, with full buckets."""
        with self._lock:
            self._plans.clear()
            self._levels.clear()
