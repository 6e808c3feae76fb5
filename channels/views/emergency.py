"""The emergency stop: what can be stopped, what that would change, and the way back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from channels import emergency
from channels.models import Channel
from channels.views.answers import back
from inventory.views import actor_of


@require_http_methods(["GET", "POST"])
def channel_stop(request: HttpRequest) -> HttpResponse:
    """Show everything that can be stopped with what it would change; a press of its button stops it."""
    channels = list(emergency.connected().defer("credentials", "options"))
    found = emergency.scopes(channels)
    problem = ""
    if request.method == "POST":
        scope = next((each for each in found if each.code == request.POST.get("scope")), None)
        mode = request.POST.get("mode", "")
        if scope is None or mode not in emergency.MODES:
            problem = _("Nothing was stopped: what was chosen is not there any more. Choose again.")
        else:
            changed = emergency.stop(
                channels=scope.channels, mode=mode, actor=actor_of(request.user), now=timezone.now()
            )
            _say(request, changed, mode)
            return back(request, reverse("channels:channel_list"))
    context = {"scopes": found if channels else [], "problem": problem}
    response = render(request, "channels/channel_stop.html", context, status=422 if problem else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _say(request: HttpRequest, changed: list[Channel], mode: str) -> None:
    names = ", ".join(channel.name for channel in changed)
    if not changed:
        messages.info(request, _("Nothing was changed: nothing more was written there anyway."))
    elif mode == Channel.Mode.PAUSED:
        words = ngettext(
            "Paused: %(names)s. Nothing is written to it until you resume.",
            "Paused: %(names)s. Nothing is written to them until you resume.",
            len(changed),
        )
        messages.warning(request, words % {"names": names})
    else:
        messages.warning(request, _("Only decreases are written to %(names)s until you resume.") % {"names": names})


@require_POST
def channel_resume(request: HttpRequest) -> HttpResponse:
    """Put every stopped channel back into the mode it was in, or only the one that is named."""
    stopped = emergency.stopped()
    chosen = request.POST.get("channel", "")
    if chosen.isdecimal():
        stopped = stopped.filter(pk=int(chosen))
    resumed = emergency.resume(channels=list(stopped), actor=actor_of(request.user), now=timezone.now())
    if resumed:
        words = ngettext("%(names)s is as before: %(modes)s.", "%(names)s are as before: %(modes)s.", len(resumed))
        modes = ", ".join(dict.fromkeys(str(channel.get_mode_display()) for channel in resumed))
        messages.success(request, words % {"names": ", ".join(each.name for each in resumed), "modes": modes})
    else:
        messages.info(request, _("No channel was stopped."))
    return back(request, reverse("channels:channel_list"))
