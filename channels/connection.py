"""What a failed call means for the channel as a whole: a dead token stops all calls and says so."""

from __future__ import annotations

from datetime import datetime

from channels.contract import BadCredentials, ChannelError, StoreRefused
from channels.models import Channel


def note_failure(channel: Channel, error: ChannelError, *, now: datetime) -> None:
    """Stop the channel where the error calls for a person, keeping the platform's words and since when."""
    if isinstance(error, BadCredentials):
        connection = Channel.Connection.RECONNECT
    elif isinstance(error, StoreRefused):
        connection = Channel.Connection.REFUSED
    else:
        return
    Channel.objects.filter(pk=channel.pk).exclude(connection=connection).update(
        connection=connection, connection_problem=str(error)[:500], connection_problem_at=now
    )
    channel.connection = connection


def note_success(channel: Channel) -> None:
    """Clear the channel's problem: a person has reconnected it, or its store answers again."""
    Channel.objects.filter(pk=channel.pk).update(
        connection=Channel.Connection.OK, connection_problem="", connection_problem_at=None
    )
    channel.connection = Channel.Connection.OK
