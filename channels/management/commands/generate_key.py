"""Make a key for EVENKEEL_ENCRYPTION_KEY. It needs no setting, since it is run before there are any."""

from __future__ import annotations

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print a new key for EVENKEEL_ENCRYPTION_KEY, alone on standard output."
    requires_system_checks = []

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(Fernet.generate_key().decode())


if __name__ == "__main__":  # python -m channels.management.commands.generate_key, before there are settings
    Command().run_from_argv(["manage.py", "generate_key"])
