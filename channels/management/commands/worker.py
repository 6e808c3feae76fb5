"""Run the worker: a django-q2 cluster under its watchdog."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from channels.watchdog import SILENCE_SECONDS, Watchdog


class Command(BaseCommand):
    # The checks import every page, some 40 MB that a worker never uses; `manage.py check` runs them.
    requires_system_checks: tuple[str, ...] = ()
    help = "Do the work that is due: a django-q2 cluster, watched and restarted when it hangs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--silence", type=float, default=SILENCE_SECONDS, help="seconds without a heartbeat before a restart"
        )

    def handle(self, *args: object, silence: float, **options: object) -> None:
        Watchdog(silence_seconds=silence).run()
