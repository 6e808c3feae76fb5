"""``python -m sandbox.amazon``: run one simulated Amazon seller account until interrupted."""

from __future__ import annotations

import argparse
import sys

from sandbox import catalogue
from sandbox.amazon.options import Options
from sandbox.amazon.simulator import AmazonSimulator
from sandbox.command_line import options_of, run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.amazon", description="Run a simulated Amazon seller account."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8104, help="0 takes a free port")
    parser.add_argument("--seller-id", default="A3TH9S8BH6GOGM")
    parser.add_argument("--name", default="", help="the seller's name; otherwise the catalogue's")
    parser.add_argument("--client-id", default="amzn1.application-oa2-client.sandbox", help="of the app")
    parser.add_argument("--client-secret", default="amzn1.oa2-cs.v1.sandbox", help="of the app")
    parser.add_argument("--refresh-token", default="Atzr|sandbox", help="the seller's authorisation")
    parser.add_argument("--queue", default="evenkeel", help="name of the simulator's own queue")
    parser.add_argument("--catalogue", default="empty", help="demo-a, demo-b, empty, or a JSON file")
    parser.add_argument(
        "--held", action="append", default=[], metavar="SKU=UNITS", help="lies in Amazon's warehouses; may be repeated"
    )
    parser.add_argument("--accept-seconds", type=float, default=60.0, help="until an accepted change is live")
    parser.add_argument("--pending-seconds", type=float, default=1800.0, help="until an order is paid")
    parser.add_argument("--orders-told-after", type=float, default=120.0, help="seconds until an order is listed")
    parser.add_argument("--quota-scale", type=float, default=1.0, help="multiplies the documented quotas")
    parser.add_argument("--options", default="{}", help="further fields of sandbox.amazon.options.Options as JSON")
    return parser.parse_args()


def _account(arguments: argparse.Namespace) -> AmazonSimulator:
    own = {"accept_seconds", "pending_seconds", "orders_told_after", "quota_scale"}
    return AmazonSimulator(
        seller_id=arguments.seller_id,
        name=arguments.name,
        client_id=arguments.client_id,
        client_secret=arguments.client_secret,
        refresh_token=arguments.refresh_token,
        queue_name=arguments.queue,
        catalogue=catalogue.store(arguments.catalogue),
        held={sku: int(units) for sku, _, units in (each.partition("=") for each in arguments.held)},
        host=arguments.host,
        port=arguments.port,
        accept_seconds=arguments.accept_seconds,
        pending_seconds=arguments.pending_seconds,
        orders_told_after=arguments.orders_told_after,
        quota_scale=arguments.quota_scale,
        **options_of(arguments.options, Options, without=own),
    )


def main() -> int:
    """Return 0 after SIGINT or SIGTERM, 1 when the account could not start."""
    arguments = _arguments()
    return run(lambda: _account(arguments), catalogue=arguments.catalogue)


if __name__ == "__main__":
    sys.exit(main())
