"""Roles of people, and their leaving and coming back. There is always an owner who can sign in."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from access.roles import Role
from dashboard.models import User
from inventory import audit


class LastOwner(Exception):
    """The change would leave nobody who can let people in."""

    def __init__(self) -> None:
        super().__init__(_("There has to be an owner. Make somebody else an owner first."))


def change_role(*, person: User, role: Role, actor: str) -> User:
    """Give a person another role; it holds from their next click and call. Raises LastOwner."""
    return _change(person, {"role": role.value}, action="user.role", actor=actor)


def deactivate(*, person: User, actor: str) -> User:
    """Shut a person out: sessions and tokens open nothing any more, what they did stays. Raises LastOwner."""
    return _change(person, {"is_active": False}, action="user.deactivate", actor=actor)


def reactivate(*, person: User, actor: str) -> User:
    """Let a person in again, in the role they had."""
    return _change(person, {"is_active": True}, action="user.reactivate", actor=actor)


@transaction.atomic
def _change(person: User, wanted: Mapping[str, object], *, action: str, actor: str) -> User:
    # Locked together, in one order: of two owners who demote each other at once, one stays.
    rows = User.objects.select_for_update().filter(role=Role.OWNER) | User.objects.filter(pk=person.pk)
    locked = {row.pk: row for row in rows.order_by("pk")}
    row = locked[person.pk]
    before = {name: getattr(row, name) for name in wanted}
    if before == dict(wanted):
        return row
    for name, value in wanted.items():
        setattr(row, name, value)
    if not any(each.role == Role.OWNER and each.is_active for each in locked.values()):
        raise LastOwner
    if row.role != Role.OWNER:
        row.is_staff = row.is_superuser = False
    row.save(update_fields=[*wanted, "is_staff", "is_superuser"])
    audit.record(actor=actor, action=action, subject=f"user:{row.pk}", before=before, after=dict(wanted))
    return row
