"""What an event looks like, for tools in which people put fields together."""

from __future__ import annotations

from datetime import UTC, datetime

from api.models import Event
from api.webhooks.bodies import EventAnswer, shown
from api.webhooks.kinds import KINDS

SHOWN = 3


def samples_of(code: str) -> list[EventAnswer]:
    """Return the last events of the kind ``code``, newest first; a made-up one where none has happened yet."""
    events = [shown(event) for event in Event.objects.filter(kind=code).order_by("-pk")[:SHOWN]]
    return events or [sample_of(code)]


def sample_of(code: str) -> EventAnswer:
    """Return a made-up event of the kind ``code``."""
    kind = KINDS[code]
    return EventAnswer(
        id="evt_1",
        type=kind.code,
        timestamp=datetime(2026, 11, 21, 9, 30, tzinfo=UTC).isoformat(),
        subject=kind.subject,
        version=1,
        data=kind.sample,
    )
