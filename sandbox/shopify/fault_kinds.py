"""The faults a simulated Shopify store offers."""

from __future__ import annotations

from sandbox.faults import FaultKind

FAULT_KINDS = [
    FaultKind("webhook_delay", "Delay a webhook", "It is sent late by this many seconds.", "Webhooks", 5.0),
    FaultKind("webhook_drop", "Drop a webhook", "It is never sent, as if lost.", "Webhooks"),
    FaultKind("webhook_duplicate", "Send a webhook twice", "The same webhook id arrives again.", "Webhooks"),
    FaultKind(
        "webhook_reorder",
        "Reorder webhooks",
        "The next one overtakes it; alone it waits this many seconds.",
        "Webhooks",
        2.0,
    ),
    FaultKind("error_before", "500 before applying", "A mutation fails and changes nothing.", "Writes"),
    FaultKind("error_after", "500 after applying", "A mutation is applied, yet answered with 500.", "Writes"),
    FaultKind("internal_before", "INTERNAL_SERVER_ERROR, not applied", "With HTTP 200 and data null.", "Writes"),
    FaultKind("internal_after", "INTERNAL_SERVER_ERROR, applied", "With HTTP 200 and data null.", "Writes"),
    FaultKind(
        "timeout_after",
        "Time out after applying",
        "A mutation is applied; the connection is held and closed without an answer.",
        "Writes",
        15.0,
    ),
    FaultKind("stale", "Stale compare", "The first entry of a set or adjust is said to have changed.", "Writes"),
    FaultKind("error_reads", "500 on a query", "A query fails.", "Answers"),
    FaultKind("html", "HTML with 200", "A maintenance page instead of JSON; nothing is applied.", "Answers"),
    FaultKind("empty", "Empty body with 200", "Nothing where JSON belongs; nothing is applied.", "Answers"),
    FaultKind("plan_402", "402 frozen", "The shop has not paid its bill.", "Answers"),
    FaultKind("rate_limited", "429 with Retry-After", "Too many calls; wait this many seconds.", "Answers", 2.0),
    FaultKind("throttled", "THROTTLED", "HTTP 200 without data: the points are used up.", "Answers"),
    FaultKind("slow", "Slow answer", "The answer comes this many seconds late.", "Answers", 3.0),
]
