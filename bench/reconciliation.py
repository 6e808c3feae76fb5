"""What nights find of what was done to 2,000 listings × 4 simulated stores under live sales, and how quiet they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench.environment import OWN_DATABASE, ROOT, fresh_database, manage, settings_for

NIGHTS = int(os.environ.get("BENCH_NIGHTS", "50"))  # without drift
FOUND, FALSE, RIGHT = 0.95, 0.01, 0.90


def run() -> None:
    env = settings_for(fresh_database(OWN_DATABASE), DJANGO_SETTINGS_MODULE="config.settings", LOG_LEVEL="ERROR")
    manage(env, "migrate", "--verbosity", "0")
    command = [sys.executable, "-m", "bench.reconcile_world", str(NIGHTS)]
    answer = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    said = json.loads(answer)
    print(
        f"{NIGHTS} nights without drift: {said['quiet_read']:,} readings, {said['quiet_suspected']:,} suspected and"
        f" looked at again, {said['quiet_flags']} flagged; {said['sales']:,} sales went on meanwhile,"
        f" {said['seconds_per_night']:.1f} s a night"
    )
    print(f"{'drift injected':<20} {'labels':>7} {'found':>7} {'right':>7}")
    for label, (labels, found, right) in said["by_label"].items():
        print(f"{label:<20} {labels:>7} {found:>7} {right:>7}")
    for words in (*(f"{what}: {n}" for what, n in said["wrong"].items()), *said["missed"], *said["falsely"]):
        print(f"    {words}")
    found, right = said["found"] / said["labels"], said["right"] / max(said["found"], 1)
    false = said["false"] / max(said["found"] + said["false"], 1)
    print(f"found {found:.1%}, false {false:.1%} of all flags, cause right {right:.1%}")
    misses = [
        *([] if found >= FOUND else ["found"]),
        *([] if false <= FALSE else ["false"]),
        *([] if right >= RIGHT else ["cause"]),
        *([] if said["quiet_flags"] == 0 else ["quiet nights"]),
    ]
    print(
        f"Target, {FOUND:.0%} found, {FALSE:.0%} false, {RIGHT:.0%} causes right, no flag in {NIGHTS} quiet nights:"
        f" {'missed: ' + ', '.join(misses) if misses else 'met'}"
    )
