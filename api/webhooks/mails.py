"""Telling the owner of an endpoint that it was switched off."""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.urls import reverse
from django.utils.translation import gettext as _

from access.roles import Role
from api.models import Endpoint

log = structlog.get_logger(__name__)

AGAIN_AFTER = timedelta(minutes=10)  # when the mail server does not take it


def send_due(*, now: datetime) -> bool:
    """Send what is due; tell whether anything was. A mail that can't be sent stays due."""
    due = list(Endpoint.objects.filter(mail_due_at__lte=now).select_related("owner").order_by("pk")[:20])
    for endpoint in due:
        # Postponed first: a crash between sending and noting must not send it every second.
        Endpoint.objects.filter(pk=endpoint.pk).update(mail_due_at=now + AGAIN_AFTER)
        if _sent(endpoint):
            Endpoint.objects.filter(pk=endpoint.pk).update(mail_due_at=None)
    return bool(due)


def _sent(endpoint: Endpoint) -> bool:
    recipients = _recipients(endpoint)
    if not recipients:
        log.warning("webhook_owner_has_no_address", endpoint=endpoint.pk)
        return True
    page = settings.PUBLIC_URL + reverse("developers:endpoint_detail", args=[endpoint.uuid])
    text = _(
        "Evenkeel no longer sends events to “%(name)s”.\n\n%(reason)s\n\nOnce the receiver works again, switch it on "
        "and replay what it has missed:\n%(page)s\n"
    ) % {"name": endpoint.name or endpoint.url, "reason": endpoint.disabled_reason, "page": page}
    try:
        send_mail(_("A webhook endpoint was switched off"), text, None, recipients)
    except (OSError, SMTPException) as error:
        log.warning("mail_not_sent", endpoint=endpoint.pk, error=type(error).__name__)
        return False
    return True


def _recipients(endpoint: Endpoint) -> list[str]:
    """Return the owner's address, else those of everyone who runs the installation."""
    if endpoint.owner.email and endpoint.owner.is_active:
        return [endpoint.owner.email]
    owners = get_user_model().objects.filter(role=Role.OWNER, is_active=True).exclude(email="")
    return list(owners.order_by("pk").values_list("email", flat=True)[:20])
