"""``python -m sandbox.woocommerce``: run one simulated WooCommerce store until interrupted."""

from __future__ import annotations

import argparse
import sys

from sandbox import catalogue
from sandbox.command_line import options_of, run
from sandbox.woocommerce.options import Options
from sandbox.woocommerce.simulator import WooCommerceSimulator


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.woocommerce", description="Run a simulated WooCommerce store."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8103, help="0 takes a free port")
    parser.add_argument("--home", default="", help="the address the site believes to have; else where it listens")
    parser.add_argument("--name", default="", help="the store's name; otherwise the catalogue's")
    parser.add_argument("--consumer-key", default="", help="the first API key; a new one when empty")
    parser.add_argument("--consumer-secret", default="")
    parser.add_argument("--catalogue", default="empty", help="demo-a, demo-b, empty, or a JSON file")
    parser.add_argument("--cron-seconds", type=float, default=0.0, help="how long webhooks wait for WP-Cron")
    parser.add_argument("--time-scale", type=float, default=1.0, help="multiplies that wait")
    parser.add_argument("--tls-chain", default="", help="file of a certificate chain: the store then speaks HTTPS")
    parser.add_argument("--tls-key", default="", help="file of the certificate's key")
    parser.add_argument("--options", default="{}", help="further fields of sandbox.woocommerce.Options as JSON")
    return parser.parse_args()


def _store(arguments: argparse.Namespace) -> WooCommerceSimulator:
    return WooCommerceSimulator(
        name=arguments.name,
        consumer_key=arguments.consumer_key,
        consumer_secret=arguments.consumer_secret,
        catalogue=catalogue.store(arguments.catalogue),
        host=arguments.host,
        port=arguments.port,
        certificate=(arguments.tls_chain, arguments.tls_key) if arguments.tls_chain else None,
        home=arguments.home,
        cron_seconds=arguments.cron_seconds,
        time_scale=arguments.time_scale,
        **options_of(arguments.options, Options, without={"home", "cron_seconds", "time_scale"}),
    )


def main() -> int:
    """Return 0 after SIGINT or SIGTERM, 1 when the store could not start."""
    arguments = _arguments()
    return run(lambda: _store(arguments), catalogue=arguments.catalogue)


if __name__ == "__main__":
    sys.exit(main())
