"""Make the first user."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from getpass import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from access.roles import Role
from dashboard.models import User


class Command(BaseCommand):
    help = "Make the owner, from OWNER_USERNAME, OWNER_EMAIL and OWNER_PASSWORD, or by asking for what is not set."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-missing",
            action="store_true",
            help="where there is an owner, say so and end with exit code 0",
        )

    def handle(self, *args: object, if_missing: bool, **options: object) -> None:
        owner = User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk").first()
        if owner is not None:
            message = f"There is an owner already: {owner}. Nothing was changed."
            if not if_missing:
                raise CommandError(message)
            self.stdout.write(message)
            return
        user = User(
            username=self._ask("OWNER_USERNAME", "Username"),
            email=self._ask("OWNER_EMAIL", "E-mail"),
            role=Role.OWNER,
            is_staff=True,
            is_superuser=True,
        )
        password = self._password()
        try:
            user.set_password(password)
            user.full_clean()
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.save()
        self.stdout.write(f"The owner {user} can sign in now.")

    def _ask(self, variable: str, label: str) -> str:
        """Return the variable, or what the person at the terminal types."""
        value = os.environ.get(variable, "").strip()
        if value:
            return value
        self._need_terminal(variable)
        return input(f"{label}: ").strip()

    def _password(self) -> str:
        password = os.environ.get("OWNER_PASSWORD", "")
        if password:
            return password
        self._need_terminal("OWNER_PASSWORD")
        password = getpass("Password: ")
        if password != getpass("Password again: "):
            raise CommandError("The two passwords differ. Nothing was changed.")
        return password

    def _need_terminal(self, variable: str) -> None:
        if not sys.stdin.isatty():
            raise CommandError(f"{variable} is not set, and there is no terminal to ask at.")
