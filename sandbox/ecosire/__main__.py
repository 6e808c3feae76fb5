"""``python -m sandbox.ecosire``: run one simulated ECOSIRE account until interrupted."""

from __future__ import annotations

import argparse
import sys

from sandbox.command_line import run
from sandbox.ecosire.account import Ecosire


def main() -> int:
    """Return 0 after SIGINT or SIGTERM, 1 when the account could not start."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.ecosire", description="Run a simulated ECOSIRE account.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8131, help="0 takes a free port")
    parser.add_argument("--token", default="eco_live_sandbox")
    parser.add_argument("--webhook-secret", default="eco_secret")
    parser.add_argument("--webhook-url", default="")
    parser.add_argument("--rate-limit", type=int, default=60, help="calls a minute")
    arguments = parser.parse_args()
    return run(
        lambda: Ecosire(
            token=arguments.token,
            webhook_secret=arguments.webhook_secret,
            webhook_url=arguments.webhook_url,
            rate_limit=arguments.rate_limit,
            host=arguments.host,
            port=arguments.port,
        ),
        catalogue="",
    )


if __name__ == "__main__":
    sys.exit(main())
