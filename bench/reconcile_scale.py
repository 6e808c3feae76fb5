"""Reading and comparing four channels of 100,000 listings, beside COPY into a bare table and one SQL join."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg

from bench.environment import OWN_DATABASE, ROOT, fresh_database, manage, settings_for
from bench.processor import Processor

CHANNELS = 4
SIZES = (10_000, 100_000)  # listings per channel; the memory must not follow
DIFFERS_EVERY = 500
ROUNDS = 2
MOST_RATIO, MOST_SECONDS, MOST_MEGABYTES = 3.0, 30.0, 120.0

# The first row of each is made as the product makes it; the others are copies of it, whatever columns there are.
_FILL = """
INSERT INTO inventory_sku
  SELECT r.* FROM inventory_sku s, generate_series(2, {listings}) n,
  LATERAL jsonb_populate_record(s, jsonb_build_object(
    'id', nextval(pg_get_serial_sequence('inventory_sku', 'id')), 'code', 'BENCH-' || n, 'match_key', 'bench' || n
  )) r WHERE s.code = 'BENCH-1';
INSERT INTO channels_listing
  SELECT r.* FROM channels_listing l, generate_series(2, {listings}) n JOIN inventory_sku s ON s.code = 'BENCH-' || n,
  LATERAL jsonb_populate_record(l, jsonb_build_object(
    'id', nextval(pg_get_serial_sequence('channels_listing', 'id')), 'sku_id', s.id, 'external_sku', s.code,
    'ref', 'p' || 1000000 + n, 'product_ref', (1000000 + n)::text,
    'url', 'https://store.example.com/products/shirt-' || n
  )) r WHERE l.ref = 'p1000001';
ANALYZE;
"""

_CONNECT = """
import django
django.setup()
from django.utils import timezone
from channels.models import Channel, Listing
from inventory.models import Sku
sku = Sku.objects.create(code="BENCH-1", match_key="bench1", name="Shirt")
for n in range({channels}):
    channel = Channel.objects.create(platform="ecwid", name=f"Store {{n}}", base_url="{url}", account_ref=str(1000 + n),
        credentials={{"store_id": str(1000 + n), "token": f"token{{n}}", "client_secret": "s"}}, mode="live",
        started_at=timezone.now(), orders_polled_to=timezone.now())
    Listing.objects.create(channel=channel, ref="p1000001", product_ref="1000001", title="Shirt in organic cotton",
        external_sku=sku.code, sku=sku, mapping="mapped", tracked=True, accounted=100, accounted_version=7)
"""


@contextmanager
def store(listings: int) -> Iterator[str]:
    """Give the address of a store with so many products."""
    command = [sys.executable, "-m", "bench.catalogue_server", str(listings), str(DIFFERS_EVERY)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def run() -> None:
    print(f"Reconciling {CHANNELS} channels through the Ecwid client; the store answers from bytes made beforehand.")
    print(
        "Seconds on the clock, then of processor (ours and the database's), which others on the machine can't stretch."
    )
    print(
        f"{'listings':>9} {'wait':>7} {'parse':>7} {'compare':>8} {'write':>7} {'raw':>7} | {'ours':>6} {'raw':>6}"
        f" {'of raw':>7} {'MB':>6}"
    )
    peaks: dict[int, float] = {}
    misses: list[str] = []
    for listings in SIZES:
        with ExitStack() as stack:
            url = stack.enter_context(store(listings))
            env = _installation(url, listings)
            rounds = [(_ours(env, listings), _raw(env["DATABASE_URL"], listings)) for _ in range(ROUNDS)]
        for ours, (raw, raw_processor) in rounds:
            print(
                f"{listings:>9,} {ours['waiting']:>7.1f} {ours['parsing']:>7.1f} {ours['comparing']:>8.2f}"
                f" {ours['writing']:>7.2f} {raw:>7.2f} | {ours['compared_and_written']:>6.2f} {raw_processor:>6.2f}"
                f" {ours['compared_and_written'] / raw_processor:>7.2f} {ours['peak_mb']:>6.0f}"
            )
        best = min(o["compared_and_written"] / processor for o, (_raw, processor) in rounds)
        compute = min(o["parsing"] + o["comparing"] + o["writing"] for o, _ in rounds)
        peaks[listings] = min(o["peak_mb"] for o, _ in rounds)
        if listings == max(SIZES):
            misses += [] if best <= MOST_RATIO else [f"{best:.1f} × raw"]
            misses += [] if compute <= MOST_SECONDS else [f"{compute:.0f} s of compute"]
            print(f"{CHANNELS} × {listings:,}: {compute:.1f} s of compute in all, {best:.2f} × raw at best of {ROUNDS}")
    growth = peaks[max(SIZES)] - peaks[min(SIZES)]
    print(f"Peak memory: {peaks[max(SIZES)]:.0f} MB, {growth:+.0f} MB for ten times the listings; load {_load()}")
    misses += [] if peaks[max(SIZES)] <= MOST_MEGABYTES else [f"{peaks[max(SIZES)]:.0f} MB"]
    print(
        f"Target, comparing and writing within {MOST_RATIO:g} × raw, {MOST_SECONDS:g} s of compute,"
        f" {MOST_MEGABYTES:g} MB: {'missed: ' + ', '.join(misses) if misses else 'met'}"
    )


def _installation(url: str, listings: int) -> dict[str, str]:
    env = settings_for(fresh_database(OWN_DATABASE), DJANGO_SETTINGS_MODULE="config.settings")
    manage(env, "migrate", "--verbosity", "0")
    code = _CONNECT.format(channels=CHANNELS, url=url)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)
    with psycopg.connect(env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(_FILL.format(listings=listings).encode())
    return env


def _ours(env: dict[str, str], listings: int) -> dict[str, float]:
    with psycopg.connect(env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("TRUNCATE reconciliation_shownquantity, reconciliation_differingquantity")
        connection.execute("DELETE FROM reconciliation_finding")
        connection.execute("DELETE FROM reconciliation_run")
    command = [sys.executable, "-m", "bench.reconcile_evenkeel"]
    answer = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    measured: dict[str, float] = json.loads(answer)
    assert measured["read"] == CHANNELS * listings
    assert measured["suspected"] == CHANNELS * (listings // DIFFERS_EVERY)
    return measured


def _raw(url: str, listings: int) -> tuple[float, float]:
    """Return the seconds that COPY into a bare table and one join take for all channels: on the clock, of processor."""
    rows = [(f"p{1000000 + n}", 102 if n % DIFFERS_EVERY == 0 else 100) for n in range(1, listings + 1)]
    seconds = 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        processor = Processor(connection.info.backend_pid)
        for (channel_id,) in connection.execute("SELECT id FROM channels_channel ORDER BY id").fetchall():
            connection.execute("CREATE TABLE bench_shown (ref text, quantity bigint)")
            began = time.perf_counter()
            with processor.counting():
                with connection.cursor().copy("COPY bench_shown (ref, quantity) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                found = connection.execute(
                    "SELECT l.id FROM channels_listing l JOIN bench_shown s ON s.ref = l.ref"
                    " WHERE l.channel_id = %s AND s.quantity <> l.accounted",
                    [channel_id],
                ).fetchall()
            seconds += time.perf_counter() - began
            connection.execute("DROP TABLE bench_shown")
            assert len(found) == listings // DIFFERS_EVERY
    return seconds, processor.spent


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"
