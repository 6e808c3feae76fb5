"""One rate limiter per token, shared by all processes through one row (generic cell rate algorithm).

``next_free`` is the moment at which the token would be at rest again if nobody called; a call may go out while that
moment lies less than the burst ahead, and pushes it on by one interval. The row is moved by a guarded UPDATE, so two
processes never take the same place.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction

from channels.contract import RateLimited
from channels.models import CallBudget


def budget_key(token: str) -> str:
    """Return the row's key: a digest, so that the token itself stands nowhere."""
    return hashlib.sha256(token.encode()).hexdigest()


def blocked_until(token: str) -> datetime | None:
    """Return until when the platform asked every process to wait; None: calls go out."""
    row = CallBudget.objects.filter(key=budget_key(token), blocked_until__gt=time.time()).first()
    return datetime.fromtimestamp(row.blocked_until, UTC) if row else None


class TransactionOpen(RuntimeError):
    """A platform was to be called inside a transaction: its locks would be held for as long as the network likes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limiter:
    """The budget of one token."""

    key: str
    calls_per_second: float
    burst: int
    longest_wait: float = 30.0  # seconds a caller may be kept; beyond it RateLimited is raised

    def acquire(self) -> None:
        """Wait for a place, at most ``longest_wait``. Raises RateLimited with the seconds left to wait."""
        if transaction.get_connection().in_atomic_block:
            raise TransactionOpen
        give_up_at = time.time() + self.longest_wait
        while True:
            wait = self._try()
            if wait <= 0:
                return
            if time.time() + wait > give_up_at:
                raise RateLimited("The platform's rate limit is used up for now.", wait_seconds=wait)
            time.sleep(min(wait, 1.0))

    def block(self, seconds: float) -> None:
        """Stop every process's calls with this token for ``seconds``: the platform asked for it."""
        until = time.time() + seconds
        CallBudget.objects.get_or_create(key=self.key)
        CallBudget.objects.filter(key=self.key, blocked_until__lt=until).update(blocked_until=until)

    def _try(self) -> float:
        """Take a place and return 0, or return the seconds until one may be free."""
        now = time.time()
        interval = 1 / self.calls_per_second
        tolerance = interval * (self.burst - 1)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE channels_callbudget SET next_free ="
                " (CASE WHEN next_free > %s THEN next_free ELSE %s END) + %s"
                " WHERE key = %s AND next_free <= %s AND blocked_until <= %s",
                [now, now, interval, self.key, now + tolerance, now],
            )
            if cursor.rowcount:
                return 0
        row = CallBudget.objects.filter(key=self.key).first()
        if row is None:
            CallBudget.objects.get_or_create(key=self.key)
            return self._try()
        return max(row.next_free - tolerance - now, row.blocked_until - now, 0.001)
