"""Bringing events to endpoints: at least once each, in a lane of its own.

An attempt is claimed and committed before the call and settled after it, so a crash in between costs a repeat and
never a loss. Calls run in threads that touch no database; one endpoint that sleeps holds up nobody but itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from api.models import Attempt, Delivery, Endpoint, Event
from api.webhooks import endpoints, mails, schedule, stock
from api.webhooks.bodies import body_of, headers_for
from channels.lanes import Lease
from inventory.outgoing import Answer, Call

log = structlog.get_logger(__name__)

CALLS_AT_ONCE = 24
CALLS_PER_ENDPOINT = 6  # of one that answers; one that fails gets one call at a time
TIMEOUT_SECONDS = 15.0
CUT_OFF_SECONDS = 20.0  # a call that takes longer is ended, however it spends the time
CLAIMED_FOR = timedelta(seconds=90)  # a claim that nobody settled is tried again after that
SLOW = timedelta(seconds=1)  # who takes longer rests as long as it took, so that it can't fill the lane
SPREAD_AT_ONCE = 500
GATHER_SECONDS = 0.5  # while calls are under way: news for others must not wait for the slowest
GONE = 410


def has_due(now: datetime) -> bool:
    """Tell whether the lane would find something to do."""
    return (
        Event.objects.filter(spread_at=None).exists()
        or _callable(now).exists()
        or stock.has_untold()
        or Endpoint.objects.filter(mail_due_at__lte=now).exists()
    )


def work(lease: Lease) -> bool:
    """Do one round: make stock events, give each endpoint its deliveries, bring those that are due."""
    found = _gather()
    found |= _Round(lease).run()
    return mails.send_due(now=timezone.now()) or found


def _gather() -> bool:
    """Make stock events, and deliveries of what is new; tell whether there was anything."""
    now = timezone.now()
    found = stock.tell(now=now)
    return spread(now=now) or found


def spread(*, now: datetime) -> bool:
    """Make a delivery of each new event for every endpoint that wants its kind; tell whether there were any."""
    with transaction.atomic():
        events = list(Event.objects.filter(spread_at=None).order_by("pk")[:SPREAD_AT_ONCE])
        if not events:
            return False
        wanted = list(Endpoint.objects.active().order_by("pk"))
        Delivery.objects.bulk_create(
            (
                Delivery(event=event, endpoint=endpoint, due_at=now, created_at=now)
                for event in events
                for endpoint in wanted
                if event.kind in endpoint.kinds
            ),
            batch_size=1000,
            ignore_conflicts=True,
        )
        Event.objects.filter(pk__in=[event.pk for event in events]).update(spread_at=now)
    return True


def _callable(now: datetime) -> endpoints.Deliveries:
    """Return the due deliveries of endpoints that are not resting."""
    return Delivery.objects.due(now).filter(
        Q(endpoint__rests_until=None) | Q(endpoint__rests_until__lte=now),
        endpoint__disabled_at=None,
        endpoint__removed_at=None,
    )


@dataclass(slots=True)
class _Round:
    """Calls under way, until nothing is due any more or the lane must make room."""

    lease: Lease
    under_way: dict[Future[Answer], tuple[Delivery, Call]] = field(default_factory=dict)

    def run(self) -> bool:
        """Call whoever is due; tell whether anybody was."""
        found, gathered_at = False, monotonic()
        with ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="webhook") as pool:
            while True:
                if not self.lease.is_over:
                    if monotonic() - gathered_at > GATHER_SECONDS:
                        found |= _gather()
                        gathered_at = monotonic()
                    for delivery in self._next(now=timezone.now()):
                        call = call_for(delivery, now=timezone.now())
                        self.under_way[pool.submit(call.run)] = (delivery, call)
                        found = True
                if not self.under_way:
                    return found
                self._settle_ended()

    def _next(self, *, now: datetime) -> Iterator[Delivery]:
        """Claim and give deliveries for the free places, the oldest of each endpoint first."""
        free = CALLS_AT_ONCE - len(self.under_way)
        if free <= 0:
            return
        busy: dict[int, int] = {}
        for delivery, _call in self.under_way.values():
            busy[delivery.endpoint_id] = busy.get(delivery.endpoint_id, 0) + 1
        due = _callable(now).order_by().values_list("endpoint_id", flat=True).distinct()
        for endpoint in Endpoint.objects.filter(pk__in=list(due)).order_by("pk"):
            places = min(free, (1 if endpoint.failures else CALLS_PER_ENDPOINT) - busy.get(endpoint.pk, 0))
            if places <= 0:
                continue
            rows = _callable(now).filter(endpoint=endpoint).select_related("event", "endpoint")
            for delivery in rows.order_by("due_at", "pk")[:places]:
                if claim(delivery, now=now):
                    free -= 1
                    yield delivery

    def _settle_ended(self) -> None:
        done, _ = wait(self.under_way, timeout=0.05, return_when=FIRST_COMPLETED)
        for future in done:
            delivery, _call = self.under_way.pop(future)
            settle(delivery, future.result(), now=timezone.now())
        for _delivery, call in self.under_way.values():
            if call.seconds > CUT_OFF_SECONDS:
                call.cut_off()


def claim(delivery: Delivery, *, now: datetime) -> bool:
    """Count an attempt before it is made; tell whether the delivery was still there to be made."""
    rows = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PENDING, step=delivery.step)
    if not rows.update(step=F("step") + 1, due_at=now + CLAIMED_FOR):
        return False
    delivery.step += 1
    return True


def call_for(delivery: Delivery, *, now: datetime) -> Call:
    """Return the signed call that brings the delivery's event."""
    body = body_of(delivery.event)
    headers = headers_for(delivery.event, body, secrets=delivery.endpoint.secrets(now), now=now)
    return Call(url=delivery.endpoint.url, body=body.encode(), headers=headers, timeout=TIMEOUT_SECONDS)


@transaction.atomic
def settle(delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    """Keep the attempt and what follows from it for the delivery and for its endpoint."""
    took = _log(delivery, answer, now=now)
    rows = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PENDING)
    rows.update(last_status=answer.status, last_problem=answer.problem)
    endpoint = Endpoint.objects.filter(pk=delivery.endpoint_id)
    if answer.is_success:
        rows.update(state=Delivery.State.DELIVERED, due_at=None, ended_at=now)
        endpoint.update(
            failures=0, failing_since=None, last_success_at=now, rests_until=now + took if took > SLOW else None
        )
        return
    if answer.status == GONE:
        rows.update(state=Delivery.State.CANCELLED, due_at=None, ended_at=now)
        endpoints.give_up(delivery.endpoint, reason="It answered 410: it is gone for good.", now=now)
        return
    _fail(delivery, answer, now=now)


def _fail(delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    rows = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PENDING)
    due_at = schedule.next_at(step=delivery.step, now=now, status=answer.status, retry_after=answer.retry_after)
    endpoint = Endpoint.objects.select_for_update().get(pk=delivery.endpoint_id)
    failures = endpoint.failures + 1
    asked = schedule.asked_for(answer.retry_after, status=answer.status, now=now) or now
    Endpoint.objects.filter(pk=endpoint.pk).update(
        failures=failures,
        failing_since=endpoint.failing_since or now,
        rests_until=max(now + schedule.rest(failures=failures), asked),
    )
    if due_at is not None:
        rows.update(due_at=due_at)
        return
    rows.update(state=Delivery.State.FAILED, due_at=None, ended_at=now)
    has_succeeded = endpoint.last_success_at is not None and endpoint.last_success_at > delivery.created_at
    if not has_succeeded:
        endpoints.give_up(endpoint, reason=f"Every attempt failed for days. The last: {answer.problem}", now=now)


@transaction.atomic
def note_test(delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    """Keep what came of a test: one attempt, which says nothing about the schedule or the endpoint's state."""
    _log(delivery, answer, now=now)
    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.DELIVERED if answer.is_success else Delivery.State.FAILED,
        last_status=answer.status,
        last_problem=answer.problem,
        ended_at=now,
    )


def _log(delivery: Delivery, answer: Answer, *, now: datetime) -> timedelta:
    took = timedelta(milliseconds=answer.milliseconds)
    Attempt.objects.create(
        delivery=delivery,
        at=now - took,
        milliseconds=answer.milliseconds,
        status=answer.status,
        problem=answer.problem,
        answer=answer.text,
    )
    return took
