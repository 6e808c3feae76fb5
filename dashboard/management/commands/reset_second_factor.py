"""Take the second factor from a person who has lost it, where no owner can."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from dashboard.models import User
from dashboard.people import second_factor


class Command(BaseCommand):
    help = "Take the second factor and the recovery codes of USER away: they sign in with the password alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER", help="the username")

    def handle(self, *args: object, user: str, **options: object) -> None:
        person = User.objects.filter(username=user).first()
        if person is None:
            raise CommandError(f"There is no user {user}.")
        if not second_factor.has(person):
            raise CommandError(f"{person} has no second factor. Nothing was changed.")
        second_factor.reset(person=person, actor="command:reset_second_factor")
        self.stdout.write(f"{person} signs in with the password alone, and can set up a new second factor.")
