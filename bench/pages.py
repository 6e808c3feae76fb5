"""Every page of the dashboard with 100,000 SKUs on four channels: its queries and its milliseconds."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TypedDict

from bench.environment import OWN_DATABASE, ROOT, fresh_database, manage, settings_for

SKUS, CHANNELS = 100_000, 4
MOST_MILLISECONDS = 200.0


class Measured(TypedDict):
    """One page: its address, its queries, and the medians of its milliseconds when warm: all, and of our process."""

    page: str
    status: int
    queries: int
    milliseconds: float
    busy: float
    bytes: int


def run(*, skus: int = SKUS) -> None:
    env = settings_for(fresh_database(OWN_DATABASE), DJANGO_SETTINGS_MODULE="config.settings")
    manage(env, "migrate", "--verbosity", "0")
    command = [sys.executable, "-m", "bench.pages_evenkeel", str(skus), str(CHANNELS)]
    answer = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    pages: list[Measured] = json.loads(answer)
    print(f"Pages with {skus:,} SKUs × {CHANNELS} channels on PostgreSQL, warm, in one process: median of 5.")
    print(f"{'queries':>7} {'ms':>7} {'busy':>6} {'kB':>6}  page")
    for page in pages:
        mark = "" if page["milliseconds"] <= MOST_MILLISECONDS else "  over"
        failed = "" if page["status"] == 200 else f"  status {page['status']}"
        figures = f"{page['queries']:>7} {page['milliseconds']:>7.0f} {page['busy']:>6.0f} {page['bytes'] / 1000:>6.0f}"
        print(f"{figures}  {page['page']}{mark}{failed}")
    slow = [page["page"] for page in pages if page["milliseconds"] > MOST_MILLISECONDS or page["status"] != 200]
    verdict = f"missed by {len(slow)} of {len(pages)}: {', '.join(slow)}" if slow else f"met by all {len(pages)}"
    print(f"Target, {MOST_MILLISECONDS:g} ms a page: {verdict}")
