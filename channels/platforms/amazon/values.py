"""Values of Amazon's JSON read safely. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Larger numbers are mistakes or attacks; the ledger could hold them, the shelf could not.
LARGEST_QUANTITY = 10**9

Json = Mapping[str, Any]
"""One JSON object as it came over the wire."""


def text(value: object) -> str:
    """Return a text, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """Return a quantity, or None unless it is a whole number from 0 to 10⁹. A boolean is none, nor is 5.0."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_QUANTITY:
        return None
    return value


def section(value: object) -> Json:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[Json]:
    """Return the JSON objects of a list; what is none of them is left out."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def moment(value: object) -> datetime | None:
    """Read an ISO 8601 time; None for anything else, also for one without an offset."""
    try:
        found = datetime.fromisoformat(text(value))
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):  # the latter: the first or last day of the calendar, in another time zone
        return None


def iso(at: datetime) -> str:
    """Return ``2026-11-21T09:00:00Z``, as Amazon's pages write times."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
