"""A person's own room: profile, notifications. Password, second factor and sessions are allauth's views."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.models import Notification, User
from dashboard.people import notifying, profile
from dashboard.people.forms import ProfileForm
from dashboard.people.tables import NotificationTable
from inventory.tables import arrange


def _self(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - narrows the type
    return request.user


@require_http_methods(["GET", "POST"])
def profile_page(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=_self(request).pk))
    if request.method == "POST" and form.is_valid():
        profile.change(person=form.instance, **{name: form.cleaned_data[name] for name in form.Meta.fields})
        messages.success(request, _("Saved."))
        return redirect("account:profile")
    return render(request, "people/profile.html", {"form": form}, status=422 if form.errors else 200)


class KindsForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        choices=Notification.Kind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


@require_http_methods(["GET", "POST"])
def notifications(request: HttpRequest) -> HttpResponse:
    """Show what the person was told, and keep which kinds they want."""
    person = _self(request)
    if request.method == "POST":
        form = KindsForm(request.POST)
        if form.is_valid():
            profile.mute(person=person, kinds=set(Notification.Kind.values) - set(form.cleaned_data["kinds"]))
            messages.success(request, _("Saved."))
        return redirect("account:notifications")
    table = NotificationTable(Notification.objects.filter(user=person))
    arrange(request, table)
    kinds = [(kind.value, kind.label, kind.value not in person.muted) for kind in Notification.Kind]
    unread = Notification.objects.filter(user=person, read_at=None).count()
    return render(request, "people/notifications.html", {"table": table, "kinds": kinds, "unread_here": unread})


@require_GET
def notification_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as read and go where it leads."""
    row = get_object_or_404(Notification, pk=pk, user=_self(request))
    if row.read_at is None:
        Notification.objects.filter(pk=row.pk).update(read_at=timezone.now())
    is_ours = url_has_allowed_host_and_scheme(row.url, allowed_hosts=None)
    return redirect(row.url if is_ours else "account:notifications")


@require_POST
def notifications_read(request: HttpRequest) -> HttpResponse:
    notifying.read_all(_self(request), now=timezone.now())
    return redirect("account:notifications")
