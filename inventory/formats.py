"""Dates and numbers as whoever looks at the page reads them; the middleware says who that is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal

from django.utils import formats

_DATES = {
    # short day of this year, of another year, exact moment
    "day": ("j M", "j M Y", "j M Y, H:i:s T"),
    "month": ("M j", "M j, Y", "M j, Y, g:i:s a T"),
    "iso": ("Y-m-d", "Y-m-d", "Y-m-d H:i:s T"),
}
MINUS = "−"
_MARKS = {"comma": (",", "."), "point": (".", ","), "space": ("\u202f", ",")}  # between thousands, before decimals

_styles: ContextVar[tuple[str, str]] = ContextVar("formats", default=("day", "comma"))


@contextmanager
def use(date_style: str, number_style: str) -> Iterator[None]:
    """Read dates and numbers so within the block."""
    token = _styles.set((date_style, number_style))
    try:
        yield
    finally:
        _styles.reset(token)


def day(moment: date, *, with_year: bool = False) -> str:
    """Return a day; a datetime has to be local already."""
    short, long, _exact = _DATES[_styles.get()[0]]
    return formats.date_format(moment, long if with_year else short)


def exact(moment: datetime) -> str:
    """Return a local moment to the second, with its time zone."""
    return formats.date_format(moment, _DATES[_styles.get()[0]][2])


def units(value: int) -> str:
    """Return a quantity grouped by thousands, with a true minus sign."""
    return f"{MINUS if value < 0 else ''}{number(abs(value))}"


def change(value: int) -> str:
    """Return a signed change: “+3”, “−13”, “0”."""
    return f"+{units(value)}" if value > 0 else units(value)


def number(value: int | float | Decimal, places: int = 0) -> str:
    """Return a number grouped by thousands, rounded to ``places`` decimals, with an ASCII minus sign."""
    thousands, decimals = _MARKS[_styles.get()[1]]
    return f"{value:,.{places}f}".translate({ord(","): thousands, ord("."): decimals})
