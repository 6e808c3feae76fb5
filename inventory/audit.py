"""The trail of what people change besides stock; stock has its movements."""

from __future__ import annotations

from collections.abc import Mapping

from inventory.models import AuditEntry


def record(*, actor: str, action: str, subject: str, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    """Keep who changed what, from what, to what. Values are JSON; never a secret."""
    AuditEntry.objects.create(actor=actor, action=action, subject=subject, before=dict(before), after=dict(after))
