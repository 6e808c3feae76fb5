"""``make bench``: every benchmark, or those named: ``.venv/bin/python -m bench reservations``."""

from __future__ import annotations

import os
import sys
from importlib import import_module

NAMES = ("reservations", "ingress", "latency", "memory", "reconciliation", "reconcile_scale", "pages")


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
    load = f"{os.getloadavg()[0]:.1f}"
    print(f"{os.cpu_count()} cores, load {load} before the start: read the ratios, not the figures.\n")
    for name in names or NAMES:
        import_module(f"bench.{name}").run()
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
