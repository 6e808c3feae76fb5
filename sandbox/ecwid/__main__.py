"""``python -m sandbox.ecwid``: run one simulated Ecwid store until interrupted."""

from __future__ import annotations

import argparse
import sys

from sandbox import catalogue
from sandbox.command_line import options_of, run
from sandbox.ecwid.options import Options
from sandbox.ecwid.simulator import EcwidSimulator


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.ecwid", description="Run a simulated Ecwid store.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8101, help="0 takes a free port")
    parser.add_argument("--store-id", type=int, default=1003)
    parser.add_argument("--name", default="", help="the store's name; otherwise the catalogue's")
    parser.add_argument("--token", default="secret_sandbox", help="the custom app's access token")
    parser.add_argument("--client-id", default="")
    parser.add_argument("--client-secret", default="sandbox_client_secret", help="signs the webhooks")
    parser.add_argument("--webhook-url", default="", help="where webhooks go; none when empty")
    parser.add_argument("--catalogue", default="empty", help="demo-a, demo-b, empty, or a JSON file")
    parser.add_argument("--time-scale", type=float, default=1.0, help="0.001 makes 15 minutes 0.9 seconds")
    parser.add_argument("--rate-limit", type=int, default=600, help="calls a minute for each token")
    parser.add_argument("--search-lag", type=float, default=0.0, help="seconds that product search lags behind")
    parser.add_argument("--auto-consent", action="store_true", help="skip the OAuth consent page")
    parser.add_argument("--options", default="{}", help="further fields of sandbox.ecwid.Options as JSON")
    return parser.parse_args()


def _store(arguments: argparse.Namespace) -> EcwidSimulator:
    own = {"time_scale", "rate_limit", "search_lag_seconds", "auto_consent"}
    return EcwidSimulator(
        store_id=arguments.store_id,
        name=arguments.name,
        token=arguments.token,
        client_id=arguments.client_id,
        client_secret=arguments.client_secret,
        webhook_url=arguments.webhook_url,
        catalogue=catalogue.store(arguments.catalogue),
        host=arguments.host,
        port=arguments.port,
        time_scale=arguments.time_scale,
        rate_limit=arguments.rate_limit,
        search_lag_seconds=arguments.search_lag,
        auto_consent=arguments.auto_consent,
        **options_of(arguments.options, Options, without=own),
    )


def main() -> int:
    """Return 0 after SIGINT or SIGTERM, 1 when the store could not start."""
    arguments = _arguments()
    return run(lambda: _store(arguments), catalogue=arguments.catalogue)


if __name__ == "__main__":
    sys.exit(main())
