"""What only a WooCommerce store offers on the page of faults: its keys, and how its site behaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.page import Element, button, element, form

if TYPE_CHECKING:
    from sandbox.woocommerce.simulator import WooCommerceSimulator

SWITCHES = (
    ("manage_stock", "Stock management is on for the whole store"),
    ("decimal_stock", "A plugin counts stock in fractions"),
    ("believes_http", "PHP is not told that the site has https"),
    ("strips_authorization", "The server drops the Authorization header"),
    ("refuses_put", "A firewall refuses PUT"),
    ("restores_on_failed", "A failed order gives its units back (since 11.0)"),
)


def key_section() -> Element:
    return element(
        "section",
        element("h2", "API keys"),
        element("p", "A revoked key looks like none at all: 401, and nobody is told.", class_="muted"),
        element(
            "div",
            form("/keys/revoke", button("Revoke every key", class_="danger", data_revoke=True)),
            form("/keys/revive", button("Revive the first key", data_revive=True)),
            class_="row actions",
        ),
        class_="card",
    )


def site_section(simulator: WooCommerceSimulator) -> Element:
    boxes = [
        element(
            "label",
            element("input", type="checkbox", name=name, value="yes", checked=bool(getattr(simulator.options, name))),
            f" {label}",
        )
        for name, label in SWITCHES
    ]
    return element(
        "section",
        element("h2", "The site"),
        form("/site", element("div", *boxes, class_="what"), button("Set", data_set_site=True), class_="switch"),
        class_="card",
    )
