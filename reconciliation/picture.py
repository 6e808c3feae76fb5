"""Where things stand in the picture of a discrepancy: two numbers and what happened, on one time axis.

Pure geometry: no query, no clock, no markup. Lengths are in the units of the SVG's viewBox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from django.utils.formats import date_format

from inventory import formats

_TICK_STEPS = [
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 7, 14, 28, 91, 182, 364)),
]
_CHART_HEIGHT = 132
_AXIS_HEIGHT = 26
_TOP = 14
_MIN_SPAN = timedelta(minutes=10)


class Lane(StrEnum):
    """The rows of the picture, from the top."""

    READING = "reading"
    PUSH = "push"
    EVENT = "event"
    ORDER = "order"
    MOVEMENT = "movement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From ``at`` on, the number is ``units``."""

    at: datetime
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened; ``units`` is a signed change, or for a reading the number read."""

    lane: Lane
    at: datetime
    title: str
    units: int | None = None
    detail: str = ""
    url: str = ""
    is_ours: bool = False  # it changed, or would change, our number
    tone: str = ""  # critical and warning stand out


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    place: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One dot of a lane: a happening, or several that lie too close to be told apart."""

    x: float
    y: float
    radius: float
    label: str
    label_y: float
    title: str
    tone: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A lane as it is drawn."""

    lane: Lane
    y: float
    label_x: float
    label_y: float
    marks: list[Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch of time over which the two numbers disagree."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True, kw_only=True)
class Picture:
    """Everything that the template draws."""

    width: int
    height: float
    left: float
    right: float
    axis_y: float
    chart_top: float
    chart_bottom: float
    ours: str = ""
    theirs: str = ""
    ours_end: Tick | None = None
    theirs_end: Tick | None = None
    gaps: list[Gap] = field(default_factory=list)
    times: list[Tick] = field(default_factory=list)
    levels: list[Tick] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    found_x: float | None = None


@dataclass(frozen=True, slots=True)
class _Scale:
    """A linear map; ``low`` of the domain lies at ``start``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + min(1.0, max(0.0, share)) * (self.end - self.start), 1)


def draw(
    *,
    ours: Sequence[Step],
    theirs: Sequence[Step],
    happenings: Sequence[Happening],
    start: datetime,
    end: datetime,
    found_at: datetime | None = None,
    width: int = 640,
    zone: tzinfo = UTC,
) -> Picture:
    """Lay the picture out; ``ours`` and ``theirs`` are ordered by time. A narrow one has its labels above the lanes."""
    is_narrow = width < 600
    start = min(start, end - _MIN_SPAN)
    left, right = (34.0, width - 34.0) if is_narrow else (100.0, width - 42.0)
    lane_height = 44 if is_narrow else 32
    chart_bottom = _TOP + _CHART_HEIGHT
    lanes = list(Lane)
    axis_y = chart_bottom + 16 + len(lanes) * lane_height
    across = _Scale(start.timestamp(), end.timestamp(), left, right)
    ours, theirs = _within(ours, start), _within(theirs, start)
    levels = _levels([step.units for step in (*ours, *theirs)])
    up = _Scale(levels[0], levels[-1], chart_bottom, _TOP)
    found = Picture(
        width=width,
        height=axis_y + _AXIS_HEIGHT,
        left=left,
        right=right,
        axis_y=axis_y,
        chart_top=_TOP,
        chart_bottom=chart_bottom,
        ours=_path(ours, across, up, right),
        theirs=_path(theirs, across, up, right),
        gaps=_gaps(ours, theirs, across, up, right),
        times=_times(start, end, across, room=60 if is_narrow else 68, zone=zone),
        levels=[Tick(place=up(level), label=formats.units(level), anchor="end") for level in levels],
        found_x=across(found_at.timestamp()) if found_at and start <= found_at <= end else None,
    )
    found.ours_end, found.theirs_end = _ends(ours, theirs, up)
    for number, lane in enumerate(lanes):
        top = chart_bottom + 16 + number * lane_height
        y = top + (30 if is_narrow else lane_height / 2)
        mine = [thing for thing in happenings if thing.lane == lane and start <= thing.at <= end]
        found.rows.append(
            Row(
                lane=lane,
                y=y,
                label_x=left if is_narrow else 0,
                label_y=top + 12 if is_narrow else y + 4,
                marks=_marks(mine, across, y),
            )
        )
    return found


def _within(steps: Sequence[Step], start: datetime) -> list[Step]:
    """Return the steps from ``start`` on, with the number that held then."""
    before = [step for step in steps if step.at <= start]
    head = [Step(at=start, units=before[-1].units)] if before else []
    return head + [step for step in steps if step.at > start]


def _path(steps: Sequence[Step], across: _Scale, up: _Scale, right: float) -> str:
    if not steps:
        return ""
    parts = [f"M{across(steps[0].at.timestamp())} {up(steps[0].units)}"]
    for step in steps[1:]:
        parts += [f"H{across(step.at.timestamp())}", f"V{up(step.units)}"]
    return "".join([*parts, f"H{right}"])


def _gaps(ours: Sequence[Step], theirs: Sequence[Step], across: _Scale, up: _Scale, right: float) -> list[Gap]:
    if not ours or not theirs:
        return []
    moments = sorted({step.at for step in (*ours, *theirs) if step.at >= max(ours[0].at, theirs[0].at)})
    found = []
    for number, moment in enumerate(moments):
        mine, other = _at(ours, moment), _at(theirs, moment)
        x = across(moment.timestamp())
        until = across(moments[number + 1].timestamp()) if number + 1 < len(moments) else right
        if mine != other and until > x:
            top, bottom = sorted((up(mine), up(other)))
            found.append(Gap(x=x, y=top, width=round(until - x, 1), height=round(bottom - top, 1)))
    return found


def _at(steps: Sequence[Step], moment: datetime) -> int:
    return [step.units for step in steps if step.at <= moment][-1]


def _ends(ours: Sequence[Step], theirs: Sequence[Step], up: _Scale) -> tuple[Tick | None, Tick | None]:
    """Return the numbers at the right end of both lines, moved apart where they would lie on each other."""
    mine = up(ours[-1].units) if ours else 0
    other = up(theirs[-1].units) if theirs else 0
    if ours and theirs and abs(mine - other) < 14:
        middle, upwards = (mine + other) / 2, 7 if mine <= other else -7
        mine, other = middle - upwards, middle + upwards
        if ours[-1].units == theirs[-1].units:
            return None, Tick(place=round(middle + 4, 1), label=formats.units(theirs[-1].units), anchor="start")
    return (
        Tick(place=round(mine + 4, 1), label=formats.units(ours[-1].units), anchor="start") if ours else None,
        Tick(place=round(other + 4, 1), label=formats.units(theirs[-1].units), anchor="start") if theirs else None,
    )


def _levels(units: Sequence[int]) -> list[int]:
    """Return two to seven round numbers that hold all of ``units`` between them; 0 where there is not far to it."""
    low, high = (min(units), max(units)) if units else (0, 1)
    if 0 < low <= (high - low) * 2 + 5:
        low = 0
    size = max(1, high - low)
    step = next(s for s in (m * 10**e for e in range(19) for m in (1, 2, 5)) if size / s <= 5)
    bottom = low // step * step
    top = -(-max(high, low + 1) // step) * step
    return list(range(bottom, top + 1, step))


def _times(start: datetime, end: datetime, across: _Scale, *, room: float, zone: tzinfo) -> list[Tick]:
    """Return the ticks at round local times, at least ``room`` apart."""
    span = end - start
    most = max(2, int((across.end - across.start) / room))
    step = next((s for s in _TICK_STEPS if span / s <= most), _TICK_STEPS[-1])
    local = start.astimezone(zone)
    moment = local.replace(hour=0, minute=0, second=0, microsecond=0)
    style = "H:i" if step < timedelta(days=1) else "j M"
    ticks: list[Tick] = []
    while moment <= end:
        if moment >= local:
            # Midnight tells the day, since the hours alone do not.
            is_day = moment.hour == moment.minute == 0
            label = formats.day(moment) if is_day else date_format(moment, style)
            ticks.append(Tick(place=across(moment.timestamp()), label=label))
        moment += step
    return [tick for tick in ticks if across.start + 12 <= tick.place <= across.end - 8]


def _marks(happenings: Sequence[Happening], across: _Scale, y: float) -> list[Mark]:
    """Return the dots of one lane; those that would touch become one with their number in it."""
    groups: list[list[Happening]] = []
    ends_at = float("-inf")
    for thing in sorted(happenings, key=lambda thing: thing.at):
        x = across(thing.at.timestamp())
        if x < ends_at:
            groups[-1].append(thing)
        else:
            groups.append([thing])
        ends_at = x + 13
    marks = []
    free_from = float("-inf")  # where the next label may begin
    for group in groups:
        x = round(sum(across(thing.at.timestamp()) for thing in group) / len(group), 1)
        label = _label(group)
        half = 3.6 * len(label)
        if x - half < free_from:
            label = ""
        else:
            free_from = x + half + 4
        marks.append(
            Mark(
                x=x,
                y=y,
                radius=4 if len(group) == 1 else 7.5,
                label=label,
                label_y=y - 10 if len(group) == 1 else y - 11,
                title="\n".join(thing.title for thing in group),
                tone=next((thing.tone for thing in group if thing.tone), "ours" if group[0].is_ours else ""),
                count=len(group),
            )
        )
    return marks


def _label(group: Sequence[Happening]) -> str:
    known = [thing.units for thing in group if thing.units is not None]
    if len(known) != len(group):
        return ""
    if group[0].lane == Lane.READING:
        return formats.units(known[-1])
    return formats.change(sum(known))
