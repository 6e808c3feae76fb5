"""What only an Ecwid store offers on the page of faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.page import Element, button, element, field, form, hidden

if TYPE_CHECKING:
    from sandbox.ecwid.simulator import EcwidSimulator


def token_section(simulator: EcwidSimulator) -> Element:
    return element(
        "section",
        element("h2", "Access token"),
        element(
            "p",
            "A dead token answers 403 until it is renewed. Installing and uninstalling also send their events.",
            class_="muted",
        ),
        element(
            "div",
            form("/token/expire", button("Expire every token", data_expire=True)),
            form("/token/renew", hidden("same", "yes"), button("Revive the first token", data_revive=True)),
            form("/token/renew", button("Issue a new token", data_renew=True)),
            form("/app/uninstall", button("Uninstall the app", class_="danger", data_uninstall=True)),
            form("/app/install", button("Install the app", data_install=True)),
            class_="row actions",
        ),
        class_="card",
    )


def store_section(simulator: EcwidSimulator) -> Element:
    lag = form(
        "/search-lag",
        element(
            "label",
            "Product search lags by, seconds",
            field(
                "seconds",
                f"{simulator.options.search_lag_seconds:g}",
                type="number",
                min=0,
                max=3600,
                step="any",
                required=True,
            ),
        ),
        button("Set"),
        class_="switch",
    )
    return element(
        "section",
        element("h2", "Store"),
        lag,
        class_="card",
    )
