"""What only a Shopify shop offers on the page of faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.page import Element, button, element, field, form, hidden

if TYPE_CHECKING:
    from sandbox.shopify.simulator import ShopifySimulator


def app_section() -> Element:
    """The app's tokens and subscriptions."""
    return element(
        "section",
        element("h2", "The app"),
        element(
            "p",
            "A dead token answers 401 until another is made. Uninstalling also sends app/uninstalled.",
            class_="muted",
        ),
        element(
            "div",
            form("/token/expire", button("Expire every token", data_expire=True)),
            form("/token/renew", hidden("same", "yes"), button("Revive the first token", data_revive=True)),
            form("/token/renew", button("Issue a new token", data_renew=True)),
            form("/subscriptions/drop", button("Drop all subscriptions", data_drop_subscriptions=True)),
            form("/app/uninstall", button("Uninstall the app", class_="danger", data_uninstall=True)),
            form("/app/install", button("Install the app", data_install=True)),
            class_="row actions",
        ),
        class_="card",
    )


def limit_section(simulator: ShopifySimulator) -> Element:
    """The bucket of points."""
    bucket = simulator.api.bucket
    return element(
        "section",
        element("h2", "Points"),
        form(
            "/rate-limit",
            element("label", "Bucket", field("points", f"{bucket.size:g}", type="number", min=1, max=100000)),
            element("label", "Per second", field("per second", f"{bucket.rate:g}", type="number", min=1, max=100000)),
            button("Set"),
            class_="switch",
        ),
        class_="card",
    )
