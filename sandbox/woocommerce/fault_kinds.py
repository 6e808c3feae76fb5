"""The faults a simulated WooCommerce store offers."""

from __future__ import annotations

from sandbox.faults import FaultKind

FAULT_KINDS = [
    FaultKind("webhook_delay", "Delay a webhook", "It is sent late by this many seconds.", "Webhooks", 5.0),
    FaultKind("webhook_drop", "Drop a webhook", "It is never sent, as if lost.", "Webhooks"),
    FaultKind("webhook_duplicate", "Send a webhook twice", "The same delivery arrives again.", "Webhooks"),
    FaultKind(
        "webhook_reorder",
        "Reorder webhooks",
        "The next one overtakes it; alone it waits this many seconds.",
        "Webhooks",
        2.0,
    ),
    FaultKind("error_before", "500 before applying", "A write fails and changes nothing.", "Writes"),
    FaultKind("error_after", "504 after applying", "A write is applied, yet the gateway answers 504.", "Writes"),
    FaultKind(
        "timeout_after",
        "Time out after applying",
        "A write is applied; the connection is held and closed without an answer.",
        "Writes",
        15.0,
    ),
    FaultKind("item_error", "One item fails", "An item of a batch is refused, the others go on.", "Writes"),
    FaultKind("not_updated", "200 and nothing changes", "A stock write is ignored politely.", "Writes"),
    FaultKind("sale_between", "A sale between", "Somebody buys one right after a reading of quantities.", "Writes"),
    FaultKind("error_reads", "500 on a read", "A read fails.", "Answers"),
    FaultKind("html", "HTML with 200", "A maintenance page instead of JSON; nothing is applied.", "Answers"),
    FaultKind("firewall", "403 with HTML", "A security plugin takes us for a robot; nothing is applied.", "Answers"),
    FaultKind("empty", "Empty body with 200", "Nothing where JSON belongs; nothing is applied.", "Answers"),
    FaultKind("rate_limited", "429 with Retry-After", "The host asks to wait this many seconds.", "Answers", 2.0),
    FaultKind("slow", "Slow answer", "The answer comes this many seconds late.", "Answers", 3.0),
    FaultKind(
        "shift_page",
        "Shift a page while it is read",
        "A product appears or vanishes at the front between two pages.",
        "Catalogue",
    ),
]
