"""Every page of the dashboard with 100,000 SKUs on four channels: its queries and its milliseconds.

``BENCH_KEEP=1`` leaves the filled database for the next run, which then fills none.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import TypedDict

from bench.environment import OWN_DATABASE, ROOT, fresh_database, kept_database, manage, settings_for

SKUS, CHANNELS = 100_000, 4
MOST_MILLISECONDS = 200.0
DATABASE = f"{OWN_DATABASE}_pages"
KEY = base64.urlsafe_b64encode(b"benchmark" * 3 + b"bench").decode()  # the same for a database that was left


class Measured(TypedDict):
    """One page when warm: its queries, and the milliseconds that it took in all, in our process and in the database."""

    page: str
    status: int
    queries: int
    median: float
    p95: float
    own: float
    database: float
    kilobytes: float


def run(*, skus: int = SKUS) -> None:
    url = kept_database(DATABASE) if os.environ.get("BENCH_KEEP") else None
    env = settings_for(
        url or fresh_database(DATABASE), DJANGO_SETTINGS_MODULE="config.settings", EVENKEEL_ENCRYPTION_KEY=KEY
    )
    manage(env, "migrate", "--verbosity", "0")
    command = [sys.executable, "-m", "bench.pages_evenkeel", str(skus), str(CHANNELS)]
    answer = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    pages: list[Measured] = json.loads(answer)
    print(f"Pages with {skus:,} SKUs × {CHANNELS} channels on PostgreSQL, warm, in one process. Milliseconds.")
    print("own: processor time of our process. database: time in queries, of the median round.\n")
    print("| Page | Queries | Median | p95 | Own | Database |")
    print("|---|--:|--:|--:|--:|--:|")
    for page in pages:
        figures = " | ".join(f"{page[name]:.0f}" for name in ("median", "p95", "own", "database"))
        failed = "" if page["status"] == 200 else f" (status {page['status']})"
        print(f"| `{page['page']}`{failed} | {page['queries']} | {figures} |")
    slow = [page["page"] for page in pages if page["median"] > MOST_MILLISECONDS or page["status"] != 200]
    verdict = f"missed by {len(slow)} of {len(pages)}: {', '.join(slow)}" if slow else f"met by all {len(pages)}"
    print(f"\nTarget, {MOST_MILLISECONDS:g} ms a page: {verdict}")
