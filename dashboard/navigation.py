"""What every page shows around its content: the rooms, and how much in each waits for a person."""

from __future__ import annotations

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, object]:
    return {}
