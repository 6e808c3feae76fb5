"""``python -m sandbox.shopify``: run one simulated Shopify shop until interrupted."""

from __future__ import annotations

import argparse
import sys

from sandbox import catalogue
from sandbox.command_line import options_of, run
from sandbox.shopify.options import Options
from sandbox.shopify.simulator import ShopifySimulator


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.shopify", description="Run a simulated Shopify shop.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8103, help="0 takes a free port")
    parser.add_argument("--domain", default="north-ridge.myshopify.com", help="the shop's myshopify.com domain")
    parser.add_argument("--name", default="", help="the shop's name; otherwise the catalogue's")
    parser.add_argument("--token", default="shpat_sandbox", help="an access token that does not expire")
    parser.add_argument("--client-id", default="sandbox-client-id")
    parser.add_argument("--client-secret", default="sandbox_client_secret", help="signs the webhooks")
    parser.add_argument("--catalogue", default="empty", help="demo-a, demo-b, empty, or a JSON file")
    parser.add_argument("--time-scale", type=float, default=1.0, help="0.001 makes 15 minutes 0.9 seconds")
    parser.add_argument("--auto-consent", action="store_true", help="skip the OAuth consent page")
    parser.add_argument("--options", default="{}", help="further fields of sandbox.shopify.Options as JSON")
    return parser.parse_args()


def _shop(arguments: argparse.Namespace) -> ShopifySimulator:
    return ShopifySimulator(
        domain=arguments.domain,
        name=arguments.name,
        token=arguments.token,
        client_id=arguments.client_id,
        client_secret=arguments.client_secret,
        catalogue=catalogue.store(arguments.catalogue),
        host=arguments.host,
        port=arguments.port,
        time_scale=arguments.time_scale,
        auto_consent=arguments.auto_consent,
        **options_of(arguments.options, Options, without={"time_scale", "auto_consent"}),
    )


def main() -> int:
    """Return 0 after SIGINT or SIGTERM, 1 when the shop could not start."""
    arguments = _arguments()
    return run(lambda: _shop(arguments), catalogue=arguments.catalogue)


if __name__ == "__main__":
    sys.exit(main())
