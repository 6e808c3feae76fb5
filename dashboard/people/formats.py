"""Draws every page in the time zone and the formats of whoever looks at it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.models import User
from inventory import formats


class FormatsMiddleware:
    """Stands behind authentication. What is stored and exported stays in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or not user.is_authenticated:
            return self.get_response(request)
        with timezone.override(_zone(user)), formats.use(user.date_style, user.number_style):
            return self.get_response(request)


def _zone(user: User) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(user.time_zone or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):  # gone from the system's list since it was chosen
        return zoneinfo.ZoneInfo("UTC")
