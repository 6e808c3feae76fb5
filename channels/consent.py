"""Connecting a store by consent in the browser (OAuth): the state is one person's, and its code is exchanged once.

A second exchange of one code makes some platforms disable the token that the first one issued. So the attempt is
claimed by a conditional update before the call; whoever comes second is shown what the first one made.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.urls import reverse
from django.utils.translation import gettext as _

from channels import connect
from channels.contract import OAuthPlatform
from channels.models import Channel, ConnectAttempt
from channels.registry import PLATFORMS
from inventory.addresses import check_address
from inventory.models import Warehouse

LASTS = timedelta(hours=1)  # a consent page that was left open longer is begun again


class ConsentRefused(Exception):
    """The callback can't be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person has entered on the connect page. It is kept encrypted and forgotten once it was used."""

    name: str
    base_url: str
    credentials: Mapping[str, str]
    warehouses: tuple[int, ...]
    options: Mapping[str, str]

    def as_form(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "base_url": self.base_url,
            "credentials": dict(self.credentials),
            "warehouses": list(self.warehouses),
            "options": dict(self.options),
        }


def redirect_uri() -> str:
    """Return where the platform sends the person back to; it must be registered with the app."""
    return f"{settings.PUBLIC_URL}{reverse('channels:connect_callback')}"


def keep(*, user: AbstractBaseUser, platform: str, wish: Wish, now: datetime) -> ConnectAttempt:
    """Keep what was entered under a new state token, forgetting what was left lying about."""
    ConnectAttempt.objects.filter(created_at__lt=now - LASTS, channel=None).delete()
    attempt = ConnectAttempt(state_token=secrets.token_urlsafe(32), user_id=user.pk, platform=platform)
    attempt.form = wish.as_form()
    attempt.save()
    return attempt


def kept(*, user: AbstractBaseUser, platform: str, token: str, now: datetime) -> ConnectAttempt | None:
    """Return the person's attempt that has not been used yet."""
    if not token:
        return None
    return ConnectAttempt.objects.filter(
        state_token=token, user_id=user.pk, platform=platform, exchanged_at=None, created_at__gt=now - LASTS
    ).first()


def authorise_url(attempt: ConnectAttempt) -> str:
    """Return the platform's consent page for this attempt. Raises ForbiddenAddress."""
    return _platform(attempt).authorise_url(
        base_url=check_address(attempt.form["base_url"]),
        credentials=attempt.form["credentials"],
        redirect_uri=redirect_uri(),
        state=attempt.state_token,
    )


def finish(*, user: AbstractBaseUser, answer: Mapping[str, str], actor: str, now: datetime) -> Channel:
    """Exchange the code of the platform's answer and connect the store, once; a repeat returns the channel made then.

    A store that is a channel already gets its new credentials. Raises ConsentRefused, ChannelError, ConnectRefused.
    """
    attempt = (
        ConnectAttempt.objects.select_related("channel")
        .filter(state_token=answer.get("state", "")[:200], user_id=user.pk)
        .first()
    )
    if attempt is None:
        raise ConsentRefused(_("This answer belongs to no connection that you have begun here. Begin again."))
    rows = ConnectAttempt.objects.filter(pk=attempt.pk, exchanged_at=None)
    if attempt.exchanged_at is None and now - attempt.created_at > LASTS:
        raise ConsentRefused(_("This connection was begun more than an hour ago. Begin again."))
    if not rows.update(exchanged_at=now):
        attempt.refresh_from_db()
        if attempt.channel is not None:
            return attempt.channel
        raise ConsentRefused(
            _("The answer has been used already and no channel came of it (yet). See the channels, or begin again.")
        )
    wish = attempt.form
    try:
        credentials = _platform(attempt).exchange_code(
            base_url=check_address(wish["base_url"]),
            credentials=wish["credentials"],
            answer=answer,
            redirect_uri=redirect_uri(),
        )
        channel = _connect(attempt.platform, wish, credentials, actor=actor, now=now)
        ConnectAttempt.objects.filter(pk=attempt.pk).update(channel=channel)
    finally:
        attempt.form = {}
        attempt.save(update_fields=["form"])
    return channel


def _connect(
    platform: str, wish: Mapping[str, Any], credentials: Mapping[str, str], *, actor: str, now: datetime
) -> Channel:
    places = {warehouse.pk: warehouse for warehouse in Warehouse.objects.filter(pk__in=wish["warehouses"])}
    tested = connect.try_out(
        platform=platform, base_url=wish["base_url"], credentials=credentials, options=wish["options"]
    )
    known = Channel.objects.filter(
        platform=platform, account_ref=tested.report.account_ref, base_url=tested.base_url, disconnected_at=None
    ).first()
    if known is not None:
        connect.reconnect(channel=known, credentials=tested.credentials, actor=actor, now=now)
        return known
    return connect.keep(
        tested,
        platform=platform,
        name=wish["name"],
        warehouses=[places[pk] for pk in wish["warehouses"] if pk in places],
        options=wish["options"],
        actor=actor,
        now=now,
    )


def _platform(attempt: ConnectAttempt) -> type[OAuthPlatform]:
    return cast("type[OAuthPlatform]", PLATFORMS[attempt.platform])
