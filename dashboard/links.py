"""Links into rooms that other apps own: a room that is not there gives no link instead of a broken page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse


def link(name: str, *args: object, **query: object) -> str:
    """Return the address of the page called ``name``, with ``query``; empty where there is no such page."""
    try:
        url = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    return f"{url}?{urlencode(query)}" if query else url
