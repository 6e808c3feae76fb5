"""``python -m sandbox.wms``: run one reference bridge until interrupted."""

from __future__ import annotations

import argparse
import sys

from sandbox.command_line import run
from sandbox.wms.bridge import Bridge


def _bridge(arguments: argparse.Namespace) -> Bridge:
    bridge = Bridge(
        name=arguments.name,
        token=arguments.token,
        events_url=arguments.events_url,
        secret=arguments.secret,
        clock_offset=arguments.clock_offset,
        time_scale=arguments.time_scale,
        host=arguments.host,
        port=arguments.port,
    )
    for location in arguments.location:
        ref, _, name = location.partition("=")
        bridge.add_location(ref, name)
    return bridge


def main() -> int:
    """Return 0 after SIGINT or SIGTERM, 1 when the bridge could not start."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.wms", description="Run a reference WMS bridge.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8111, help="0 takes a free port")
    parser.add_argument("--name", default="Quayside Logistics")
    parser.add_argument("--token", default="wms_sandbox", help="what callers must send as Bearer")
    parser.add_argument("--events-url", default="", help="where events go; none when empty")
    parser.add_argument("--secret", default="", help="signs the events: whsec_…")
    parser.add_argument("--location", action="append", default=[], help="REF=Name; may be given again")
    parser.add_argument("--clock-offset", type=float, default=0.0, help="seconds that its clock is ahead")
    parser.add_argument("--time-scale", type=float, default=1.0, help="multiplies the waits between retries")
    arguments = parser.parse_args()
    return run(lambda: _bridge(arguments), catalogue="")


if __name__ == "__main__":
    sys.exit(main())
