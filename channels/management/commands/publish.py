"""Publish a channel's quantities now."""

from __future__ import annotations

import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from channels import modes, publishing, tasks
from channels.finding import channel_named
from channels.models import Listing, Push


class Command(BaseCommand):
    help = "Compare every listing of a channel with its target and send what differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("channel", help="its id, uuid or name")
        parser.add_argument("--wait", type=float, default=120, help="seconds to wait until nothing is due")

    def handle(self, *args: object, channel: str, wait: float, **options: object) -> None:
        found = channel_named(channel)
        started_at = timezone.now()
        modes.publish_all(channel=found, now=started_at)
        give_up_at = time.monotonic() + wait
        while True:
            tasks.run_lane(publishing.lane_of(found.pk))
            found.refresh_from_db()
            waiting = Listing.objects.filter(channel=found, due_at__isnull=False).publishable().count()
            if not waiting or found.halted_at or found.connection != found.Connection.OK:
                break
            if found.mode == found.Mode.PAUSED or time.monotonic() > give_up_at:
                break
            time.sleep(0.2)
        if found.connection != found.Connection.OK:
            raise CommandError(found.connection_problem)
        if found.halted_at:
            raise CommandError(f"Stopped by the circuit breaker: {found.halted_reason} Allow the wave on its page.")
        pushes = Push.objects.filter(channel=found, created_at__gte=started_at)
        applied = pushes.filter(state=Push.State.APPLIED).count()
        observed = pushes.filter(state=Push.State.OBSERVED).count()
        self.stdout.write(f"{applied} quantities changed, {observed} only observed, {waiting} still waiting.")
