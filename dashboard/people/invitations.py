"""Invitations: a signed link that works once, for a week, and ends when it is withdrawn or sent anew."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from access.roles import Role
from dashboard.models import Invitation, User
from inventory import audit

VALID_FOR = timedelta(days=7)

log = structlog.get_logger(__name__)
_signer = Signer(salt="dashboard.people.invitation", sep=".")


class AlreadyHere(Exception):
    """The address belongs to a person or to an open invitation."""


class NotOpen(Exception):
    """The invitation was used, withdrawn or sent anew, or is too old."""

    def __init__(self) -> None:
        super().__init__(_("This invitation is not valid any more. Ask for a new one."))


def link_of(invitation: Invitation) -> str:
    """Return the address that lets its bearer in: whoever has it can join, so it is shown to owners only."""
    token = _signer.sign(f"{invitation.pk}-{invitation.nonce}")
    return f"{settings.PUBLIC_URL}{reverse('people:join', args=[token])}"


def is_open(invitation: Invitation, *, now: datetime) -> bool:
    return invitation.accepted_at is None and invitation.withdrawn_at is None and invitation.expires_at > now


def invite(*, email: str, role: Role, inviter: User, actor: str, now: datetime) -> Invitation:
    """Keep a place for a person. Raises AlreadyHere."""
    if User.objects.filter(email__iexact=email).exists():
        raise AlreadyHere(_("Somebody here has this address already. Change their role instead."))
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                email=email,
                role=role,
                nonce=secrets.token_hex(16),
                invited_by=inviter,
                created_at=now,
                expires_at=now + VALID_FOR,
            )
            audit.record(
                actor=actor,
                action="user.invite",
                subject=f"invitation:{invitation.pk}",
                before={},
                after={"email": email, "role": role.value},
            )
    except IntegrityError as error:
        raise AlreadyHere(_("This address is invited already. Send that invitation again.")) from error
    return invitation


def renew(*, invitation: Invitation, actor: str, now: datetime) -> Invitation:
    """Make a new link that is valid for a week; the links before it end. Raises NotOpen."""
    with transaction.atomic():
        rows = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
        if not rows.update(nonce=secrets.token_hex(16), expires_at=now + VALID_FOR):
            raise NotOpen
        audit.record(
            actor=actor, action="user.invite_again", subject=f"invitation:{invitation.pk}", before={}, after={}
        )
    invitation.refresh_from_db()
    return invitation


def withdraw(*, invitation: Invitation, actor: str, now: datetime) -> None:
    """End an open invitation. Raises NotOpen."""
    with transaction.atomic():
        if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None).update(
            withdrawn_at=now
        ):
            raise NotOpen
        audit.record(
            actor=actor, action="user.withdraw_invitation", subject=f"invitation:{invitation.pk}", before={}, after={}
        )


def mail(invitation: Invitation) -> bool:
    """Send the link; return whether a mail server took it. Without one the owner hands the link over."""
    context = {"invitation": invitation, "link": link_of(invitation)}
    try:
        send_mail(
            _("%(inviter)s invites you to Evenkeel") % {"inviter": invitation.invited_by},
            render_to_string("people/mail/invitation.txt", context),
            None,
            [invitation.email],
        )
    except (OSError, SMTPException) as error:
        log.warning("invitation_mail_failed", invitation=invitation.pk, error=type(error).__name__)
        return False
    return True


def find(token: str, *, now: datetime) -> Invitation:
    """Return the open invitation of a link. Raises NotOpen."""
    try:
        number, _dash, nonce = _signer.unsign(token).partition("-")
    except BadSignature as error:
        raise NotOpen from error
    invitation = Invitation.objects.filter(pk=int(number), nonce=nonce).select_related("invited_by").first()
    if invitation is None or not is_open(invitation, now=now):
        raise NotOpen
    return invitation


@transaction.atomic
def accept(*, invitation: Invitation, person: User, password: str, now: datetime) -> User:
    """Make the person, in the role that was offered. Of two who use the link at once, one joins. Raises NotOpen.

    ``person`` is not stored yet and brings a username and names.
    """
    rows = Invitation.objects.filter(
        pk=invitation.pk, nonce=invitation.nonce, accepted_at=None, withdrawn_at=None, expires_at__gt=now
    )
    if not rows.update(accepted_at=now):
        raise NotOpen
    person.email = invitation.email
    person.role = invitation.role
    person.set_password(password)
    person.save()
    Invitation.objects.filter(pk=invitation.pk).update(accepted_by=person)
    audit.record(
        actor=f"user:{person.get_username()}",
        action="user.join",
        subject=f"user:{person.pk}",
        before={},
        after={"role": person.role, "invited_by": invitation.invited_by.get_username()},
    )
    return person
