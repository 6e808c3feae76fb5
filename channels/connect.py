"""Connecting a store: tested first, kept only if it answers and lets us do our work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from channels import connection, mirror, modes
from channels.contract import BadCredentials, ConnectionReport, MemoryKeeper, Store
from channels.lanes import wake
from channels.models import Channel
from channels.registry import PLATFORMS, opened
from inventory import audit
from inventory.addresses import check_address, check_loopback
from inventory.models import Warehouse


class ConnectRefused(Exception):
    """The store can't be connected; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A store that has answered: what it said, and its credentials as they are now (a token may have been renewed)."""

    base_url: str
    report: ConnectionReport
    credentials: Mapping[str, str] = field(repr=False)


def try_out(
    *,
    platform: str,
    base_url: str,
    credentials: Mapping[str, str],
    options: Mapping[str, str] | None = None,
    kept: Mapping[str, str] | None = None,
    is_sandbox: bool = False,
) -> Tested:
    """Ask the store who it is with these credentials, keeping nothing. Raises ChannelError, ForbiddenAddress.

    ``kept``: the credentials that these are to replace. ``is_sandbox``: it is a simulated store beside the worker.
    """
    kind = PLATFORMS[platform]
    check = check_loopback if is_sandbox else check_address
    base_url = kind.canonical_address(check(base_url or kind.capabilities.default_base_url))
    for field_ in kind.capabilities.credentials:
        if field_.is_address and credentials.get(field_.name):
            check(credentials[field_.name])
    credentials, keeper = kind.completed(credentials, kept or {}), MemoryKeeper()
    client = kind(
        Store(base_url=base_url, account_ref="", credentials=credentials, options=options or {}, keeper=keeper)
    )
    try:
        report = client.check_connection()
    finally:
        client.close()
    if report.missing_scopes:
        raise BadCredentials(
            f"The token lacks {', '.join(report.missing_scopes)}: give the app these scopes and reinstall it."
        )
    return Tested(base_url=report.api_address or base_url, report=report, credentials=keeper.kept or credentials)


def connect(
    *,
    platform: str,
    name: str,
    base_url: str,
    credentials: Mapping[str, str],
    warehouses: Sequence[Warehouse],
    actor: str,
    now: datetime,
    options: Mapping[str, str] | None = None,
    mode: str = Channel.Mode.OBSERVE,
    is_sandbox: bool = False,
) -> tuple[Channel, ConnectionReport]:
    """Test a store and keep it as a channel; return both. A new channel observes unless ``mode`` says otherwise.

    Raises ChannelError or ForbiddenAddress from the test, ConnectRefused for a name or store that is taken.
    """
    tested = try_out(
        platform=platform, base_url=base_url, credentials=credentials, options=options, is_sandbox=is_sandbox
    )
    channel = keep(
        tested,
        platform=platform,
        name=name,
        warehouses=warehouses,
        options=options,
        mode=mode,
        actor=actor,
        now=now,
        is_sandbox=is_sandbox,
    )
    return channel, tested.report


def keep(
    tested: Tested,
    *,
    platform: str,
    name: str,
    warehouses: Sequence[Warehouse],
    actor: str,
    now: datetime,
    options: Mapping[str, str] | None = None,
    mode: str = Channel.Mode.OBSERVE,
    is_sandbox: bool = False,
) -> Channel:
    """Keep a store that was tested as a channel. Raises ConnectRefused for a name or store that is taken."""
    report = tested.report
    capabilities = PLATFORMS[platform].capabilities
    try:
        with transaction.atomic():
            channel = Channel.objects.create(
                platform=platform,
                name=name,
                base_url=tested.base_url,
                account_ref=report.account_ref,
                credentials=dict(tested.credentials),  # type: ignore[misc]  # any JSON; a text only in the column
                options=dict(options or {}),
                is_sandbox=is_sandbox,
                started_at=now,
                poll_seconds=capabilities.default_poll_seconds,
                next_poll_at=now,
                next_queue_at=now if capabilities.has_queue else None,
                next_subscription_check_at=now,
            )
            audit.record(
                actor=actor,
                action="channel.connect",
                subject=f"channel:{channel.pk}",
                before={},
                after={"platform": platform, "name": name, "account": report.account_ref},
            )
            if warehouses:
                modes.set_warehouses(channel=channel, warehouses=warehouses, actor=actor, now=now)
            if mode != Channel.Mode.OBSERVE:
                modes.change_mode(channel=channel, mode=mode, actor=actor, now=now)
    except IntegrityError:
        if Channel.objects.filter(name=name).exists():
            raise ConnectRefused(f"There is a channel named {name} already: choose another name.") from None
        raise ConnectRefused(f"This store ({report.account_ref}) is connected already.") from None
    channel.refresh_from_db()
    return channel


def reconnect(*, channel: Channel, credentials: Mapping[str, str], actor: str, now: datetime) -> ConnectionReport:
    """Replace a channel's credentials by ones that work; everything that waited goes on.

    Raises ChannelError when they don't work, ConnectRefused when they are another store's or it is connected anew.
    """
    tested = try_out(
        platform=channel.platform,
        base_url=channel.base_url,
        credentials=credentials,
        options=channel.options,
        kept=channel.credentials,
        is_sandbox=channel.is_sandbox,
    )
    report = tested.report
    if report.account_ref != channel.account_ref:
        raise ConnectRefused(
            f"These credentials belong to the store {report.account_ref}, this channel to {channel.account_ref}."
        )
    if tested.base_url != channel.base_url:
        raise ConnectRefused(
            f"With these credentials the store answers at {tested.base_url}, this channel is of {channel.base_url}:"
            " connect it as a channel of its own."
        )
    channel.credentials = dict(tested.credentials)
    channel.credentials_version += 1
    channel.disconnected_at = None
    try:
        with transaction.atomic():
            channel.save(update_fields=["credentials", "credentials_version", "disconnected_at"])
    except IntegrityError:
        channel.refresh_from_db()
        raise ConnectRefused("This store is connected already, as another channel: disconnect that first.") from None
    mirror.keep(channel)
    audit.record(actor=actor, action="channel.reconnect", subject=f"channel:{channel.pk}", before={}, after={})
    _go_on(channel, now=now)
    return report


def check(*, channel: Channel, now: datetime) -> ConnectionReport:
    """Test a connected channel with its own credentials; a store that answers again goes on. Raises ChannelError."""
    with opened(channel) as platform:
        report = platform.check_connection()
    if report.missing_scopes:
        raise BadCredentials(f"The token lacks {', '.join(report.missing_scopes)}.")
    if channel.connection != Channel.Connection.OK:
        _go_on(channel, now=now)
    return report


def _go_on(channel: Channel, *, now: datetime) -> None:
    connection.note_success(channel)
    Channel.objects.filter(pk=channel.pk).update(next_poll_at=now, next_subscription_check_at=now)
    channel.events.filter(state="pending").update(due_at=now)
    modes.publish_all(channel=channel, now=now)
    wake(f"inbox:{channel.pk}")


def disconnect(*, channel: Channel, actor: str, now: datetime) -> None:
    """Stop all calls and forget the credentials; listings, orders and history stay."""
    Channel.objects.filter(pk=channel.pk).update(
        disconnected_at=now, mode=Channel.Mode.PAUSED, connection=Channel.Connection.OK, next_poll_at=None
    )
    channel.credentials = {}
    channel.save(update_fields=["credentials"])
    mirror.let_go(channel)
    audit.record(actor=actor, action="channel.disconnect", subject=f"channel:{channel.pk}", before={}, after={})
