"""Refuses what the role of whoever is signed in may not do, before the view is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from access.roles import Role, Verb, may, roles_with
from access.routes import is_public, verb_of

_NAMED = 5  # people whom the page names
_API = "api:"  # signed in by token within the view: api.permissions looks into the same table


class RolesMiddleware:
    """Stands behind LoginRequiredMiddleware: whoever comes here is signed in, or the address is public."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        if is_public(name) or name.startswith(_API) or not request.user.is_authenticated:
            return None
        verb = verb_of(name, request.method or "GET")
        return None if may(request.user, verb) else refuse(request, verb)


def refuse(request: HttpRequest, verb: Verb) -> HttpResponse:
    """Answer 403 with what the role lacks and who has it."""
    role = Role(getattr(request.user, "role", Role.VIEWER))
    able = roles_with(verb)
    people = get_user_model().objects.filter(is_active=True, role__in=able).order_by("pk")[:_NAMED]
    sentence = _("Your role, %(role)s, may not %(verb)s.") % {"role": role.label.lower(), "verb": verb.label}
    if getattr(request, "htmx", False):
        # A part of a page can't show a page: the reload says it, and draws what the role has.
        messages.error(request, sentence)
        return HttpResponse(status=403, headers={"HX-Refresh": "true"})
    context = {"sentence": sentence, "people": people, "roles": [each.label.lower() for each in able]}
    return render(request, "403.html", context, status=403)
