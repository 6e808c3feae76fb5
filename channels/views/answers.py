"""How the views of this app answer what they can't do, and where they go afterwards."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from channels.contract import ChannelError


def back(request: HttpRequest, default: str) -> HttpResponse:
    """Go to the page that the form says it came from, if it is one of ours, else to ``default``."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
    # A path: redirect() takes a bare word for the name of a view.
    return redirect(wanted if wanted.startswith("/") and is_ours else default)


def refuse(request: HttpRequest, error: ChannelError) -> None:
    """Say that the platform did not do it, in its own words, and whether trying again may help."""
    words = str(error)
    if error.retryable:
        words = _("%(words)s This may pass: try again in a moment.") % {"words": words}
    messages.error(request, words)
