"""The page behind an invitation's link."""

from __future__ import annotations

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard.people import invitations, notifying
from dashboard.people.forms import JoinForm


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Make the account of whoever bears the link, and sign them in."""
    now = timezone.now()
    try:
        invitation = invitations.find(token, now=now)
    except invitations.NotOpen:
        return render(request, "people/join_closed.html", status=410)
    if request.user.is_authenticated:
        messages.info(request, _("You are signed in. Sign out to use an invitation for somebody else."))
        return redirect("dashboard:overview")
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = invitations.accept(
                invitation=invitation, person=form.instance, password=form.cleaned_data["password1"], now=now
            )
        except invitations.NotOpen:
            return render(request, "people/join_closed.html", status=410)
        except IntegrityError:  # somebody took the name since the form has looked
            form.add_error("username", _("This username is taken. Choose another one."))
        else:
            notifying.tell_of_joining(person, now=now)
            response: HttpResponse = perform_login(request, person, email_verification="none")
            return response
    context = {"form": form, "invitation": invitation}
    return render(request, "people/join.html", context, status=422 if form.errors else 200)
