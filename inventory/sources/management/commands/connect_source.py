"""Connect a stock source without the browser."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inventory.addresses import ForbiddenAddress
from inventory.credentials_file import read_credentials
from inventory.models import Warehouse
from inventory.sources import connecting, lane, mapping
from inventory.sources.contract import SourceError
from inventory.sources.models import Source
from inventory.sources.registry import KINDS, capabilities_of

ACTOR = "command:connect_source"
SHORTEST_PAUSE, LONGEST_PAUSE = 30, 86_400


class Command(BaseCommand):
    help = "Connect a stock source, map its places to warehouses, and have it read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("--name", required=True, help="what people call the source")
        parser.add_argument("--base-url", default="", help="where it answers; nothing for files")
        parser.add_argument("--credentials", type=Path, metavar="FILE", help="a JSON object; nothing for files")
        parser.add_argument(
            "--warehouse",
            action="append",
            default=[],
            metavar="CODE=PLACE",
            help="the warehouse that a place of the source is, by the place's id or name",
        )
        parser.add_argument("--pull-seconds", type=int, help=f"between readings, {SHORTEST_PAUSE} or more")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(
        self,
        *args: object,
        kind: str,
        name: str,
        base_url: str,
        credentials: Path | None,
        warehouse: list[str],
        pull_seconds: int | None,
        **options: object,
    ) -> None:
        if pull_seconds is not None and not SHORTEST_PAUSE <= pull_seconds <= LONGEST_PAUSE:
            raise CommandError(f"--pull-seconds must be {SHORTEST_PAUSE} to {LONGEST_PAUSE}.")
        given = read_credentials(credentials) if credentials is not None else {}
        lacking = [
            field.name
            for field in KINDS[kind].capabilities.credentials
            if field.is_required and not given.get(field.name)
        ]
        if lacking:
            raise CommandError(f"{', '.join(lacking)} must stand in the file that --credentials names.")
        places = _places(warehouse)
        try:
            source, report = connecting.connect(
                kind=kind,
                name=name,
                base_url=base_url,
                credentials=given,
                options={field.name: field.default for field in KINDS[kind].capabilities.options},
                actor=ACTOR,
                now=timezone.now(),
                **({"pull_seconds": pull_seconds} if pull_seconds is not None else {}),
            )
        except (SourceError, connecting.ConnectRefused, ForbiddenAddress) as error:
            raise CommandError(str(error)) from None
        if places:
            _map(source, places)
        capabilities = capabilities_of(source)
        facts = {
            "id": source.pk,
            "uuid": str(source.uuid),
            "name": source.name,
            "account": source.account,
            "events_url": source.events_url if capabilities.sends_events else "",
            "events_secret": source.credentials.get("events_secret", "") if capabilities.signs_with_ours else "",
        }
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        for label, value in facts.items():
            self.stdout.write(f"{label}: {value}")
        for warning in report.warnings:
            self.stderr.write(f"Note: {warning}")


def _places(given: list[str]) -> dict[str, Warehouse]:
    """Return the warehouse of each place. Raises CommandError for a warehouse that is not there."""
    pairs = [text.partition("=") for text in given]
    codes = {code for code, _, _ in pairs}
    warehouses = Warehouse.objects.in_bulk(codes, field_name="code")
    unknown = sorted(codes - set(warehouses))
    if unknown:
        raise CommandError(f"There is no warehouse {', '.join(unknown)}. Make it first.")
    if not all(place for _, _, place in pairs):
        raise CommandError("Say --warehouse CODE=PLACE: the warehouse, and the source's place that it is.")
    return {place: warehouses[code] for code, _, place in pairs}


def _map(source: Source, places: dict[str, Warehouse]) -> None:
    locations = list(source.locations.all())
    refs = {name: location.ref for location in locations for name in (location.name, location.ref)}
    unknown = sorted(set(places) - set(refs))
    if unknown:
        there = ", ".join(location.name for location in locations) or "none yet"
        raise CommandError(
            f"The source is connected, but it has no place {', '.join(unknown)}. There are: {there}. "
            "Map them on its page."
        )
    try:
        mapping.set_locations(source, {refs[place]: each for place, each in places.items()}, actor=ACTOR)
    except mapping.WarehouseTaken as error:
        raise CommandError(f"The source is connected, but not mapped: {error}") from None
    Source.objects.filter(pk=source.pk).update(next_pull_at=timezone.now())
    lane.wake(source)
