"""What a person arranges for themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction

from dashboard.models import User
from inventory import audit

_TRAILED = ("email", "first_name", "last_name")


@transaction.atomic
def change(*, person: User, **wanted: str) -> None:
    """Keep names, address, time zone and formats; the trail tells of names and the address."""
    stored = User.objects.select_for_update().get(pk=person.pk)
    before = {name: getattr(stored, name) for name in wanted}
    User.objects.filter(pk=person.pk).update(**wanted)
    _record(person, "user.profile", {k: before[k] for k in _TRAILED}, {k: wanted[k] for k in _TRAILED})


def mute(*, person: User, kinds: Iterable[str]) -> None:
    """Stop telling a person of these kinds in the page; what they were told stays in their list."""
    User.objects.filter(pk=person.pk).update(muted=sorted(kinds))


def _record(person: User, action: str, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    changed = [name for name in after if before[name] != after[name]]
    if changed:
        audit.record(
            actor=f"user:{person.get_username()}",
            action=action,
            subject=f"user:{person.pk}",
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
