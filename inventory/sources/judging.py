"""Which differences a person should see. The source's own tolerance decides, unless someone above knows better.

Reconciliation has tolerances by SKU and a queue for people; inventory can't know it. So it registers here, from its
``ready``: a tolerance, and what to do once a pull has been compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from inventory.sources.models import Pull, Source

Tolerance = Callable[[Source, int], tuple[int, int] | None]
"""Takes a source and a SKU id; returns units and percent, or None to leave it to the source's own."""

Listener = Callable[[Pull], None]
"""Takes a pull that has just been applied. Its readings (``source.readings``) are up to date, no transaction is open.

Readings whose outcome is FLAGGED wait for a decision: ``comparing.accept`` follows the source. One that a later pull
finds in order again has another outcome then.
"""


@dataclass(slots=True)
class _Judges:
    tolerance: Tolerance | None = None
    listeners: list[Listener] = field(default_factory=list)


_judges = _Judges()


def use_tolerance(tolerance: Tolerance) -> None:
    _judges.tolerance = tolerance


def listen(listener: Listener) -> None:
    """Call ``listener`` after every applied pull; once, however often it is registered."""
    if listener not in _judges.listeners:
        _judges.listeners.append(listener)


def tell(pull: Pull) -> None:
    for listener in _judges.listeners:
        listener(pull)


def is_beyond(source: Source, sku_id: int, expected: int, difference: int) -> bool:
    """Tell whether ``difference`` is larger than what may be followed without asking: in units and in percent."""
    found = _judges.tolerance(source, sku_id) if _judges.tolerance is not None else None
    units, percent = found if found is not None else (source.tolerance_units, source.tolerance_percent)
    return abs(difference) > units and abs(difference) * 100 > percent * abs(expected)
