"""The room of the people: who is here, who is invited, what each may do."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.roles import LEAST, SENTENCES, Role
from dashboard.models import Invitation, User
from dashboard.people import invitations, membership, notifying, second_factor
from dashboard.people.forms import InvitationForm, RoleForm
from inventory.views import actor_of, done, form_page


def _people() -> QuerySet[User]:
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    return User.objects.annotate(
        has_second_factor=Exists(factor),
        tokens=Count("api_tokens", filter=Q(api_tokens__revoked_at=None)),
    ).order_by("-is_active", "username")


def _roles() -> list[dict[str, object]]:
    """Return each role with what it may do beyond the role before it."""
    found: list[dict[str, object]] = []
    before: Role | None = None
    for role in Role:
        adds = [verb.label for verb, least in LEAST.items() if least == role]
        name = before.label if before else ""
        found.append({"label": role.label, "sentence": SENTENCES[role], "before": name, "adds": adds})
        before = role
    return found


@require_GET
def people_list(request: HttpRequest) -> HttpResponse:
    people = list(_people())
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).select_related("invited_by")
    context = {
        "people": people,
        "invitations": waiting,
        "now": timezone.now(),
        "is_required": second_factor.is_required(),
        "without": sum(person.is_active and not person.has_second_factor for person in people),  # type: ignore[attr-defined]
        "roles": _roles(),
    }
    return render(request, "people/people_list.html", context)


@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitations.invite(
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                inviter=_person(request.user),
                actor=actor_of(request.user),
                now=timezone.now(),
            )
        except invitations.AlreadyHere as error:
            form.add_error("email", str(error))
        else:
            _mail(request, invitation)
            return done(request, reverse("people:invitation", args=[invitation.pk]))
    return form_page(request, "people/invite.html", form)


@never_cache
@require_GET
def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the link, to copy: many installations have no mail server."""
    row = _open(pk)
    return render(request, "people/invitation.html", {"invitation": row, "link": invitations.link_of(row)})


@require_POST
def invitation_again(request: HttpRequest, pk: int) -> HttpResponse:
    row = invitations.renew(invitation=_open(pk), actor=actor_of(request.user), now=timezone.now())
    _mail(request, row)
    return redirect("people:invitation", row.pk)


@require_POST
def invitation_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    row = _open(pk)
    invitations.withdraw(invitation=row, actor=actor_of(request.user), now=timezone.now())
    messages.success(request, _("The invitation of %(email)s is withdrawn: its link opens nothing.") % {"email": row})
    return redirect("people:people_list")


@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a person, and change their role."""
    row = get_object_or_404(_people(), pk=pk)
    form = RoleForm(request.POST or None, initial={"role": row.role})
    if request.method == "POST" and form.is_valid():
        try:
            changed = membership.change_role(
                person=row, role=Role(form.cleaned_data["role"]), actor=actor_of(request.user)
            )
        except membership.LastOwner as error:
            form.add_error("role", str(error))
        else:
            if changed.pk != request.user.pk:
                notifying.tell_of_role(changed, now=timezone.now())
            words = {"person": changed, "role": changed.get_role_display()}
            messages.success(request, _("%(person)s: %(role)s, from their next click.") % words)
            is_self = changed.pk == request.user.pk
            return redirect("dashboard:overview" if is_self else "people:people_list")
    context = {"person": row, "form": form, "is_required": second_factor.is_required()}
    return render(request, "people/person.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def person_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut a person out, or let them in again, after saying what changes."""
    row = get_object_or_404(_people(), pk=pk)
    if request.method == "POST":
        change = membership.deactivate if row.is_active else membership.reactivate
        try:
            changed = change(person=row, actor=actor_of(request.user))
        except membership.LastOwner as error:
            messages.error(request, str(error))
            return redirect("people:person", row.pk)
        sentence = _("%s can sign in again.") if changed.is_active else _("%s is shut out.")
        messages.success(request, sentence % changed)
        return done(request, reverse("people:people_list"))
    return render(request, "people/person_state.html", {"person": row})


@require_POST
def person_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(User, pk=pk)
    second_factor.reset(person=row, actor=actor_of(request.user))
    messages.success(request, _("%s signs in with the password alone, and can set up a new second factor.") % row)
    return redirect("people:person", row.pk)


@require_POST
def second_factor_policy(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("required") == "yes"
    second_factor.require(is_required=wanted, actor=actor_of(request.user))
    messages.success(
        request,
        _("Everyone needs a second factor from their next click.") if wanted else _("A second factor is optional."),
    )
    return redirect("people:people_list")


def _open(pk: int) -> Invitation:
    rows = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).select_related("invited_by")
    return get_object_or_404(rows, pk=pk)


def _mail(request: HttpRequest, row: Invitation) -> None:
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        invitations.mail(row)  # into the log
        messages.info(request, _("No mail server is set up here. Copy the link below and hand it over."))
    elif invitations.mail(row):
        messages.success(request, _("The invitation of %(email)s is on its way by mail.") % {"email": row})
    else:
        messages.warning(request, _("The mail server did not take it. Copy the link below and hand it over."))


def _person(user: AbstractBaseUser | AnonymousUser) -> User:
    assert isinstance(user, User)  # noqa: S101 - narrows the type
    return user
