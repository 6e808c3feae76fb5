"""Connect a store without the browser."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from channels import catalog, modes
from channels.connect import ConnectRefused, connect
from channels.contract import Capabilities, ChannelError
from channels.models import Channel
from channels.registry import PLATFORMS, opened
from inventory.addresses import ForbiddenAddress
from inventory.credentials_file import read_credentials
from inventory.models import Warehouse


class Command(BaseCommand):
    help = "Connect a store and print the channel's id, webhook URL and webhook secret."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("platform", choices=sorted(PLATFORMS))
        parser.add_argument("--name", required=True, help="what people call the channel")
        parser.add_argument("--base-url", default="", help="where the platform's API answers; default: the real one")
        parser.add_argument("--credentials", required=True, type=Path, metavar="FILE", help="a JSON object")
        parser.add_argument(
            "--mode", default="observe", choices=[mode for mode in Channel.Mode.values if mode != "part-live"]
        )
        parser.add_argument("--warehouse", nargs="+", action="extend", default=[], metavar="CODE[=LOCATION]")
        parser.add_argument(
            "--option",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="how the store behaves; see its settings",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(
        self,
        *args: object,
        platform: str,
        name: str,
        base_url: str,
        credentials: Path,
        mode: str,
        warehouse: list[str],
        option: list[str],
        **options: object,
    ) -> None:
        given = read_credentials(credentials)
        habits = _options(PLATFORMS[platform].capabilities, option)
        places = dict(_place(text) for text in warehouse)
        warehouses = {w.code: w for w in Warehouse.objects.filter(code__in=places)}
        unknown = [code for code in places if code not in warehouses]
        if unknown:
            raise CommandError(f"There is no warehouse {', '.join(unknown)}. Make it first.")
        try:
            channel, report = connect(
                platform=platform,
                name=name,
                base_url=base_url,
                credentials=given,
                warehouses=[warehouses[code] for code in places],
                actor="command:connect",
                now=timezone.now(),
                options=habits,
                mode=mode,
            )
        except (ChannelError, ConnectRefused, ForbiddenAddress) as error:
            raise CommandError(str(error)) from None
        if any(places.values()):
            _place_all(channel, [warehouses[code] for code in places], places)
        facts = {
            "id": channel.pk,
            "uuid": str(channel.uuid),
            "name": channel.name,
            "mode": channel.mode,
            "account": report.account_ref,
            "webhook_url": channel.webhook_url,
            "webhook_secret": PLATFORMS[platform].webhook_secret(channel.credentials),
        }
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        for label, value in facts.items():
            self.stdout.write(f"{label}: {value}")
        for warning in report.warnings:
            self.stderr.write(f"Note: {warning}")


def _options(capabilities: Capabilities, given: list[str]) -> dict[str, str]:
    """Return the options by name. Raises CommandError for one that the platform does not have."""
    options: dict[str, str] = {}
    choices = {field.name: [value for value, _ in field.choices] for field in capabilities.options}
    for text in given:
        name, _, value = text.partition("=")
        if value not in choices.get(name, []):
            there = "; ".join(f"{name}={'|'.join(values)}" for name, values in choices.items()) or "none"
            raise CommandError(f"{capabilities.name} has no option {text!r}. There are: {there}.")
        options[name] = value
    return options


def _place(text: str) -> tuple[str, str]:
    """Return (warehouse code, location): of ``MAIN=Shop Street`` the store's location that it stands for."""
    code, _, place = text.partition("=")
    return code, place


def _place_all(channel: Channel, warehouses: list[Warehouse], places: dict[str, str]) -> None:
    """Have each warehouse stand for the location that was named, by its name or the platform's id."""
    with opened(channel) as platform:
        catalog.refresh_locations(channel, platform, now=timezone.now())
    refs = {name: place.ref for place in channel.locations.all() for name in (place.ref, place.name)}
    unknown = sorted({place for place in places.values() if place and place not in refs})
    if unknown:
        there = ", ".join(place.name for place in channel.locations.all()) or "none"
        raise CommandError(
            f"The channel is connected, but the store has no location {', '.join(unknown)}. There are: {there}. "
            "Choose them on the channel's settings page."
        )
    modes.set_warehouses(
        channel=channel,
        warehouses=warehouses,
        locations={warehouse.pk: refs.get(places[warehouse.code], "") for warehouse in warehouses},
        actor="command:connect",
        now=timezone.now(),
    )
