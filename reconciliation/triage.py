"""Who looks after a discrepancy, and what they wrote beside it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from inventory import audit
from reconciliation.models import Discrepancy, DiscrepancyNote


@transaction.atomic
def assign(*, row: Discrepancy, person: AbstractBaseUser | None, actor: str) -> None:
    """Give the discrepancy to a person, or to nobody. Its numbers stay as they were seen: the version stays too."""
    before = row.assignee_id
    after = person.pk if person is not None else None
    if before == after:
        return
    Discrepancy.objects.filter(pk=row.pk).update(assignee=after)
    audit.record(
        actor=actor,
        action="discrepancy.assign",
        subject=f"discrepancy:{row.pk}",
        before={"assignee": before},
        after={"assignee": after},
    )


def note(*, row: Discrepancy, text: str, actor: str, now: datetime) -> DiscrepancyNote:
    """Keep what a person wrote beside a discrepancy."""
    return DiscrepancyNote.objects.create(discrepancy=row, actor=actor, text=text, at=now)
