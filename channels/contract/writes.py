"""Changes of quantities, and what becomes of them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityChange:
    """Apply ``delta`` to whatever quantity the listing shows."""

    ref: str  # ReportedListing.ref
    accounted: int
    target: int  # >= 0
    key: str  # idempotency key, the same on every try

    @property
    def delta(self) -> int:
        return self.target - self.accounted


class OutcomeKind(enum.StrEnum):
    APPLIED = "applied"
    ACCEPTED = "accepted"  # taken to be done later: done once a reading shows ``expected``
    NOT_APPLIED = "not-applied"  # certain; may be tried again
    REJECTED = "rejected"  # certain; trying again is pointless
    GONE = "gone"  # the listing does not exist any more
    UNKNOWN = "unknown"  # only a reading can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one change."""

    ref: str
    kind: OutcomeKind
    receipt: str = ""  # the platform's own words, in short
    applied: int | None = None  # APPLIED, ACCEPTED: units really applied, where that is not all of the delta
    expected: int | None = None  # ACCEPTED: what the listing shows once it is done
    ticket: str = ""  # ACCEPTED: what ``ticket_outcomes`` is asked about, for a wave that was handed over as a whole
    window_seconds: float | None = None  # guarded set: from the reading to the answer of the write
