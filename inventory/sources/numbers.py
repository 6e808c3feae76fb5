"""Quantities and moments as other systems write them, read strictly: what is doubtful is refused with a sentence."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from inventory.models import MAX_UNITS

_PLAIN = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?")


class BadValue(ValueError):
    """A number or a moment that can't be taken; the message is a sentence for people."""


def units_of(value: object, *, what: str = "The quantity", minimum: int = 0) -> int:
    """Return whole units from a number or its text: 12, 12.0, "12" and "12.000".

    Raises BadValue for a negative one (unless ``minimum`` allows it), a fraction, one beyond MAX_UNITS, an exponent
    ("1E5" is how spreadsheets ruin numbers) and everything that is no number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise BadValue(f"{what} is missing." if value is None else f"{what} is no number.")
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and not _PLAIN.fullmatch(text):
        raise BadValue(f"{what} is empty." if not text else f"{what} {_shown(text)} is no plain number.")
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        raise BadValue(f"{what} {_shown(value)} is no number.") from None
    if not number.is_finite():
        raise BadValue(f"{what} {_shown(value)} is no number.")
    if number != number.to_integral_value():
        raise BadValue(f"{what} {_shown(value)} is no whole number of units.")
    if not minimum <= number <= MAX_UNITS:
        raise BadValue(
            f"{what} {_shown(value)} is negative."
            if 0 > number >= -MAX_UNITS
            else f"{what} {_shown(value)} is beyond {MAX_UNITS:,}."
        )
    return int(number)


def moment_of(value: object, *, what: str = "The time") -> datetime:
    """Return an RFC 3339 moment in UTC. Raises BadValue; a time without its zone could be any hour of the day."""
    if not isinstance(value, str) or not value.strip():
        raise BadValue(f"{what} is missing.")
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise BadValue(f"{what} {_shown(value)} is not as RFC 3339 writes it: 2026-11-21T09:00:00Z.") from None
    if moment.tzinfo is None:
        raise BadValue(f"{what} {_shown(value)} has no time zone: end it with Z or an offset.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadValue(f"{what} {_shown(value)} lies beyond all times.") from None


def text_of(value: object, *, what: str, longest: int = 200) -> str:
    """Return a text or a whole number as text, without spaces around it. Raises BadValue when there is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadValue(f"{what} is missing." if value is None else f"{what} is no text.")
    text = str(value).strip()
    if not text:
        raise BadValue(f"{what} is empty.")
    if len(text) > longest:
        raise BadValue(f"{what} is longer than {longest} characters.")
    if not text.isprintable():
        raise BadValue(f"{what} holds characters that can't be seen.")
    return text


def storable(text: str, longest: int) -> str:
    """Return ``text`` as a column may hold it: cut, and without what no database keeps, NUL and half a pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:longest]


def _shown(value: object) -> str:
    text = str(value)
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"


SKEW_IGNORED = 30.0  # seconds; less is the network's, and corrected times would only jump about


def in_our_clock(moment: datetime, skew_seconds: float | None) -> datetime:
    """Return a moment told by a clock that is ``skew_seconds`` ahead of ours, as ours would have told it."""
    if skew_seconds is None or abs(skew_seconds) < SKEW_IGNORED:
        return moment
    return moment - timedelta(seconds=skew_seconds)
