"""Connecting a store: by a token that is pasted, or by consent in the browser."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from channels import connect, consent, matrix
from channels.connect import ConnectRefused
from channels.consent import ConsentRefused
from channels.contract import Capabilities, ChannelError
from channels.forms import ConnectForm
from channels.models import Channel
from channels.registry import PLATFORMS
from inventory.addresses import ForbiddenAddress
from inventory.searches import typed
from inventory.views import actor_of


@require_GET
def channel_connect(request: HttpRequest) -> HttpResponse:
    platforms = [platform.capabilities for platform in PLATFORMS.values()]
    context = {"platforms": platforms, "matrix": matrix.rows(platforms)}
    return render(request, "channels/connect.html", context)


def _capabilities(platform: str) -> Capabilities:
    if platform not in PLATFORMS:
        raise Http404
    return PLATFORMS[platform].capabilities


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def connect_platform(request: HttpRequest, platform: str) -> HttpResponse:
    """Test credentials, or connect with them."""
    capabilities = _capabilities(platform)
    attempt = consent.kept(
        user=request.user,  # type: ignore[arg-type]
        platform=platform,
        token=request.POST.get("kept", ""),
        now=timezone.now(),
    )
    known = attempt.form["credentials"] if attempt else {}
    data = request.POST if request.method == "POST" else None
    form = ConnectForm(data, capabilities=capabilities, by_consent=False, known=known)
    report = None
    if request.method == "POST" and form.is_valid():
        try:
            if "test" not in request.POST:
                channel = _connect(request, platform, form)
                return redirect("channels:channel_detail", channel.uuid)
            report = connect.try_out(
                platform=platform,
                base_url=form.wish.base_url,
                credentials=form.wish.credentials,
                options=form.wish.options,
            ).report
        except ForbiddenAddress as error:
            form.add_error("base_url", str(error))
        except (ChannelError, ConnectRefused) as error:
            form.add_error(None, str(error))
        else:
            form = _with_secrets_kept(request, platform, form)
    context = {"platform": capabilities, "form": form, "report": report, "by_consent": False}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "channels/connect_form.html", context, status=status)


def _with_secrets_kept(request: HttpRequest, platform: str, form: ConnectForm) -> ConnectForm:
    """Draw the form again with what was tested kept on our side, under a token of this person's."""
    now = timezone.now()
    attempt = consent.keep(user=request.user, platform=platform, wish=form.wish, now=now)  # type: ignore[arg-type]
    data = request.POST.copy()
    data["kept"] = attempt.state_token
    again = ConnectForm(data, capabilities=form.capabilities, by_consent=False, known=attempt.form["credentials"])
    again.is_valid()
    return again


def _connect(request: HttpRequest, platform: str, form: ConnectForm) -> Channel:
    wish = form.wish
    channel, report = connect.connect(
        platform=platform,
        name=wish.name,
        base_url=wish.base_url,
        credentials=wish.credentials,
        warehouses=form.chosen,
        options=wish.options,
        actor=actor_of(request.user),
        now=timezone.now(),
    )
    _greet(request, channel)
    for warning in report.warnings:
        messages.warning(request, warning)
    return channel


def _greet(request: HttpRequest, channel: Channel) -> None:
    if channel.imports.exists():
        words = _("%(channel)s is connected with its new credentials. What waited goes on.")
    else:
        words = _("%(channel)s is connected and observes: nothing is written to it. Import its catalogue next.")
    messages.success(request, words % {"channel": channel.name})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def connect_consent(request: HttpRequest, platform: str) -> HttpResponse:
    """Keep what is needed for consent and lead on to the platform."""
    capabilities = _capabilities(platform)
    if not capabilities.has_oauth:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = ConnectForm(data, capabilities=capabilities, by_consent=True)
    if request.method == "POST" and form.is_valid():
        wish = replace(form.wish, base_url=form.wish.base_url or capabilities.default_base_url)
        attempt = consent.keep(user=request.user, platform=platform, wish=wish, now=timezone.now())  # type: ignore[arg-type]
        try:
            consent.authorise_url(attempt)
        except ForbiddenAddress as error:
            attempt.delete()
            form.add_error("base_url", str(error))
        else:
            return redirect("channels:connect_continue", platform, attempt.state_token)
    context = {"platform": capabilities, "form": form, "by_consent": True, "redirect_uri": consent.redirect_uri()}
    return render(request, "channels/connect_form.html", context, status=422 if form.is_bound and form.errors else 200)


@never_cache
@require_GET
def connect_continue(request: HttpRequest, platform: str, token: str) -> HttpResponse:
    """Offer the link to the platform. A link, because our policy lets no form lead to another site."""
    attempt = consent.kept(user=request.user, platform=platform, token=token, now=timezone.now())  # type: ignore[arg-type]
    if attempt is None:
        return redirect("channels:connect_consent", platform)
    context = {
        "platform": _capabilities(platform),
        "attempt": attempt,
        "authorise_url": consent.authorise_url(attempt),
        "redirect_uri": consent.redirect_uri(),
    }
    return render(request, "channels/connect_continue.html", context)


@never_cache
@require_GET
def connect_callback(request: HttpRequest) -> HttpResponse:
    """Take the platform's answer: the state must be this person's, and its code is exchanged once."""
    answer = {typed(name, 100): typed(value, 2000) for name, value in request.GET.dict().items()}
    if answer.get("error"):
        words = _("The store did not give its consent, so nothing was connected. You can begin again at any time.")
        return _explain(request, _("No consent"), words, status=200)
    if answer.get("code") and not answer.get("state"):
        # An installation that began in the platform's app market: nobody here has asked for it, so it is not trusted.
        return render(request, "channels/connect_from_market.html", status=200)
    if not answer.get("state"):
        return _explain(request, _("Nothing to connect"), _("This address takes a store's answer to a consent page."))
    try:
        channel = consent.finish(
            user=request.user,  # type: ignore[arg-type]
            answer=answer,
            actor=actor_of(request.user),
            now=timezone.now(),
        )
    except (ConsentRefused, ChannelError, ConnectRefused, ForbiddenAddress) as error:
        return _explain(request, _("The store could not be connected"), str(error))
    _greet(request, channel)
    return redirect("channels:channel_detail", channel.uuid)


def _explain(request: HttpRequest, title: str, words: str, *, status: int = 422) -> HttpResponse:
    return render(request, "channels/connect_answer.html", {"title": title, "words": words}, status=status)
