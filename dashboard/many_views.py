"""A verb for many rows: first what it would do, then, once it is done, what came of each row."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from dashboard import many as rooms
from dashboard.models import User
from inventory.models import MAX_UNITS
from inventory.views import actor_of
from reconciliation.runs import CantStart

SHOWN = 20  # rows that the preview names


class UnitsForm(forms.Form):
    units = forms.IntegerField(
        label=gettext_lazy("Units kept back of each"),
        required=False,
        min_value=0,
        max_value=MAX_UNITS,
        help_text=gettext_lazy("Empty: they inherit again."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


@require_http_methods(["GET", "POST"])
def many(request: HttpRequest, room_code: str, verb_code: str) -> HttpResponse:
    """Say what the verb would do to the chosen rows; a POST does it."""
    room = rooms.ROOMS[room_code]
    verb = next(each for each in room.verbs if each.code == verb_code)
    said = request.POST if request.method == "POST" else request.GET
    choice = rooms.choose(room, verb, said)
    form = UnitsForm(request.POST if request.method == "POST" else None) if verb.asks_units else None
    problem = ""
    if request.method == "POST" and choice.rows and (form is None or form.is_valid()):
        try:
            return _do(request, room, verb, choice, form)
        except CantStart as error:
            problem = str(error)
    context = {
        "room": room,
        "verb": verb,
        "choice": choice,
        "heading": _("%(verb)s: %(rows)s") % {"verb": verb.label, "rows": room.count(choice.total)},
        "named": [(row, room.url_of(row)) for row in choice.rows[:SHOWN]],
        "more": max(0, choice.total - SHOWN),
        "most": rooms.AT_ONCE,
        "said": [(name, value) for name in ("scope", "query", "row") for value in said.getlist(name)],
        "back": f"{room.url}?{said['query']}" if said.get("query") else room.url,
        "form": form,
        "problem": problem,
    }
    status = 422 if problem or (form is not None and form.errors) else 200
    return render(request, "many/preview.html", context, status=status)


def _do(
    request: HttpRequest, room: rooms.Room, verb: rooms.Verb, choice: rooms.Choice, form: forms.Form | None
) -> HttpResponse:
    now = timezone.now()
    if verb.lead is not None:
        values = form.cleaned_data if form is not None else {}
        url = verb.lead(choice.rows, cast(User, request.user), values, now)
        if not url:
            messages.info(request, _("Nothing changes: they say so already."))
        return redirect(url or room.url)
    assert verb.act is not None  # noqa: S101 - a verb has one of the two
    outcomes = list(verb.act(choice.rows, actor_of(request.user), now))
    said = request.POST.get("query", "")
    request.session[f"many-{room.code}"] = {
        "verb": str(verb.label),
        "query": said,
        "left": choice.total - len(choice.rows),
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }
    return redirect(f"dashboard:many_{room.code}_outcomes")


@require_GET
def many_outcomes(request: HttpRequest, room_code: str) -> HttpResponse:
    room = rooms.ROOMS[room_code]
    kept = request.session.get(f"many-{room_code}", {})
    back = f"{room.url}?{kept['query']}" if kept.get("query") else room.url
    return render(request, "many/outcomes.html", {"room": room, "back": back, **kept})
