"""Make, list and revoke the API's tokens."""

from __future__ import annotations

from argparse import ArgumentParser

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from access.roles import Role
from api import tokens
from api.models import ApiToken
from api.permissions import SCOPES, scopes_for


class Command(BaseCommand):
    help = (
        "Print a new API token of USER: alone on standard output, once. The scopes are: "
        + "; ".join(f"{scope} ({meaning})" for scope, meaning in SCOPES.items())
        + "."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER", help="the username of the person it acts for")
        task = parser.add_mutually_exclusive_group(required=True)
        task.add_argument("--scopes", nargs="+", metavar="SCOPE", help="what it may do, by commas or spaces; or: all")
        task.add_argument("--list", action="store_true", help="print the user's tokens: start, scopes, name, state")
        task.add_argument("--revoke", metavar="START", help="end the token that starts so, as --list shows it")
        parser.add_argument("--name", default="", help="what it is for, at most 100 characters")

    def handle(
        self,
        *args: object,
        user: str,
        scopes: list[str] | None,
        list: bool,
        revoke: str | None,
        name: str,
        **options: object,
    ) -> None:
        owner = get_user_model().objects.filter(username=user).first()
        if owner is None:
            raise CommandError(f"There is no user {user}. Make the first one with: manage.py create_owner")
        if list:
            self._list(owner)
        elif revoke is not None:
            self._revoke(owner, revoke)
        else:
            self._issue(owner, " ".join(scopes or []), name)

    def _issue(self, owner: AbstractUser, scopes: str, name: str) -> None:
        if not owner.is_active:
            raise CommandError(f"{owner} is not active, so a token would not work.")
        if len(name) > 100:
            raise CommandError("--name takes at most 100 characters.")
        try:
            granted = tokens.parse_scopes(scopes)
        except tokens.UnknownScope as error:
            raise CommandError(str(error)) from error
        if useless := [scope for scope in granted if scope not in scopes_for(owner)]:
            if scopes.strip() != "all":
                role = Role(getattr(owner, "role", Role.VIEWER)).label.lower()
                raise CommandError(f"The role of {owner}, {role}, can't use: {', '.join(useless)}.")
            granted = [scope for scope in granted if scope not in useless]
        # Nothing else goes to standard output, so that a script can capture it.
        self.stdout.write(tokens.issue(user=owner, scopes=granted, name=name))

    def _list(self, owner: AbstractUser) -> None:
        for token in ApiToken.objects.filter(user_id=owner.pk):
            state = "revoked" if token.revoked_at else "active"
            self.stdout.write(f"{token.prefix}\t{','.join(token.scopes)}\t{token.name}\t{state}")

    def _revoke(self, owner: AbstractUser, start: str) -> None:
        if not tokens.revoke(prefix=start, user=owner, now=timezone.now()):
            raise CommandError(f"{owner} has no active token that starts with {start}; see --list.")
        self.stderr.write("Revoked.")
