"""One rate limiter per token, shared by all processes through one row (generic cell rate algorithm).

``next_free`` is the moment at which the token would be at rest again if nobody called; a call may go out while that
moment lies less than the burst ahead, and pushes it on by one interval. The row is moved by a guarded UPDATE, so two
processes never take the same place.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest

from channels.contract import Capabilities, RateLimited
from channels.models import CallBudget


def budget_key(token: str) -> str:
    """Return the row's key: a digest, so that the token itself stands nowhere."""
    return hashlib.sha256(token.encode()).hexdigest()


_made = threading.local()


def calls_made() -> int:
    """Return how many calls of platforms this thread has let out so far: two readings tell what something cost."""
    return getattr(_made, "calls", 0)


def blocked_until(keys: Sequence[str]) -> datetime | None:
    """Return until when the platform asked every process to wait; None: calls go out."""
    rows = CallBudget.objects.filter(key__in=keys, blocked_until__gt=time.time())
    row = rows.order_by("-blocked_until").first()
    return datetime.fromtimestamp(row.blocked_until, UTC) if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many calls, or points, may go out at once now, of how many after a rest; until when none may."""

    left: int
    of: int
    blocked_until: datetime | None


def rooms(budgets: Mapping[int, tuple[str, Capabilities]]) -> dict[int, Room]:
    """Return the room in each budget, by the number it is asked under; nothing for a budget without a key."""
    keys = {key for key, _ in budgets.values() if key}
    rows = CallBudget.objects.in_bulk(keys)
    now = time.time()
    found = {}
    for number, (key, capabilities) in budgets.items():
        if not key:
            continue
        row = rows.get(key)
        taken = max(0.0, row.next_free - now) * (row.calls_per_second or capabilities.calls_per_second) if row else 0.0
        is_blocked = row is not None and row.blocked_until > now
        found[number] = Room(
            left=max(0, int(capabilities.burst - taken)),
            of=capabilities.burst,
            blocked_until=datetime.fromtimestamp(row.blocked_until, UTC) if row and is_blocked else None,
        )
    return found


class TransactionOpen(RuntimeError):
    """A platform was to be called inside a transaction: its locks would be held for as long as the network likes."""


def _is_transaction_open() -> bool:
    """Tell whether locks could be held. The block that Django's test cases put around a test counts as none, as for
    ``atomic(durable=True)``."""
    return any(not block._from_testcase for block in transaction.get_connection().atomic_blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limiter:
    """The budget of one token, or of one operation of it: calls, or whatever points the platform counts."""

    key: str
    calls_per_second: float
    burst: float
    longest_wait: float = 30.0  # seconds a caller may be kept; beyond it RateLimited is raised

    def acquire(self, cost: float = 1.0) -> None:
        """Wait for room for ``cost``, at most ``longest_wait``. Raises RateLimited with the seconds left to wait.

        What costs more than the whole burst goes out when the budget is at rest.
        """
        if _is_transaction_open():
            raise TransactionOpen
        give_up_at = time.time() + self.longest_wait
        while True:
            wait = self._try(min(cost, self.burst))
            if wait <= 0:
                _made.calls = calls_made() + 1
                return
            if time.time() + wait > give_up_at:
                raise RateLimited("The platform's rate limit is used up for now.", wait_seconds=wait)
            time.sleep(min(wait, 1.0))

    def block(self, seconds: float) -> None:
        """Stop every process's calls with this token for ``seconds``: the platform asked for it."""
        until = time.time() + seconds
        CallBudget.objects.get_or_create(key=self.key)
        CallBudget.objects.filter(key=self.key, blocked_until__lt=until).update(blocked_until=until)

    def learn(self, calls_per_second: float) -> None:
        """Keep the rate that the platform has told: from now on every process goes by it.

        What was taken so far costs the time that it takes at the new rate, not at the one that was assumed.
        """
        now = time.time()
        CallBudget.objects.get_or_create(key=self.key)
        taken = Greatest(F("next_free") - Value(now), Value(0.0))
        before = Coalesce(F("calls_per_second"), Value(self.calls_per_second))
        CallBudget.objects.filter(key=self.key).exclude(calls_per_second=calls_per_second).update(
            next_free=Value(now) + taken * before / Value(calls_per_second),
            calls_per_second=calls_per_second,
        )

    def refund(self, cost: float) -> None:
        """Give back what a call took but the platform did not charge."""
        CallBudget.objects.filter(key=self.key, next_free__gt=time.time()).update(
            next_free=F("next_free") - self._seconds(cost)
        )

    def spend(self, cost: float) -> None:
        """Charge what a call turned out to cost beyond what was taken for it."""
        CallBudget.objects.filter(key=self.key).update(
            next_free=Greatest(F("next_free"), Value(time.time())) + self._seconds(cost)
        )

    def _seconds(self, cost: float) -> Combinable:
        return Value(cost) / Coalesce(F("calls_per_second"), Value(self.calls_per_second))

    def _try(self, cost: float) -> float:
        """Take room for ``cost`` and return 0, or return the seconds until there may be some."""
        now = time.time()
        given = 1 / self.calls_per_second  # the row's own interval goes before it, once the platform has told one
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE channels_callbudget SET next_free ="
                " (CASE WHEN next_free > %s THEN next_free ELSE %s END) + %s * COALESCE(1 / calls_per_second, %s)"
                " WHERE key = %s AND next_free <= %s + %s * COALESCE(1 / calls_per_second, %s)"
                " AND blocked_until <= %s",
                [now, now, cost, given, self.key, now, self.burst - cost, given, now],
            )
            if cursor.rowcount:
                return 0
        row = CallBudget.objects.filter(key=self.key).first()
        if row is None:
            CallBudget.objects.get_or_create(key=self.key)
            return self._try(cost)
        interval = 1 / (row.calls_per_second or self.calls_per_second)
        return max(row.next_free - interval * (self.burst - cost) - now, row.blocked_until - now, 0.001)
