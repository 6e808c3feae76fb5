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
