"""API tokens: made, shown once, revoked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from api import tokens
from api.models import ApiToken
from api.pages.forms import TokenForm
from api.pages.frame import person, tabs


@require_GET
def token_list(request: HttpRequest) -> HttpResponse:
    own = ApiToken.objects.filter(user_id=person(request).pk, revoked_at=None).order_by("-pk")
    return render(request, "developers/token_list.html", {"tokens": own, "tabs": tabs("tokens")})


@never_cache
@require_http_methods(["GET", "POST"])
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token and show it in this one answer."""
    form = TokenForm(request.POST or None, user=person(request))
    if request.method == "POST" and form.is_valid():
        token = tokens.issue(user=person(request), scopes=list(form.chosen), name=form.cleaned_data["name"])
        return render(request, "developers/token_shown.html", {"token": token, "name": form.cleaned_data["name"]})
    return render(request, "developers/token_form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, user_id=person(request).pk)
    if tokens.revoke(prefix=token.prefix, user=token.user, now=timezone.now()):
        messages.success(request, _("%s is revoked: it opens nothing any more.") % token)
    return redirect("developers:token_list")
