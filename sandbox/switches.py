"""The webhook log and the fault switches, as every simulated store shows them."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.faults import FaultKind, Faults, FaultSetting
from sandbox.frame import Frame, Note, clock_text, pill
from sandbox.page import Element, Part, button, element, field, form, hidden
from sandbox.webhooks import Delivery

SHOWN_DELIVERIES = 100
_STATE_KIND = {"delivered": "good", "pending": "warn", "gave_up": "bad", "dropped": "off", "unsent": "off"}


def webhooks_page(
    frame: Frame,
    deliveries: Sequence[Delivery],
    query: dict[str, str],
    note: Note,
    *,
    where: str,
    title: str = "Webhooks",
) -> str:
    """The newest deliveries, with each try's answer and a button to send again; ``where`` says where they go."""
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
        table = element("p", "Nothing has been sent yet.", class_="card empty")
    waiting = sum(each.state == "pending" for each in deliveries)
    return frame.page(
        path="/webhooks",
        title=title,
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


def faults_page(frame: Frame, query: dict[str, str], note: Note, *sections: Part) -> str:
    """Every switch, grouped, then the platform's own ``sections``, then what turns them off."""
    off = element(
        "section",
        element("h2", "Start again"),
        element(
            "div",
            form("/faults/clear", button("Turn all faults off", data_clear_faults=True)),
            form("/reset", button("Reset the store", class_="danger", data_reset=True)),
            class_="row actions",
        ),
        class_="card",
    )
    return frame.page(
        path="/faults",
        title="Faults",
        lead="Make the store misbehave: for certain the next so many times, or by chance. They combine.",
        query=query,
        note=note,
        body=[*_groups(frame.faults), *sections, off],
    )


def _groups(faults: Faults) -> list[Part]:
    groups: dict[str, list[FaultKind]] = {}
    for kind in faults.kinds.values():
        groups.setdefault(kind.group, []).append(kind)
    return [
        element(
            "section",
            element("h2", group),
            *(_switch(kind, faults.get(kind.name), faults.struck[kind.name]) for kind in kinds),
            class_="card",
        )
        for group, kinds in groups.items()
    ]


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
