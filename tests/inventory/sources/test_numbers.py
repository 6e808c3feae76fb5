"""Quantities and moments of other systems: what is doubtful is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from inventory.sources.numbers import BadValue, in_our_clock, moment_of, text_of, units_of


@pytest.mark.parametrize(
    ("value", "units"),
    [(12, 12), (12.0, 12), (Decimal("12.000"), 12), ("12", 12), (" 7 ", 7), ("7.0", 7), (0, 0), ("-0", 0)],
)
def test_whole_units_come_in_many_forms(value: object, units: int) -> None:
    assert units_of(value) == units


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-1, "is negative"),
        (12.5, "no whole number"),
        ("12.5", "no whole number"),
        ("1E5", "no plain number"),
        ("12,000", "no plain number"),
        ("0x10", "no plain number"),
        ("", "is empty"),
        ("abc", "no plain number"),
        (10**15, "is beyond 1,000,000,000"),
        ("1" * 40, "no plain number"),
        (float("nan"), "no number"),
        (float("inf"), "no number"),
        (True, "no number"),
        (None, "is missing"),
        ([1], "no number"),
    ],
)
def test_doubtful_quantities_are_refused(value: object, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        units_of(value)


@pytest.mark.parametrize("text", ["2026-11-21T09:00:00Z", "2026-11-21T10:00:00+01:00", "2026-11-21T09:00:00.000Z"])
def test_moments_are_told_with_their_zone(text: str) -> None:
    assert moment_of(text) == datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["2026-11-21T09:00:00", "yesterday", "", None, 1763715600, "0001-01-01T00:00:00+14:00"]
)
def test_a_moment_without_its_zone_could_be_any(value: object) -> None:
    with pytest.raises(BadValue):
        moment_of(value)


def test_codes_stay_as_they_stand_there() -> None:
    assert (text_of("00123", what="sku"), text_of(" 1E5 ", what="sku"), text_of(7, what="sku")) == ("00123", "1E5", "7")
    for odd in ("A\x00B", "A​B", "A\nB", " "):
        with pytest.raises(BadValue):
            text_of(odd, what="sku")


def test_only_a_clock_that_is_really_off_is_corrected() -> None:
    moment = datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert in_our_clock(moment, 5.0) == moment
    assert in_our_clock(moment, 300.0) == datetime(2026, 11, 21, 8, 55, tzinfo=UTC)
    assert in_our_clock(moment, None) == moment
