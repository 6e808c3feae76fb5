"""Writes of SKUs and warehouses, with their trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from api.errors import ProblemError
from inventory import audit
from inventory.models import Sku, Warehouse

Row = Sku | Warehouse


def save(row: Row, changes: Mapping[str, object], *, actor: str) -> None:
    """Write ``changes`` to a new or stored row and to the trail. Raises ProblemError, 409, when the code is taken."""
    is_new = row.pk is None
    before = {} if is_new else {name: getattr(row, name) for name in changes}
    for name, value in changes.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save(update_fields=None if is_new else _columns(row, changes))
            kind = "sku" if isinstance(row, Sku) else "warehouse"
            audit.record(
                actor=actor,
                action=f"{kind}.{'create' if is_new else 'change'}",
                subject=f"{kind}:{row.pk}",
                before=before,
                after=dict(changes),
            )
    except IntegrityError as error:
        if not type(row).objects.filter(code=row.code).exclude(pk=row.pk).exists():
            raise
        name = "SKU" if isinstance(row, Sku) else "warehouse"
        raise ProblemError(
            409, "code-taken", f"There is a {name} with the code “{row.code}” already.", field="code"
        ) from error


def _columns(row: Row, changes: Mapping[str, object]) -> list[str]:
    """Only what changes, so that one writer does not undo another; a SKU's match key follows its code."""
    return [*changes, *(["match_key"] if isinstance(row, Sku) and "code" in changes else [])]


@transaction.atomic
def archive(sku: Sku, *, is_archived: bool, actor: str, now: datetime) -> None:
    """Take the SKU out of lists and of matching, or bring it back. Its stock, history and listings stay."""
    rows = Sku.objects.filter(pk=sku.pk, archived_at__isnull=is_archived)
    if rows.update(archived_at=now if is_archived else None):
        action = "sku.archive" if is_archived else "sku.restore"
        audit.record(
            actor=actor,
            action=action,
            subject=f"sku:{sku.pk}",
            before={"archived": not is_archived},
            after={"archived": is_archived},
        )
    sku.refresh_from_db()
