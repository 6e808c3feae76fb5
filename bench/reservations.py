"""Reservations per second on PostgreSQL: ours, the same statement in raw psycopg, and django-oscar's ``allocate``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg

from bench.clients import Result
from bench.environment import OWN_DATABASE, PEER_DATABASE, ROOT, fresh_database, manage, settings_for

SKUS = 10_000
SECONDS = 3.0
ROUNDS = 2  # the contestants take turns, so that a busy moment of the machine meets all of them
WORKERS = (1, 8, 64)
PEER_PYTHON = ROOT / "bench" / "oscar" / ".venv" / "bin" / "python"
TARGET = 2.0  # of oscar, with 8 workers

_FILL = f"""
INSERT INTO inventory_warehouse (code, name, priority, kept_by, is_shop, hold_back, is_sandbox, created_at)
  VALUES ('MAIN', 'Main', 1, '', FALSE, 0, FALSE, now());
INSERT INTO inventory_sku (code, match_key, name, barcode, is_bundle, is_sandbox, created_at)
  SELECT 'BENCH-' || n, 'bench' || n, 'Shirt ' || n, '', FALSE, FALSE, now() FROM generate_series(1, {SKUS}) n;
INSERT INTO inventory_stocklevel (sku_id, warehouse_id, on_hand, reserved, unsellable)
  SELECT s.id, w.id, 1000000000, 0, 0 FROM inventory_sku s, inventory_warehouse w;
INSERT INTO inventory_movement (key, sku_id, warehouse_id, kind, on_hand_delta, reserved_delta, unsellable_delta,
    on_hand_after, reserved_after, unsellable_after, reason, actor, occurred_at, recorded_at)
  SELECT 'opening:' || id, sku_id, warehouse_id, 'receipt', on_hand, 0, 0, on_hand, 0, 0, '', 'bench', now(), now()
  FROM inventory_stocklevel;
ANALYZE;
"""  # noqa: S608 - made of constants


def run() -> None:
    own = settings_for(fresh_database(OWN_DATABASE), DJANGO_SETTINGS_MODULE="config.settings")
    manage(own, "migrate", "--verbosity", "0")
    with psycopg.connect(own["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(_FILL.encode())
    peer = settings_for(fresh_database(PEER_DATABASE), DJANGO_SETTINGS_MODULE="bench.oscar.settings")
    _client(PEER_PYTHON, "bench.oscar.allocate", peer, "fill")

    print(f"Reservations per second, one unit each, {ROUNDS} × {SECONDS:g} s per figure; processes as clients")
    print(f"{'':>20} {'reserve':>10} {'raw psycopg':>12} {'oscar':>10} {'of raw':>8} {'of oscar':>9}")
    misses = []
    for shape, words in (("spread", f"{SKUS:,} SKUs"), ("hot", "one hot SKU")):
        for workers in WORKERS:
            load = ["--workers", str(workers), "--shape", shape, "--seconds", str(SECONDS)]
            rounds = [
                (
                    _rate(Path(sys.executable), "bench.reserve_evenkeel", own, load),
                    _rate(Path(sys.executable), "bench.reserve_raw", own, load),
                    _rate(PEER_PYTHON, "bench.oscar.allocate", peer, load),
                )
                for _ in range(ROUNDS)
            ]
            ours, raw, oscar = (sum(rates) / ROUNDS for rates in zip(*rounds, strict=True))
            label = f"{words}, {workers:>2}"
            print(f"{label:>20} {ours:>10,.0f} {raw:>12,.0f} {oscar:>10,.0f} {ours / raw:>8.2f} {ours / oscar:>9.2f}")
            if workers == 8 and ours < TARGET * oscar:
                misses.append(label)
    print(manage(own, "verify_ledger").strip())
    print(f"Target, {TARGET:g} × oscar with 8 workers: {'missed for ' + '; '.join(misses) if misses else 'met'}")


def _rate(python: Path, module: str, env: dict[str, str], load: list[str]) -> float:
    return Result(**json.loads(_client(python, module, env, *load))).per_second


def _client(python: Path, module: str, env: dict[str, str], *arguments: str) -> str:
    command = [str(python), "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
