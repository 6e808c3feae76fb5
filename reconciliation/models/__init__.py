"""Reconciliation's tables: what runs read, what disagrees, what people decide about it, and the rules they set.

Data goes one way: Run → ShownQuantity → Finding → Discrepancy → Batch and verbs → ledger or channel.
"""

from __future__ import annotations

from reconciliation.models.decisions import Batch, BatchItem, CountTask
from reconciliation.models.discrepancy import Discrepancy, DiscrepancyNote
from reconciliation.models.drafts import LevelDraft
from reconciliation.models.people import DigestPreference, SavedView
from reconciliation.models.rules import ChannelRule, Schedule, Tolerance
from reconciliation.models.run import DifferingQuantity, Finding, Run, ShownQuantity, Suspicion
from reconciliation.words import Cause, Severity, Verb

__all__ = [
    "Batch",
    "BatchItem",
    "Cause",
    "ChannelRule",
    "CountTask",
    "DifferingQuantity",
    "DigestPreference",
    "Discrepancy",
    "DiscrepancyNote",
    "Finding",
    "LevelDraft",
    "Run",
    "SavedView",
    "Schedule",
    "Severity",
    "ShownQuantity",
    "Suspicion",
    "Tolerance",
    "Verb",
]
