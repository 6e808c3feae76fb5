"""``python -m sandbox.inventree``: run one simulated InvenTree server until interrupted."""

from __future__ import annotations

import argparse
import sys

from sandbox.command_line import run
from sandbox.inventree.server import InvenTree


def main() -> int:
    """Return 0 after SIGINT or SIGTERM, 1 when the server could not start."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.inventree", description="Run a simulated InvenTree.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8121, help="0 takes a free port")
    parser.add_argument("--name", default="InvenTree")
    parser.add_argument("--recorded", action="store_true", help="with the data that was recorded")
    arguments = parser.parse_args()
    return run(
        lambda: InvenTree(name=arguments.name, filled=arguments.recorded, host=arguments.host, port=arguments.port),
        catalogue="",
    )


if __name__ == "__main__":
    sys.exit(main())
