"""What a failed call means for the channel as a whole: a dead token stops all calls and says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from channels.contract import BadCredentials, ChannelError, RateLimited, StoreMoved, StoreRefused
from channels.models import Channel
from inventory.announcing import Json, announce

TOLD_AFTER = timedelta(minutes=2)  # calls that fail for so long are told to others


def note_failure(channel: Channel, error: ChannelError, *, now: datetime) -> None:
    """Keep how a call failed and since when; stop the channel where that calls for a person.

    A call that was made with older credentials says nothing about those the channel has by now.
    """
    if isinstance(error, BadCredentials):
        connection = Channel.Connection.RECONNECT
    elif isinstance(error, StoreMoved):
        connection = Channel.Connection.MOVED
    elif isinstance(error, StoreRefused):
        connection = Channel.Connection.REFUSED
    else:
        if not isinstance(error, RateLimited):
            _note_failing(channel, str(error)[:500], now=now)
        return
    rows = Channel.objects.filter(pk=channel.pk, credentials_version=channel.credentials_version)
    with transaction.atomic():
        if rows.exclude(connection=connection).update(
            connection=connection, connection_problem=str(error)[:500], connection_problem_at=now
        ):
            tell_stopped(channel, str(connection), str(error)[:500], now=now)
    channel.connection = connection


@transaction.atomic
def _note_failing(channel: Channel, problem: str, *, now: datetime) -> None:
    """Keep since when calls fail, and announce it once when that lasts: a single failed call is no news."""
    rows = Channel.objects.filter(pk=channel.pk)
    rows.update(failing_since=Coalesce("failing_since", Value(now)), failing_words=problem)
    if not rows.filter(failing_is_told=False, failing_since__lte=now - TOLD_AFTER).update(failing_is_told=True):
        return
    since = rows.values_list("failing_since", flat=True).get()
    data: dict[str, Json] = {
        "channel": {"id": channel.pk, "name": channel.name},
        "failing_since": since.isoformat() if since else None,
        "problem": problem,
    }
    announce("sync.failed", subject=f"channel:{channel.pk}", at=now, data=data)


def note_answer(channel: Channel) -> None:
    """Forget that calls failed: the store has answered one."""
    Channel.objects.filter(pk=channel.pk).update(failing_since=None, failing_words="", failing_is_told=False)
    channel.failing_since, channel.failing_words = None, ""


def tell_stopped(channel: Channel, state: str, problem: str, *, now: datetime) -> None:
    """Announce that the channel stands still until a person has acted; ``state`` is a connection, or halted."""
    data: dict[str, Json] = {
        "channel": {"id": channel.pk, "name": channel.name},
        "connection": state,
        "problem": problem,
    }
    announce("channel.needs_attention", subject=f"channel:{channel.pk}", at=now, data=data)


def note_success(channel: Channel) -> None:
    """Clear the channel's problem: a person has reconnected it, or its store answers again."""
    Channel.objects.filter(pk=channel.pk).update(
        connection=Channel.Connection.OK,
        connection_problem="",
        connection_problem_at=None,
        failing_since=None,
        failing_words="",
        failing_is_told=False,
    )
    channel.connection = Channel.Connection.OK
