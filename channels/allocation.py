"""Who may sell the same unit. ``shared``: every channel shows all that is available less its hold-back."""

from __future__ import annotations


def grant(*, available: int, hold_back: int) -> int:
    """Return the units one listing may show: never negative, whatever ``available`` is."""
    return max(0, available - hold_back)
