"""Asynchronous webhook delivery with retries, shared by every simulated platform."""

from __future__ import annotations

import heapq
import http.client
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from sandbox.faults import Faults
from sandbox.server import Json

State = Literal["pending", "delivered", "gave_up", "dropped", "unsent"]


@dataclass(slots=True)
class Attempt:
    """One try: ``at`` is UNIX seconds, ``status`` the HTTP status or None, ``error`` the reason without one."""

    at: float
    status: int | None
    error: str
    seconds: float


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One event on its way to one URL. ``body`` and ``headers`` stay the same on every try."""

    id: int
    event_id: str
    event_type: str
    entity_id: int | str
    url: str
    body: str
    headers: dict[str, str]
    created_at: float
    state: State = "pending"
    attempts: list[Attempt] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    next_attempt_at: float | None = None
    followers: list[Delivery] = field(default_factory=list, repr=False)

    def describe(self) -> Json:
        """Return the log entry as JSON, without the followers a reorder fault hung on it."""
        shown = {name: getattr(self, name) for name in self.__slots__ if name not in ("followers", "attempts")}
        return {**shown, "attempts": [asdict(attempt) for attempt in self.attempts]}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRules:
    """A platform's promises: seconds of patience, statuses that count, and waits between tries in seconds."""

    delivered: frozenset[int]
    retry_after: tuple[float, ...]
    connect_seconds: float = 3.0
    answer_seconds: float = 10.0


Send = Callable[[Delivery], tuple[int | None, str]]
"""Makes one try; returns (status, "") or (None, what went wrong)."""


class Courier:
    """Delivers in background threads. ``time_scale`` multiplies the waits between tries, not the time-outs.

    ``send``: how, where it is not a POST to the delivery's URL.
    """

    def __init__(
        self,
        rules: DeliveryRules,
        faults: Faults,
        *,
        time_scale: float = 1.0,
        workers: int = 4,
        send: Send | None = None,
    ) -> None:
        self.rules = rules
        self._send = send or partial(_post, rules)
        self.time_scale = time_scale
        self.on_settled: Callable[[Delivery], None] = lambda _: None
        """Told of every delivery after a try, without any lock held."""
        self._faults = faults
        self._workers = workers
        self._wake = threading.Condition()
        self._due: list[tuple[float, int, Delivery]] = []
        self._log: deque[Delivery] = deque(maxlen=20_000)
        self._ids = itertools.count(1)
        self._tickets = itertools.count(1)
        self._held: Delivery | None = None
        self._busy = 0
        self._stopped = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin, or go on after ``stop``: what was waiting then is still due."""
        self._stopped = False
        self._threads.clear()
        for number in range(self._workers):
            thread = threading.Thread(target=self._work, name=f"courier-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stop sending. A try under way ends by its own time-out in a daemon thread."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(0.5)

    def submit(
        self,
        *,
        event_id: str,
        event_type: str,
        entity_id: int | str,
        url: str,
        body: str,
        headers: dict[str, str],
    ) -> Delivery:
        """Log an event and send it soon; the fault switches decide how. An empty ``url`` is logged as unsent."""
        now = time.time()
        with self._wake:
            delivery = Delivery(
                id=next(self._ids),
                event_id=event_id,
                event_type=event_type,
                entity_id=entity_id,
                url=url,
                body=body,
                headers=headers,
                created_at=now,
            )
            self._log.append(delivery)
            if not url:
                delivery.state = "unsent"
            elif self._faults.take("webhook_drop"):
                delivery.state = "dropped"
                delivery.faults.append("webhook_drop")
            else:
                self._dispatch(delivery)
        return delivery

    def redeliver(self, delivery_id: int, url: str) -> Delivery | None:
        """Send a logged event once more, now, to ``url``; None when the log has no such entry."""
        with self._wake:
            found = next((entry for entry in self._log if entry.id == delivery_id), None)
            if found is None or not url:
                return None
            found.url = url
            found.state = "pending"
            self._schedule(found, 0)
        return found

    def deliveries(self) -> list[Delivery]:
        """Return the log, oldest first."""
        with self._wake:
            return list(self._log)

    def idle(self) -> bool:
        """Whether nothing waits or runs, retries included."""
        with self._wake:
            return not self._due and not self._busy and self._held is None

    def clear(self) -> None:
        """Forget the log and everything still waiting."""
        with self._wake:
            self._due.clear()
            self._log.clear()
            self._held = None

    def _dispatch(self, delivery: Delivery) -> None:
        delay = self._faults.take("webhook_delay")
        if delay:
            delivery.faults.append("webhook_delay")
        if self._faults.take("webhook_duplicate"):
            # Marked here and repeated after the first success, with the same event id.
            delivery.faults.append("webhook_duplicate")
        reorder = self._faults.take("webhook_reorder") if self._held is None else None
        if reorder:
            # Overtaken by the next event; on its own only after a while, or a lone event would be lost.
            delivery.faults.append("webhook_reorder")
            self._held = delivery
            self._schedule(delivery, reorder.seconds + (delay.seconds if delay else 0))
            return
        if self._held is not None:
            delivery.followers.append(self._held)
            self._held = None
        self._schedule(delivery, delay.seconds if delay else 0)

    def _schedule(self, delivery: Delivery, wait: float) -> None:
        if delivery.next_attempt_at is not None:
            # It waits already: the new time replaces the old one.
            self._due = [entry for entry in self._due if entry[2] is not delivery]
            heapq.heapify(self._due)
        heapq.heappush(self._due, (time.monotonic() + wait, next(self._tickets), delivery))
        delivery.next_attempt_at = time.time() + wait
        self._wake.notify_all()

    def _work(self) -> None:
        while True:
            with self._wake:
                delivery = self._next()
                if delivery is None:
                    return
                self._busy += 1
            attempt = self._try(delivery)
            with self._wake:
                if not self._stopped:
                    self._settle(delivery, attempt)
            self.on_settled(delivery)
            with self._wake:
                self._busy -= 1

    def _next(self) -> Delivery | None:
        while not self._stopped:
            now = time.monotonic()
            if self._due and self._due[0][0] <= now:
                delivery = heapq.heappop(self._due)[2]
                if self._held is delivery:
                    self._held = None
                return delivery
            self._wake.wait(self._due[0][0] - now if self._due else None)
        return None

    def _settle(self, delivery: Delivery, attempt: Attempt) -> None:
        delivery.attempts.append(attempt)
        delivery.next_attempt_at = None
        followers, delivery.followers = delivery.followers, []
        for follower in followers:
            if follower.state == "pending" and not follower.attempts:
                self._schedule(follower, 0)
        if attempt.status in self.rules.delivered:
            delivery.state = "delivered"
            repeats = sum(tried.status in self.rules.delivered for tried in delivery.attempts)
            if "webhook_duplicate" in delivery.faults and repeats == 1:
                self._schedule(delivery, 0)
        elif delivery.state == "delivered":
            return  # a failed duplicate of something that has arrived
        elif len(delivery.attempts) > len(self.rules.retry_after):
            delivery.state = "gave_up"
        else:
            wait = self.rules.retry_after[len(delivery.attempts) - 1]
            self._schedule(delivery, wait * self.time_scale)

    def _try(self, delivery: Delivery) -> Attempt:
        started = time.time()
        status, error = self._send(delivery)
        return Attempt(at=started, status=status, error=error, seconds=round(time.time() - started, 4))


def _post(rules: DeliveryRules, delivery: Delivery) -> tuple[int | None, str]:
    """POST without following redirects; return (status, "") or (None, what went wrong)."""
    split = urlsplit(delivery.url)
    connect: Callable[..., http.client.HTTPConnection]
    connect = http.client.HTTPSConnection if split.scheme == "https" else http.client.HTTPConnection
    connection = connect(split.hostname or "", split.port, timeout=rules.connect_seconds)
    target = (split.path or "/") + (f"?{split.query}" if split.query else "")
    try:
        connection.connect()
        if connection.sock is not None:
            connection.sock.settimeout(rules.answer_seconds)
        connection.request("POST", target, body=delivery.body.encode(), headers=delivery.headers)
        return connection.getresponse().status, ""
    except (OSError, http.client.HTTPException, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"[:200]
    finally:
        connection.close()
