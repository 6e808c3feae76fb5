"""Read a channel's whole catalogue now."""

from __future__ import annotations

import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils import timezone

from channels import catalog, mapping_runs, opening, publishing, tasks
from channels.finding import channel_named
from channels.models import CatalogImport, Listing
from inventory.models import Warehouse


class Command(BaseCommand):
    help = "Import a channel's catalogue and map what is unambiguous."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("channel", help="its id, uuid or name")
        parser.add_argument("--create-skus", action="store_true", help="make a SKU of each listing that has none")

        parser.add_argument(
            "--opening-stock", metavar="WAREHOUSE", help="count what the store shows into it, for SKUs without stock"
        )

    def handle(
        self, *args: object, channel: str, create_skus: bool, opening_stock: str | None, **options: object
    ) -> None:
        warehouse = Warehouse.objects.filter(code=opening_stock).first()
        if opening_stock and warehouse is None:
            raise CommandError(f"There is no warehouse {opening_stock}.")
        found = channel_named(channel)
        run = catalog.start_import(channel=found, now=timezone.now())
        while run.state == CatalogImport.State.RUNNING:
            # Whoever holds the lane does it: this process, or a worker that was faster.
            tasks.run_lane(catalog.lane_of(found))
            run.refresh_from_db()
            found.refresh_from_db()
            if found.connection != found.Connection.OK:
                raise CommandError(found.connection_problem)
            if run.state == CatalogImport.State.RUNNING:
                time.sleep(0.2)
        if run.state == CatalogImport.State.FAILED:
            raise CommandError(f"The import failed: {run.problem}")
        if create_skus:
            created = mapping_runs.create_missing_skus(
                channel=found, actor="command:import_catalog", now=timezone.now()
            )
            self.stdout.write(f"{mapping_runs.finish(created).made} SKUs made.")
        if warehouse is not None:
            taken = opening.take(channel=found, warehouse=warehouse, actor="command:import_catalog", now=timezone.now())
            publishing.spread_signals(now=timezone.now())
            self.stdout.write(f"{taken.counts.count()} SKUs have their opening stock.")
        counts = dict(
            Listing.objects.filter(channel=found, state=Listing.State.ACTIVE)
            .order_by()
            .values("mapping")
            .annotate(listings=Count("pk"))
            .values_list("mapping", "listings")
        )
        self.stdout.write(
            f"{run.products_read} products, {run.listings_read} listings ({run.listings_new} new): "
            f"{counts.get('mapped', 0)} mapped, {counts.get('unmapped', 0)} unmapped, "
            f"{counts.get('ignored', 0)} ignored."
        )
        if run.problem:
            self.stderr.write(f"Note: {run.problem}")
