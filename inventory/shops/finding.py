"""Which SKU a code at the till means."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from inventory.codes import skus_named
from inventory.models import Sku


def find_skus(codes: Collection[tuple[str, bool]]) -> dict[tuple[str, bool], Sku | str]:
    """Return for each (code, is a barcode) the SKU that it means, or the sentence why there is none.

    Compared exactly. Of several SKUs with one barcode the only one that is not archived counts.
    """
    by_code = skus_named({code for code, is_barcode in codes if not is_barcode})
    by_barcode: dict[str, list[Sku]] = {}
    wanted = {code for code, is_barcode in codes if is_barcode}
    for sku in Sku.objects.filter(barcode__in=wanted).exclude(barcode="").select_related("merged_into").order_by("pk"):
        by_barcode.setdefault(sku.barcode, []).append(sku)
    found: dict[tuple[str, bool], Sku | str] = {}
    for code, is_barcode in codes:
        if is_barcode:
            found[code, True] = _of_barcode(code, by_barcode.get(code, []))
        else:
            found[code, False] = by_code.get(code) or _("No SKU has the code “%(code)s”.") % {"code": code}
    return found


def _of_barcode(code: str, skus: list[Sku]) -> Sku | str:
    # One that was merged means the one that it was merged into.
    skus = list({(sku.merged_into or sku).pk: sku.merged_into or sku for sku in skus}.values())
    active = [sku for sku in skus if sku.archived_at is None] or skus
    if len(active) == 1:
        return active[0]
    if not active:
        return _("No SKU has the barcode “%(code)s”.") % {"code": code}
    return _("%(n)d SKUs have the barcode “%(code)s”.") % {"n": len(active), "code": code}


def scanned(text: str) -> Sku | str:
    """Return the SKU that a person scanned or typed: by barcode, else by code; or why there is none."""
    found = find_skus({(text, True), (text, False)})
    by_barcode, by_code = found[text, True], found[text, False]
    if isinstance(by_barcode, Sku):
        return by_barcode
    if isinstance(by_code, Sku):
        return by_code
    return by_barcode if Sku.objects.filter(barcode=text).exclude(barcode="").exists() else _nobody(text)


def _nobody(text: str) -> str:
    return _("No SKU has the barcode or code “%(code)s”.") % {"code": text}
