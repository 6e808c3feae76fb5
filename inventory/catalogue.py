"""SKUs and warehouses: made, changed, archived, each with its trail. Nothing is ever deleted: history points at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict, TypeVar, Unpack

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import audit, ledger
from inventory.errors import CodeTaken
from inventory.models import AuditEntry, FormerCode, Movement, Sku, Warehouse, match_key

Row = TypeVar("Row", Sku, Warehouse)


class SkuFields(TypedDict, total=False):
    """What can be written of a SKU; what is left out stays as it is."""

    code: str
    name: str
    barcode: str
    low_at: int | None
    is_sandbox: bool


class WarehouseFields(TypedDict, total=False):
    """What can be written of a warehouse; what is left out stays as it is."""

    code: str
    name: str
    priority: int
    is_shop: bool
    hold_back: int
    is_sandbox: bool


def create_sku(*, actor: str, **fields: Unpack[SkuFields]) -> Sku:
    """Make a SKU. Raises CodeTaken, and ValidationError for what can't be stored."""
    return _create(Sku(**fields), fields, actor=actor)


@transaction.atomic
def create_skus(rows: Sequence[SkuFields], *, actor: str) -> dict[str, Sku]:
    """Make many SKUs at once and return those that were made, by their code.

    Left out: codes that are taken, and rows that can't be stored.
    """
    wanted: dict[str, Sku] = {}
    for fields in rows:
        sku = Sku(**fields)
        try:
            sku.clean_fields()
        except ValidationError:
            continue
        sku.match_key = match_key(sku.code)  # bulk_create does not save()
        wanted.setdefault(sku.code, sku)
    taken = set(Sku.objects.filter(code__in=wanted).values_list("code", flat=True))
    # Someone may take a code in this moment: theirs stays, and ours is not made.
    Sku.objects.bulk_create([sku for code, sku in wanted.items() if code not in taken], ignore_conflicts=True)
    made = {sku.code: sku for sku in Sku.objects.filter(code__in=wanted.keys() - taken)}
    FormerCode.objects.filter(code__in=made).delete()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor=actor,
            action="sku.create",
            subject=f"sku:{sku.pk}",
            after={"code": sku.code, "name": sku.name, "barcode": sku.barcode},
        )
        for sku in made.values()
    )
    return made


def change_sku(*, sku: Sku, actor: str, **fields: Unpack[SkuFields]) -> Sku:
    """Write what differs from the stored SKU and return it as it is now.

    A new code keeps all history, and stores that still say the old one are understood: it stays as a former code.
    Raises CodeTaken, and ValidationError for what can't be stored, and for a SKU that was merged into another.
    """
    return _change(sku, fields, actor=actor)


def create_warehouse(*, actor: str, **fields: Unpack[WarehouseFields]) -> Warehouse:
    """Make a warehouse. Raises CodeTaken, and ValidationError for what can't be stored."""
    return _create(Warehouse(**fields), fields, actor=actor)


def change_warehouse(*, warehouse: Warehouse, actor: str, **fields: Unpack[WarehouseFields]) -> Warehouse:
    """Write what differs from the stored warehouse and return it as it is now.

    Another hold-back concerns every SKU that is kept there. Raises CodeTaken, and ValidationError for what can't be
    stored.
    """
    with transaction.atomic():
        hold_back = Warehouse.objects.values_list("hold_back", flat=True).get(pk=warehouse.pk)
        changed = _change(warehouse, fields, actor=actor)
        if changed.hold_back != hold_back:
            ledger.signal_all_in(warehouse_id=changed.pk, now=timezone.now())
    return changed


def archive_sku(*, sku: Sku, actor: str, now: datetime) -> Sku:
    """Take the SKU out of lists and of matching. Its stock, history and listings stay. A repeat changes nothing."""
    return _set_archived(sku, now, actor=actor)


def restore_sku(*, sku: Sku, actor: str) -> Sku:
    """Bring an archived SKU back. A repeat changes nothing. Raises ValidationError for one that was merged."""
    _check_not_merged(sku)
    return _set_archived(sku, None, actor=actor)


def archive_unused(*, sku: Sku, actor: str, now: datetime) -> bool:
    """Archive the SKU unless it ever had a movement; tell whether it was."""
    never_moved = ~Exists(Movement.objects.filter(sku=OuterRef("pk")))
    if not Sku.objects.filter(never_moved, pk=sku.pk, is_bundle=False, part_of=None).exists():
        return False
    archive_sku(sku=sku, actor=actor, now=now)
    return True


def _create(row: Row, fields: Mapping[str, object], *, actor: str) -> Row:
    row.clean_fields()
    with transaction.atomic():
        _save(row)
        _record(row, "create", actor, before={}, after=fields)
    return row


@transaction.atomic
def _change(row: Row, fields: Mapping[str, object], *, actor: str) -> Row:
    # Read again: a form has written what was typed into its row before it was valid. Locked, for the trail's sake.
    stored: Row = type(row).objects.select_for_update(no_key=True).get(pk=row.pk)
    if isinstance(stored, Sku):
        _check_not_merged(stored)
    before = {name: getattr(stored, name) for name, value in fields.items() if getattr(stored, name) != value}
    if before:
        after = {name: fields[name] for name in before}
        for name, value in after.items():
            setattr(stored, name, value)
        stored.clean_fields()
        _save(stored, columns=list(after))
        if isinstance(stored, Sku) and "code" in before:
            FormerCode.objects.create(sku=stored, code=str(before["code"]), until=timezone.now())
        _record(stored, "change", actor, before=before, after=after)
    return stored


def _check_not_merged(sku: Sku) -> None:
    if sku.merged_into is not None:
        words = _("%(sku)s was merged into %(into)s: change that one.")
        raise ValidationError(words % {"sku": sku.code, "into": sku.merged_into.code})


def _save(row: Sku | Warehouse, *, columns: list[str] | None = None) -> None:
    """Write the row, of a stored one only ``columns``, so that one writer does not undo another."""
    try:
        with transaction.atomic():
            row.save(update_fields=columns)
            if isinstance(row, Sku):
                FormerCode.objects.filter(code=row.code).delete()  # from now on it means this one
    except IntegrityError as error:
        if not type(row).objects.filter(code=row.code).exclude(pk=row.pk).exists():
            raise
        raise CodeTaken(kind="SKU" if isinstance(row, Sku) else "warehouse", code=row.code) from error


@transaction.atomic
def _set_archived(sku: Sku, archived_at: datetime | None, *, actor: str) -> Sku:
    is_archived = archived_at is not None
    rows = Sku.objects.filter(pk=sku.pk, archived_at__isnull=is_archived)
    if rows.update(archived_at=archived_at):
        _record(
            sku,
            "archive" if is_archived else "restore",
            actor,
            before={"archived": not is_archived},
            after={"archived": is_archived},
        )
    sku.refresh_from_db()
    return sku


def _record(
    row: Sku | Warehouse, verb: str, actor: str, *, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    kind = "sku" if isinstance(row, Sku) else "warehouse"
    audit.record(actor=actor, action=f"{kind}.{verb}", subject=f"{kind}:{row.pk}", before=before, after=after)
