"""Light, dark, or as the system has it: kept in a cookie, so that sign-in and error pages follow it too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

COOKIE = "evenkeel_theme"
THEMES = ("auto", "light", "dark")
YEAR_SECONDS = 365 * 86_400


def chosen(request: HttpRequest) -> str:
    theme = request.COOKIES.get(COOKIE, "auto")
    return theme if theme in THEMES else "auto"


def choose(request: HttpRequest, *, theme: str, back_to: str) -> HttpResponseRedirect:
    """Remember ``theme`` and go back to a page of ours; an unknown theme changes nothing."""
    is_ours = url_has_allowed_host_and_scheme(
        back_to, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = HttpResponseRedirect(back_to if is_ours else "/")
    if theme in THEMES:
        response.set_cookie(
            COOKIE, theme, max_age=YEAR_SECONDS, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    return response
