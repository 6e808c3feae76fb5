"""Who is told of events: endpoints are made, changed, given new secrets, switched off and on, and removed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.utils.translation import gettext as _

from api.models import Delivery, Endpoint
from api.querysets import DeliveryQuerySet
from api.webhooks.kinds import KINDS
from inventory import audit
from inventory.addresses import ForbiddenAddress, addresses_of, split_address

Deliveries = DeliveryQuerySet

MOST = 200  # endpoints of an installation
URL_LENGTH = 1000
OLD_SECRET_FOR = timedelta(hours=24)
CHANGEABLE = ("url", "name", "kinds")


class RefusedEndpoint(Exception):
    """The endpoint can't be made or changed so; ``field`` is what to mend."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def new_secret() -> str:
    """Return a secret as Standard Webhooks writes it: 32 random bytes."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def checked_url(url: str) -> str:
    """Return the address as it will be called. Raises RefusedEndpoint. Asks the name server, so in no transaction."""
    url = url.strip()
    if len(url) > URL_LENGTH or not url.isascii() or any(c.isspace() for c in url):
        raise RefusedEndpoint("url", _("Send an address of at most %d ASCII characters without spaces.") % URL_LENGTH)
    try:
        parts = split_address(url)
        if not settings.ALLOW_PRIVATE_HOSTS:
            addresses_of(parts.hostname or "", parts.port or 443)
    except ForbiddenAddress as error:
        raise RefusedEndpoint("url", str(error)) from error
    return parts._replace(fragment="").geturl()


def checked_kinds(kinds: Sequence[str]) -> list[str]:
    """Return the kinds in the order of the table. Raises RefusedEndpoint for none, and for one that does not exist."""
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise RefusedEndpoint(
            "kinds",
            _("There is no event %(unknown)s. There are: %(all)s.")
            % {"unknown": ", ".join(unknown), "all": ", ".join(KINDS)},
        )
    if not kinds:
        raise RefusedEndpoint("kinds", _("Choose at least one event."))
    return [code for code in KINDS if code in set(kinds)]


def make(
    *,
    url: str,
    kinds: Sequence[str],
    owner: AbstractUser,
    actor: str,
    now: datetime,
    name: str = "",
    origin: str = Endpoint.Origin.PERSON,
) -> Endpoint:
    """Make an endpoint; its ``secret`` is to be shown to its maker now and never again. Raises RefusedEndpoint."""
    url, kinds = checked_url(url), checked_kinds(kinds)
    if Endpoint.objects.existing().count() >= MOST:
        raise RefusedEndpoint("", _("There are %d endpoints already. Remove one that nobody needs.") % MOST)
    with transaction.atomic():
        endpoint = Endpoint.objects.create(
            owner_id=owner.pk,
            url=url,
            name=name,
            kinds=kinds,
            origin=origin,
            secret=new_secret(),
            created_at=now,
        )
        _record(endpoint, "make", actor, after={"url": _place(url), "kinds": kinds})
    return endpoint


def change(*, endpoint: Endpoint, actor: str, **values: Any) -> Endpoint:
    """Write any of CHANGEABLE. Raises RefusedEndpoint."""
    if "url" in values:
        values["url"] = checked_url(values["url"])
    if "kinds" in values:
        values["kinds"] = checked_kinds(values["kinds"])
    after = {name: value for name, value in values.items() if getattr(endpoint, name) != value}
    if not after:
        return endpoint
    before = {name: getattr(endpoint, name) for name in after}
    with transaction.atomic():
        Endpoint.objects.filter(pk=endpoint.pk).update(**after)
        if "url" in after:  # what the old address did says nothing about the new one
            Endpoint.objects.filter(pk=endpoint.pk).update(failures=0, failing_since=None, rests_until=None)
            before["url"], after["url"] = _place(str(before["url"])), _place(after["url"])
        _record(endpoint, "change", actor, before=before, after=after)
    endpoint.refresh_from_db()
    return endpoint


def rotate(*, endpoint: Endpoint, actor: str, now: datetime) -> Endpoint:
    """Give the endpoint a new secret; for a day everything is signed with the old one too."""
    with transaction.atomic():
        current = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        Endpoint.objects.filter(pk=endpoint.pk).update(
            secret=new_secret(), old_secret=current.secret, old_secret_until=now + OLD_SECRET_FOR
        )
        _record(endpoint, "rotate", actor)
    endpoint.refresh_from_db()
    return endpoint


@transaction.atomic
def switch_off(*, endpoint: Endpoint, actor: str, now: datetime) -> Endpoint:
    """Send nothing more; what waits is cancelled and can be replayed. A repeat changes nothing."""
    if Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None).update(
        disabled_at=now, disabled_reason=_("Switched off by hand.")
    ):
        _cancel(endpoint, now=now)
        _record(endpoint, "switch_off", actor)
    endpoint.refresh_from_db()
    return endpoint


@transaction.atomic
def switch_on(*, endpoint: Endpoint, actor: str) -> Endpoint:
    """Send events again from now on. A repeat changes nothing."""
    rows = Endpoint.objects.filter(pk=endpoint.pk, disabled_at__isnull=False, removed_at=None)
    if rows.update(
        disabled_at=None, disabled_reason="", failures=0, failing_since=None, rests_until=None, mail_due_at=None
    ):
        _record(endpoint, "switch_on", actor)
    endpoint.refresh_from_db()
    return endpoint


@transaction.atomic
def remove(*, endpoint: Endpoint, actor: str, now: datetime) -> None:
    """Take the endpoint away; its log stays until it is old. A repeat changes nothing."""
    if Endpoint.objects.filter(pk=endpoint.pk, removed_at=None).update(removed_at=now, mail_due_at=None):
        _cancel(endpoint, now=now)
        _record(endpoint, "remove", actor)


@transaction.atomic
def give_up(endpoint: Endpoint, *, reason: str, now: datetime) -> None:
    """Switch an endpoint off that can't be reached for good, and have its owner told."""
    if Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None).update(
        disabled_at=now, disabled_reason=reason[:300], mail_due_at=now
    ):
        _cancel(endpoint, now=now)
        _record(endpoint, "give_up", "webhooks", after={"reason": reason[:300]})


def replay(*, deliveries: Deliveries, now: datetime) -> int:
    """Send again, with the schedule from its start, what was delivered or given up; return how many.

    Those of endpoints that are off stay as they are.
    """
    ended = deliveries.exclude(state=Delivery.State.PENDING).filter(
        endpoint__disabled_at=None, endpoint__removed_at=None
    )
    chosen = Delivery.objects.filter(pk__in=list(ended.order_by().values_list("pk", flat=True)))
    return chosen.update(state=Delivery.State.PENDING, step=0, due_at=now, ended_at=None)


def _cancel(endpoint: Endpoint, *, now: datetime) -> None:
    waiting = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.PENDING)
    waiting.update(state=Delivery.State.CANCELLED, due_at=None, ended_at=now)


def _place(url: str) -> str:
    """Return the part of the address that is no secret: the paths of hook services are keys."""
    parts = split_address(url)
    return f"{parts.scheme}://{parts.hostname}/…"


def _record(
    endpoint: Endpoint,
    verb: str,
    actor: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        actor=actor,
        action=f"webhook.{verb}",
        subject=f"webhook:{endpoint.pk}",
        before=before or {},
        after=after or {},
    )
