"""Prove the ledger, or print the balances of a past minute."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import UTC

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from inventory import verify


class Command(BaseCommand):
    help = "Check that every balance equals the sum of its movements; exit code 1 and a line for each difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", metavar="TIME", help="print the balances of that moment, e.g. 2026-11-21T09:30Z")

    def handle(self, *args: object, as_of: str | None, **options: object) -> None:
        if as_of is not None:
            self._print_balances(as_of)
            return
        found = 0
        for difference in verify.differences():
            found += 1
            self.stdout.write(str(difference))
        if found:
            self.stderr.write(f"The ledger does not add up: {found} differences.")
            sys.exit(1)
        self.stdout.write("The ledger adds up: every balance equals the sum of its movements.")

    def _print_balances(self, text: str) -> None:
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None:
            raise CommandError(f"--as-of takes a time such as 2026-11-21T09:30Z, not {text!r}.")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        self.stdout.write("sku\twarehouse\ton_hand\treserved\tavailable\tunsellable")
        for row in verify.balances(as_of=moment):
            self.stdout.write("\t".join(str(value) for value in row.values()))
