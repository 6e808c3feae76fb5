"""When an event is tried again: the schedule of Standard Webhooks 1.0.0, and what the receiver asks for."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# How long after each attempt the next one comes; after the last there is none.
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
ATTEMPTS = len(WAITS) + 1
JITTER = 0.2  # of the wait, at most
LONGEST_ASKED = timedelta(days=1)  # a receiver may ask for so much patience
BUSY = frozenset({429, 502, 503, 504})  # answers with which Retry-After is heeded

# How long a failing endpoint is left alone as a whole: at first, doubled each time, and at most.
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)


def next_at(*, step: int, now: datetime, status: int | None, retry_after: str) -> datetime | None:
    """Return when to try again after attempt number ``step`` (from 1) has failed; None when that was the last."""
    if step >= ATTEMPTS:
        return None
    wait = WAITS[step - 1]
    wait += wait * random.uniform(0, JITTER)
    return max(now + wait, asked_for(retry_after, status=status, now=now) or now)


def asked_for(retry_after: str, *, status: int | None, now: datetime) -> datetime | None:
    """Return until when a busy receiver asks to be left alone; None when it doesn't, or nobody can read it."""
    text = retry_after.strip()
    if status not in BUSY or not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 9:
        moment = now + timedelta(seconds=min(int(text), LONGEST_ASKED.total_seconds()))
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    return min(max(moment, now), now + LONGEST_ASKED)


def rest(*, failures: int) -> timedelta:
    """Return how long an endpoint that has failed ``failures`` times in a row is left alone."""
    doubled: int = 2 ** max(0, min(failures - 1, 10))
    return min(FIRST_REST * doubled, LONGEST_REST)
