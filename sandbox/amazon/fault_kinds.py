"""What a simulated Amazon can do wrong."""

from __future__ import annotations

from sandbox.faults import FaultKind

FAULT_KINDS = [
    FaultKind("webhook_delay", "Delay a notification", "It comes late by this many seconds.", "Notifications", 5.0),
    FaultKind("webhook_drop", "Drop a notification", "It never reaches the queue.", "Notifications"),
    FaultKind("webhook_duplicate", "Send a notification twice", "The same id arrives again.", "Notifications"),
    FaultKind(
        "webhook_reorder",
        "Reorder notifications",
        "The next one overtakes it; alone it waits this many seconds.",
        "Notifications",
        2.0,
    ),
    FaultKind("error_before", "500 before applying", "A write fails and changes nothing.", "Writes"),
    FaultKind("error_after", "500 after applying", "A write is taken, yet answered with 500.", "Writes"),
    FaultKind(
        "timeout_after",
        "Time out after applying",
        "A write is taken; the connection is held and closed without an answer.",
        "Writes",
        15.0,
    ),
    FaultKind("invalid", "200 with INVALID", "A change of a listing is refused politely.", "Writes"),
    FaultKind("never_applied", "Accepted, never applied", "ACCEPTED, and nothing happens.", "Writes"),
    FaultKind(
        "slow_acceptance", "Late acceptance", "An accepted change is live this many seconds later.", "Writes", 60.0
    ),
    FaultKind("feed_fatal", "Feed ends FATAL", "Without a result document.", "Writes"),
    FaultKind("report_fatal", "Report ends FATAL", "Without a document.", "Answers"),
    FaultKind("error_reads", "500 on a read", "A read fails.", "Answers"),
    FaultKind("html", "HTML with 200", "A web page instead of JSON; nothing is applied.", "Answers"),
    FaultKind("empty", "Empty body with 200", "Nothing where JSON belongs; nothing is applied.", "Answers"),
    FaultKind("unauthorized", "403 Unauthorized", "As if a role were missing.", "Answers"),
    FaultKind("rate_limited", "429 QuotaExceeded", "As if all sellers of the app had used it up.", "Answers"),
    FaultKind("token_error", "500 for a token", "Login with Amazon fails.", "Answers"),
    FaultKind("slow", "Slow answer", "The answer comes this many seconds late.", "Answers", 3.0),
    FaultKind(
        "shift_page",
        "Shift a page while it is read",
        "A listing appears or vanishes at the front between two pages of a search.",
        "Catalogue",
    ),
]
