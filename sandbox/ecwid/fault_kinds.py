"""The faults a simulated Ecwid store offers."""

from __future__ import annotations

from sandbox.faults import FaultKind

FAULT_KINDS = [
    FaultKind("webhook_delay", "Delay a webhook", "It is sent late by this many seconds.", "Webhooks", 5.0),
    FaultKind("webhook_drop", "Drop a webhook", "It is never sent, as if lost.", "Webhooks"),
    FaultKind("webhook_duplicate", "Send a webhook twice", "The same event id arrives again.", "Webhooks"),
    FaultKind(
        "webhook_reorder",
        "Reorder webhooks",
        "The next event overtakes it; alone it waits this many seconds.",
        "Webhooks",
        2.0,
    ),
    FaultKind("error_before", "500 before applying", "A write fails and changes nothing.", "Writes"),
    FaultKind("error_after", "500 after applying", "A write is applied, yet answered with 500.", "Writes"),
    FaultKind(
        "timeout_after",
        "Time out after applying",
        "A write is applied; the connection is held and closed without an answer.",
        "Writes",
        15.0,
    ),
    FaultKind("not_updated", "200 with updateCount 0", "A stock write is ignored politely.", "Writes"),
    FaultKind("error_reads", "500 on a read", "A read fails.", "Answers"),
    FaultKind("html", "HTML with 200", "A maintenance page instead of JSON; nothing is applied.", "Answers"),
    FaultKind("empty", "Empty body with 200", "Nothing where JSON belongs; nothing is applied.", "Answers"),
    FaultKind("plan_402", "402 plan", "The API is not on the store's plan.", "Answers"),
    FaultKind("rate_limited", "429 with Retry-After", "Too many calls; wait this many seconds.", "Answers", 2.0),
    FaultKind("slow", "Slow answer", "The answer comes this many seconds late.", "Answers", 3.0),
    FaultKind(
        "shift_page",
        "Shift a page while it is read",
        "A product appears or vanishes at the front between two pages.",
        "Catalogue",
    ),
]
