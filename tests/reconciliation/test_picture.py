"""Where things stand in the picture of a discrepancy, and in the chart over weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from reconciliation import chart
from reconciliation.picture import Happening, Lane, Picture, Step, draw

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def picture(*happenings: Happening, ours: list[Step] | None = None, theirs: list[Step] | None = None) -> Picture:
    return draw(
        ours=ours or [], theirs=theirs or [], happenings=happenings, start=ago(24), end=NOW, found_at=ago(6), width=640
    )


def test_the_lines_step_and_the_gap_is_where_they_are_apart() -> None:
    drawn = picture(
        ours=[Step(at=ago(48), units=10), Step(at=ago(12), units=8)],
        theirs=[Step(at=ago(24), units=10), Step(at=ago(12), units=8), Step(at=ago(6), units=4)],
    )

    # The chart reaches from 100 to 598 over 24 hours, and from 14 to 146 over 0 to 10 units.
    assert drawn.ours == "M100.0 14.0H349.0V40.4H598.0"
    assert drawn.theirs == "M100.0 14.0H349.0V40.4H473.5V93.2H598.0"
    assert [(gap.x, gap.y, gap.width, gap.height) for gap in drawn.gaps] == [(473.5, 40.4, 124.5, 52.8)]
    assert drawn.found_x == 473.5
    assert [tick.label for tick in (drawn.ours_end, drawn.theirs_end) if tick] == ["8", "4"]


def test_what_lies_too_close_becomes_one_mark_with_its_number() -> None:
    drawn = picture(
        Happening(lane=Lane.ORDER, at=ago(12), title="Order 1", units=-1),
        Happening(lane=Lane.ORDER, at=ago(11.9), title="Order 2", units=-2),
        Happening(lane=Lane.ORDER, at=ago(2), title="Order 3", units=-4),
        Happening(lane=Lane.ORDER, at=ago(30), title="Before the picture", units=-9),
        Happening(lane=Lane.READING, at=ago(1), title="Read", units=1200, tone="warning"),
    )

    rows = {row.lane: row.marks for row in drawn.rows}
    assert [(mark.count, mark.label, mark.title) for mark in rows[Lane.ORDER]] == [
        (2, "−3", "Order 1\nOrder 2"),
        (1, "−4", "Order 3"),
    ]
    assert [(mark.label, mark.tone) for mark in rows[Lane.READING]] == [("1,200", "warning")]
    assert rows[Lane.PUSH] == []


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (1, ["11:10", "11:20", "11:30", "11:40", "11:50"]),
        (24, ["18:00", "21 Nov", "06:00"]),
        (24 * 21, ["7 Nov", "14 Nov", "21 Nov"]),
    ],
)
def test_times_are_round_and_midnight_tells_the_day(hours: float, labels: list[str]) -> None:
    drawn = draw(ours=[], theirs=[], happenings=[], start=ago(hours), end=NOW, width=640)

    assert [tick.label for tick in drawn.times] == labels


@pytest.mark.parametrize(
    ("units", "levels"),
    [
        ([], ["0", "1"]),
        ([0, 0], ["0", "1"]),
        ([3, 9], ["0", "2", "4", "6", "8", "10"]),
        ([1000, 1004], ["1,000", "1,001", "1,002", "1,003", "1,004"]),
        ([-4, 2], ["−4", "−2", "0", "2"]),
        (
            [0, 10**12],
            ["0", "200,000,000,000", "400,000,000,000", "600,000,000,000", "800,000,000,000", "1,000,000,000,000"],
        ),
    ],
)
def test_levels_are_round_numbers(units: list[int], levels: list[str]) -> None:
    drawn = picture(ours=[Step(at=ago(number), units=n) for number, n in enumerate(units)])

    assert [tick.label for tick in drawn.levels] == levels


def test_bars_stand_on_each_other_and_one_among_thousands_is_seen() -> None:
    weeks = [
        chart.Week(starts_on=date(2026, 11, 2), healed=0, waiting=0),
        chart.Week(starts_on=date(2026, 11, 9), healed=2000, waiting=2000),
        chart.Week(starts_on=date(2026, 11, 16), healed=1, waiting=0),
    ]

    drawn = chart.bars(weeks, top=chart.top_of([weeks]))

    assert chart.top_of([weeks]) == 4000
    assert [(bar.kind, bar.y, bar.height) for bar in drawn.bars] == [
        ("waiting", 46.0, 36.0),
        ("healed", 10.0, 36.0),
        ("healed", 80.5, 1.5),
    ]
    assert [label.text for label in drawn.labels] == ["4,000", "0", "2 Nov", "16 Nov"]
