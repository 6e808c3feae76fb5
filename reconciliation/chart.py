"""Where the bars of a chart over weeks stand: one small chart per channel, all on the same scale.

Pure geometry: no query, no clock, no markup. Lengths are in the units of the SVG's viewBox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from inventory import formats

WIDTH, HEIGHT = 300, 104
_LEFT, _RIGHT, _TOP, _BOTTOM = 30.0, 298.0, 10.0, 82.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What the nights of one week found on a channel, in numbers of listings."""

    starts_on: date
    healed: int
    waiting: int

    @property
    def found(self) -> int:
        return self.healed + self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One part of one week's bar."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    x: float
    y: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    bars: list[Bar]
    labels: list[Label]
    lines: list[float]  # heights of the grid lines
    left: float = _LEFT
    right: float = _RIGHT
    width: int = WIDTH
    height: int = HEIGHT


def top_of(series: Sequence[Sequence[Week]]) -> int:
    """Return the round number at which the bars of all charts end."""
    most = max((week.found for weeks in series for week in weeks), default=0)
    rounds: list[int] = [m * 10**e for e in range(12) for m in (1, 2, 4, 5)]
    return next(n for n in rounds if n >= max(most, 4))


def bars(weeks: Sequence[Week], *, top: int) -> Chart:
    """Lay one channel's weeks out, the latest at the right; ``top`` is that of all charts."""
    stacks = [(("waiting", float(week.waiting)), ("healed", float(week.healed))) for week in weeks]
    ends = (weeks[0].starts_on, weeks[-1].starts_on) if weeks else None
    return lay_out(stacks, top=float(top), top_text=formats.number(top), ends=ends)


def lay_out(
    stacks: Sequence[Sequence[tuple[str, float]]], *, top: float, top_text: str, ends: tuple[date, date] | None
) -> Chart:
    """Lay stacked bars out, the latest at the right. A stack is (kind, length) from the bottom; ``top`` is full height.

    ``ends``: the days that the first and the last bar stand for.
    """
    scale = (_BOTTOM - _TOP) / top
    slot = (_RIGHT - _LEFT) / max(1, len(stacks))
    width = round(max(3.0, slot * 0.62), 1)
    found: list[Bar] = []
    for number, stack in enumerate(stacks):
        x = round(_LEFT + number * slot + (slot - width) / 2, 1)
        y = _BOTTOM
        for kind, length in stack:
            if not length:
                continue
            # A single one among thousands is still seen.
            height = round(max(1.5, length * scale), 1)
            y = round(y - height, 1)
            found.append(Bar(x=x, y=y, width=width, height=height, kind=kind))
    labels = [
        Label(x=_LEFT - 6, y=_TOP + 4, text=top_text, anchor="end"),
        Label(x=_LEFT - 6, y=_BOTTOM + 4, text="0", anchor="end"),
    ]
    if ends is not None:
        labels.append(Label(x=_LEFT, y=_BOTTOM + 17, text=formats.day(ends[0]), anchor="start"))
        labels.append(Label(x=_RIGHT, y=_BOTTOM + 17, text=formats.day(ends[1]), anchor="end"))
    return Chart(bars=found, labels=labels, lines=[_TOP, round((_TOP + _BOTTOM) / 2, 1), _BOTTOM])
