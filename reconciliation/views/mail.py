"""What a person wants to be mailed about."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from reconciliation import people
from reconciliation.models import DigestPreference, Severity
from reconciliation.views import rooms


class DigestForm(forms.Form):
    is_enabled = forms.BooleanField(label=gettext_lazy("Mail me"), required=False)
    least_severity = forms.TypedChoiceField(
        label=gettext_lazy("New differences that are at least"),
        choices=list(reversed(Severity.choices)),
        coerce=int,
        help_text=gettext_lazy("High: the channel shows too much. Critical: it sells what is not there."),
    )
    wants_failed_runs = forms.BooleanField(label=gettext_lazy("Runs that failed or ask"), required=False)
    wants_channels = forms.BooleanField(label=gettext_lazy("Channels that need attention"), required=False)


@require_http_methods(["GET", "POST"])
def digest(request: HttpRequest) -> HttpResponse:
    kept = DigestPreference.objects.filter(user=request.user.pk).first()
    initial = {
        "is_enabled": kept is not None and kept.is_enabled,
        "least_severity": kept.least_severity if kept else Severity.HIGH.value,
        "wants_failed_runs": kept is None or kept.wants_failed_runs,
        "wants_channels": kept is None or kept.wants_channels,
    }
    form = DigestForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        kept = people.set_digest(user_id=rooms.user_id(request), now=timezone.now(), **form.cleaned_data)
        if not kept.is_enabled:
            messages.success(request, _("Saved: no mail is sent to you."))
        elif not request.user.email:  # type: ignore[union-attr]
            messages.warning(request, _("Saved, but your account has no address to mail to."))
        else:
            messages.success(request, _("Saved: what is new from now on is mailed to you."))
        return redirect("reconciliation:digest")
    context = {"tabs": rooms.tabs("digest"), "form": form, "kept": kept}
    return render(request, "reconciliation/digest.html", context, status=422 if form.errors else 200)
