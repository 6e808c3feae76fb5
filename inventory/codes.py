"""Which SKU a code means today: the one that has it, that it was merged into, or that had it before it was renamed."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from inventory.models import FormerCode, Sku


def ids_named(codes: Collection[str] | QuerySet) -> dict[str, int]:  # type: ignore[type-arg]  # a column of any table
    """Return the SKU id that each code means, compared to the letter; codes of nothing are left out."""
    found = {
        code: merged_into or pk
        for code, pk, merged_into in Sku.objects.filter(code__in=codes).values_list("code", "pk", "merged_into")
    }
    former = FormerCode.objects.filter(code__in=codes)
    for code, pk, merged_into in former.values_list("code", "sku", "sku__merged_into"):
        found.setdefault(code, merged_into or pk)
    return found


def skus_named(codes: Collection[str]) -> dict[str, Sku]:
    """Return the SKU that each code means, compared to the letter; codes of nothing are left out."""
    ids = ids_named(codes)
    skus = Sku.objects.in_bulk(set(ids.values()))
    return {code: skus[pk] for code, pk in ids.items()}


def sku_named(code: str) -> Sku | None:
    """Return the SKU that ``code`` means; None where it means nothing."""
    return skus_named([code]).get(code)


def merged_among(sku_ids: Collection[int]) -> dict[int, int]:
    """Return, for those of the SKUs that were merged into others, which; those that were not are left out."""
    rows = Sku.objects.filter(pk__in=sku_ids, merged_into__isnull=False)
    return dict(rows.values_list("pk", "merged_into"))


def merged_of(sku_ids: Collection[int]) -> dict[int, int]:
    """Return the SKUs that were merged into any of these, each with the one it is now."""
    rows = Sku.objects.filter(merged_into__in=sku_ids)
    return dict(rows.values_list("pk", "merged_into"))


def is_now(sku_id: int, other_id: int) -> bool:
    """Tell whether the one SKU is the other, or was merged into it."""
    return sku_id == other_id or merged_among([sku_id]).get(sku_id) == other_id
