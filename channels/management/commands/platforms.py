"""Print what each platform can do, as docs/platforms.md has it."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from channels import matrix
from channels.registry import PLATFORMS

HEAD = """# The platforms

Made from the capabilities that each platform declares in code, by `python manage.py platforms`; the connect page shows
the same.

"""


class Command(BaseCommand):
    help = "Print what each platform can do, as docs/platforms.md has it."

    def handle(self, *args: object, **options: object) -> None:
        table = matrix.markdown([platform.capabilities for platform in PLATFORMS.values()])
        self.stdout.write(HEAD + table, ending="")
