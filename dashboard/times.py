"""Moments and spans in words that fit a table cell."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import formats


def relative(moment: datetime, *, now: datetime) -> str:
    """Return how long ago, or in how long, in one unit; a date once it is more than six days away."""
    seconds = (now - moment).total_seconds()
    size = abs(seconds)
    if size < 5:
        return _("now")
    if size < 60:
        text = _("%d s") % size
    elif size < 3600:
        text = _("%d min") % (size // 60)
    elif size < 86_400:
        text = _("%d h") % (size // 3600)
    elif size < 7 * 86_400:
        text = _("%d d") % (size // 86_400)
    else:
        local = timezone.localtime(moment)
        return formats.day(local, with_year=local.year != timezone.localtime(now).year)
    return _("%s ago") % text if seconds > 0 else _("in %s") % text


def exact(moment: datetime) -> str:
    """Return the moment to the second, with its time zone."""
    return formats.exact(timezone.localtime(moment))


def span(length: timedelta | None) -> str:
    """Return a duration to the precision that a person acts on."""
    if length is None:
        return "—"
    seconds = length.total_seconds()
    if seconds < 1:
        return _("%d ms") % (seconds * 1000)
    if seconds < 10:
        return _("%.1f s") % seconds
    if seconds < 120:
        return _("%d s") % seconds
    if seconds < 7200:
        return _("%d min") % (seconds // 60)
    return _("%d h") % (seconds // 3600)
