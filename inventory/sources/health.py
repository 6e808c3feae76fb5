"""How a source does, in sentences: what stands still, what is late, what waits for a person. Worst first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.sources import mapping
from inventory.sources.contract import Capabilities
from inventory.sources.models import Pull, Reading, Source, SourceEvent
from inventory.sources.numbers import SKEW_IGNORED

LATE_AFTER = 3  # of its intervals without a reading
REFUSED_WITHIN = timedelta(days=1)
TOKEN_WARNING = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One thing about a source. ``page`` is the url name of the page where it is settled."""

    tone: str
    sentence: str
    detail: str = ""
    page: str = ""
    verb: str = ""


def last_applied(source: Source, capabilities: Capabilities) -> Pull | None:
    """Return the last whole reading that was compared; of a source that is given files, the last file."""
    applied = source.pulls.filter(state=Pull.State.APPLIED)
    pull: Pull | None = (applied.filter(is_full=True) if capabilities.pulls else applied).order_by("-pk").first()
    return pull


def concerns(source: Source, capabilities: Capabilities, *, now: datetime) -> list[Concern]:
    """Return what a person should know of a connected source, worst first."""
    found = [
        *_standing_still(source),
        *_reading(source, capabilities, now=now),
        *_waiting(source),
        *_clock_and_token(source, now=now),
        *_events(source, now=now),
        *(Concern(tone="warning", sentence=str(words)) for words in source.memory.get("warnings") or ()),
    ]
    rank = {"critical": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda each: rank[each.tone])


def _standing_still(source: Source) -> Iterator[Concern]:
    if source.connection == Source.Connection.RECONNECT:
        yield Concern(
            tone="critical",
            sentence=_("It does not accept our credentials any more, so nothing is read."),
            detail=source.connection_problem,
            page="sources:source_reconnect",
            verb=_("Reconnect"),
        )
    if source.is_paused:
        yield Concern(
            tone="warning",
            sentence=_("It is paused: nothing is read."),
            page="sources:source_settings",
            verb=_("Settings"),
        )
    gone = [each.name for each in source.locations.exclude(gone_at=None).exclude(warehouse=None)]
    if gone:
        yield Concern(
            tone="critical",
            sentence=_("%(places)s is not there any more, so no reading counts.") % {"places": ", ".join(gone)},
            detail=_("Its stock is not taken for 0. Map its warehouse to another place, or ignore the lost one."),
            page="sources:source_locations",
            verb=_("Map"),
        )


def _reading(source: Source, capabilities: Capabilities, *, now: datetime) -> Iterator[Concern]:
    if not capabilities.pulls:
        return
    if not mapping.deciding(source):
        yield Concern(
            tone="info",
            sentence=_("Next: say which of its places is which warehouse."),
            detail=_("Nothing is read before that."),
            page="sources:source_locations",
            verb=_("Map locations"),
        )
        return
    applied = last_applied(source, capabilities)
    since = applied.started_at if applied is not None and applied.ended_at else source.created_at
    is_late = now - since > LATE_AFTER * timedelta(seconds=source.pull_seconds) + timedelta(minutes=2)
    if is_late and source.connection == Source.Connection.OK and not source.is_paused:
        last = source.pulls.order_by("-pk").first()
        yield Concern(
            tone="warning",
            sentence=_("No whole reading has succeeded for a while."),
            detail=last.problem if last is not None else "",
            page="sources:source_history",
            verb=_("See readings"),
        )


def _waiting(source: Source) -> Iterator[Concern]:
    pull = source.pulls.waiting().first()
    if pull is not None:
        yield Concern(
            tone="critical",
            sentence=_("A reading waits for you."),
            detail=pull.problem,
            page=f"sources:pull_detail:{pull.pk}",
            verb=_("Look at it"),
        )
    flagged = source.readings.filter(outcome=Reading.Outcome.FLAGGED).count()
    if flagged:
        yield Concern(
            tone="warning",
            sentence=ngettext(
                "%(n)d SKU differs by more than the tolerance.",
                "%(n)d SKUs differ by more than the tolerance.",
                flagged,
            )
            % {"n": flagged},
            page="sources:source_stock",
            verb=_("Review"),
        )


def _clock_and_token(source: Source, *, now: datetime) -> Iterator[Concern]:
    skew = source.skew_seconds
    if skew is not None and abs(skew) >= SKEW_IGNORED:
        words = (
            _("Its clock is %(seconds)d seconds ahead of ours.")
            if skew > 0
            else _("Its clock is %(seconds)d seconds behind ours.")
        )
        yield Concern(
            tone="warning" if abs(skew) > 240 else "info",
            sentence=words % {"seconds": abs(round(skew))},
            detail=_(
                "Times of its readings are corrected. Events more than 300 seconds off are refused: set its clock."
            ),
        )
    expires_on = source.credentials.get("expires_on", "") if source.credentials else ""
    if expires_on and date.fromisoformat(expires_on) - now.date() < TOKEN_WARNING:
        yield Concern(
            tone="warning",
            sentence=_("Its token ends on %(day)s.") % {"day": expires_on},
            page="sources:source_reconnect",
            verb=_("Enter a new one"),
        )


def _events(source: Source, *, now: datetime) -> Iterator[Concern]:
    stuck = source.events.filter(state__in=[SourceEvent.State.PARTLY, SourceEvent.State.FAILED]).count()
    if stuck:
        yield Concern(
            tone="warning",
            sentence=ngettext(
                "%(n)d event could not be booked whole.", "%(n)d events could not be booked whole.", stuck
            )
            % {"n": stuck},
            page="sources:source_events",
            verb=_("See them"),
        )
    last = source.refused_event_at
    if source.refused_events and last is not None and now - last < REFUSED_WITHIN:
        yield Concern(
            tone="warning",
            sentence=ngettext("%(n)d event was refused.", "%(n)d events were refused.", source.refused_events)
            % {"n": source.refused_events},
            detail=source.refused_event_reason,
        )


def standing(source: Source) -> str:
    """Return one code for how a source stands: for badges."""
    if source.disconnected_at is not None:
        return "disconnected"
    if source.connection != Source.Connection.OK:
        return source.connection
    if source.is_paused:
        return "paused"
    return "failing" if source.failures else "ok"


def standing_words(source: Source) -> str:
    """Return the same for people."""
    return {
        "disconnected": _("Disconnected"),
        "reconnect": _("Reconnect needed"),
        "paused": _("Paused"),
        "failing": _("Fails to answer"),
        "ok": _("Connected"),
    }[standing(source)]
