"""Poll a channel's orders now."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from channels import connection, polling, publishing
from channels.contract import ChannelError
from channels.finding import channel_named
from channels.registry import opened


class Command(BaseCommand):
    help = "Book every order of a channel that changed since its last poll."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("channel", help="its id, uuid or name")

    def handle(self, *args: object, channel: str, **options: object) -> None:
        found = channel_named(channel)
        booked, is_done = 0, False
        try:
            with opened(found) as platform:
                while not is_done:
                    try:
                        booked += polling.poll(found, platform, now=timezone.now())
                        is_done = True
                    except polling.StillReading as part:
                        booked += part.booked
        except ChannelError as error:
            connection.note_failure(found, error, now=timezone.now())
            raise CommandError(str(error)) from None
        publishing.spread_signals(now=timezone.now())
        self.stdout.write(f"{booked} orders had news.")
