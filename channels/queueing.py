"""Messages of a platform's queue: stored like webhooks, and only then taken off the queue."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from channels import inbox
from channels.contract import ChannelError, Platform, RateLimited
from channels.lanes import Lease, wake_soon
from channels.models import Channel

DEAD_LETTERS_EVERY = timedelta(minutes=5)


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Take in what the queue holds now; tell whether it was anything. Raises ChannelError.

    What a crash leaves between storing and forgetting comes again and finds its row.
    """
    now = timezone.now()
    wait = timedelta(seconds=platform.capabilities.queue_poll_seconds)
    rows = Channel.objects.filter(pk=channel.pk)
    if not rows.filter(next_queue_at__lte=now).exists():
        return False
    rows.update(next_queue_at=now + wait)
    try:
        messages = platform.receive()
        for message in messages:
            # One about another account is kept too: a person sees that two sellers share a queue.
            headers = {"account": message.account_ref}
            inbox.keep(channel, message, headers=headers, body=message.body, now=timezone.now())
        if messages:
            platform.forget([message.handle for message in messages])
            wake_soon(inbox.lane_of(channel.pk))
            rows.update(next_queue_at=now)  # there may be more
        _count_dead_letters(channel, platform)
    except ChannelError as error:
        if isinstance(error, RateLimited):
            rows.update(next_queue_at=now + timedelta(seconds=error.wait_seconds))
        raise
    return bool(messages)


def _count_dead_letters(channel: Channel, platform: Platform) -> None:
    """Note now and then how many messages the queue has given up on."""
    now = timezone.now()
    due = Channel.objects.filter(pk=channel.pk).exclude(dead_letters_at__gt=now - DEAD_LETTERS_EVERY)
    if due.update(dead_letters_at=now):
        Channel.objects.filter(pk=channel.pk).update(dead_letters=platform.dead_letters())
