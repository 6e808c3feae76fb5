"""The webhook log and the fault switches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.ecwid.views_frame import Note, clock_text, frame, pill
from sandbox.faults import FaultKind, FaultSetting
from sandbox.page import Element, Part, button, element, field, form, hidden
from sandbox.webhooks import Delivery

if TYPE_CHECKING:
    from sandbox.ecwid.simulator import EcwidSimulator

SHOWN_DELIVERIES = 100
_STATE_KIND = {"delivered": "good", "pending": "warn", "gave_up": "bad", "dropped": "off", "unsent": "off"}


def webhooks_page(simulator: EcwidSimulator, query: dict[str, str], note: Note) -> str:
    """The newest deliveries, with each try's answer and a button to send again."""
    deliveries = simulator.deliveries
    newest = list(reversed(deliveries[-SHOWN_DELIVERIES:]))
    head = element(
        "tr",
        *(element("th", text, scope="col") for text in ("Created", "Event", "Entity", "State", "Answers", "Action")),
    )
    table: Part = element(
        "div",
        element("table", element("thead", head), element("tbody", *(_delivery(each) for each in newest))),
        class_="card scroll",
        # A scrolling box must be reachable by keyboard.
        tabindex=0,
        role="region",
        aria_label="Webhook deliveries",
    )
    if not newest:
        table = element("p", "No webhook has been sent yet.", class_="card empty")
    waiting = sum(each.state == "pending" for each in deliveries)
    where = simulator.webhooks.url or "nowhere: no webhook address is set"
    return frame(
        simulator,
        path="/webhooks",
        title="Webhooks",
        lead=f"{len(deliveries)} events, {waiting} on their way, sent to {where}.",
        query=query,
        note=note,
        body=[table],
    )


def _delivery(delivery: Delivery) -> Element:
    answers = [str(each.status) if each.status is not None else each.error.split(":")[0] for each in delivery.attempts]
    shown = ", ".join(answers[-6:]) or "–"
    if delivery.next_attempt_at and delivery.state == "pending":
        shown += f" · next {clock_text(delivery.next_attempt_at)}"
    return element(
        "tr",
        element("td", clock_text(delivery.created_at), class_="nowrap"),
        element("td", element("code", delivery.event_type)),
        element("td", delivery.entity_id),
        element(
            "td",
            pill(delivery.state.replace("_", " "), _STATE_KIND[delivery.state]),
            *(pill(name.removeprefix("webhook_"), "info") for name in delivery.faults),
        ),
        element("td", shown),
        element("td", form(f"/webhooks/{delivery.id}/redeliver", button("Send again", data_redeliver=delivery.id))),
        data_delivery=delivery.id,
        data_event=delivery.event_type,
        data_state=delivery.state,
    )


def faults_page(simulator: EcwidSimulator, query: dict[str, str], note: Note) -> str:
    """Every switch, grouped, then the token and the reset."""
    groups: dict[str, list[FaultKind]] = {}
    for kind in simulator.faults.kinds.values():
        groups.setdefault(kind.group, []).append(kind)
    sections: list[Part] = [
        element(
            "section",
            element("h2", group),
            *(_switch(kind, simulator.faults.get(kind.name), simulator.faults.struck[kind.name]) for kind in kinds),
            class_="card",
        )
        for group, kinds in groups.items()
    ]
    return frame(
        simulator,
        path="/faults",
        title="Faults",
        lead="Make the store misbehave: for certain the next so many times, or by chance. They combine.",
        query=query,
        note=note,
        body=[*sections, _token_section(simulator), _store_section(simulator)],
    )


def _switch(kind: FaultKind, setting: FaultSetting, struck: int) -> Element:
    seconds = element(
        "label",
        "Seconds",
        field("seconds", f"{setting.seconds:g}", type="number", min=0, max=86400, step="any", required=True),
    )
    return form(
        "/faults",
        hidden("name", kind.name),
        element(
            "div",
            element("strong", kind.label),
            pill("armed", "warn") if setting.armed else None,
            element("p", f"{kind.help} Struck {struck} times." if struck else kind.help, class_="muted"),
            class_="what",
        ),
        element("label", "Next times", field("next", setting.next, type="number", min=0, max=100000, required=True)),
        element(
            "label",
            "Chance, %",
            field(
                "percent", f"{setting.probability * 100:g}", type="number", min=0, max=100, step="any", required=True
            ),
        ),
        seconds if kind.seconds else None,
        button("Set", aria_label=f"Set: {kind.label}", data_set_fault=kind.name),
        class_="switch",
        data_fault=kind.name,
    )


def _token_section(simulator: EcwidSimulator) -> Element:
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


def _store_section(simulator: EcwidSimulator) -> Element:
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
        element(
            "div",
            form("/faults/clear", button("Turn all faults off", data_clear_faults=True)),
            form("/reset", button("Reset the store", class_="danger", data_reset=True)),
            class_="row actions",
        ),
        class_="card",
    )
