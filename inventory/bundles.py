"""Bundles: SKUs that are sold as units of other SKUs. They hold no stock of their own and are never nested.

What a bundle has available in a warehouse is the smallest share that its components give there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from inventory import audit, ledger
from inventory.models import MAX_UNITS, BundleComponent, Sku, StockLevel, Warehouse

Components = dict[int, int]  # units of one bundle by the component's id


def set_components(*, bundle: Sku, components: Mapping[int, int], actor: str, now: datetime) -> Sku:
    """Make ``bundle`` of ``components`` (units by SKU id); an empty mapping makes it a plain SKU again.

    Orders that are booked keep what they were booked with. Raises ValidationError: nested, of itself, archived,
    with stock of its own.
    """
    with transaction.atomic():
        # Locked in one order: a SKU that becomes a component elsewhere can't become a bundle here meanwhile.
        rows = Sku.objects.filter(pk__in={bundle.pk, *components}).order_by("pk").select_for_update()
        skus = {sku.pk: sku for sku in rows}
        _check(skus[bundle.pk], components, skus)
        before = components_of([bundle.pk]).get(bundle.pk, {})
        if before == dict(components):
            return bundle
        BundleComponent.objects.filter(bundle=bundle).delete()
        BundleComponent.objects.bulk_create(
            BundleComponent(bundle=bundle, component_id=pk, units=units) for pk, units in sorted(components.items())
        )
        Sku.objects.filter(pk=bundle.pk).update(is_bundle=bool(components))
        audit.record(
            actor=actor,
            action="sku.set_components",
            subject=f"sku:{bundle.pk}",
            before={"components": _named(before)},
            after={"components": _named(components)},
        )
        ledger.signal([bundle.pk], now=now)
    bundle.refresh_from_db()
    return bundle


def _check(bundle: Sku, components: Mapping[int, int], skus: Mapping[int, Sku]) -> None:
    if bundle.merged_into is not None:
        words = _("%(sku)s was merged into %(into)s: change that one.")
        raise ValidationError(words % {"sku": bundle.code, "into": bundle.merged_into.code})
    for pk, units in components.items():
        component = skus.get(pk)
        if component is None or component.archived_at is not None:
            raise ValidationError(_("A component must be a SKU that is not archived."))
        if pk == bundle.pk:
            raise ValidationError(_("A bundle can't be made of itself."))
        if component.is_bundle:
            raise ValidationError(_("%(sku)s is a bundle itself: bundles are not nested.") % {"sku": component.code})
        if not 1 <= units <= MAX_UNITS:
            raise ValidationError(_("Each component needs one unit or more."))
    if not components:
        return
    if BundleComponent.objects.filter(component=bundle).exists():
        raise ValidationError(_("%(sku)s is part of a bundle: bundles are not nested.") % {"sku": bundle.code})
    held = StockLevel.objects.filter(sku=bundle).exclude(on_hand=0, reserved=0, unsellable=0)
    if held.exists():
        raise ValidationError(_("%(sku)s has stock of its own: move it first.") % {"sku": bundle.code})


def _named(components: Mapping[int, int]) -> dict[str, int]:
    codes = dict(Sku.objects.filter(pk__in=components).values_list("pk", "code"))
    return {codes[pk]: units for pk, units in components.items()}


def components_of(sku_ids: Collection[int]) -> dict[int, Components]:
    """Return the components of those of the SKUs that are bundles."""
    found: dict[int, Components] = defaultdict(dict)
    rows = BundleComponent.objects.filter(bundle__in=sku_ids).order_by("pk")
    for bundle_id, component_id, units in rows.values_list("bundle_id", "component_id", "units"):
        found[bundle_id][component_id] = units
    return dict(found)


def taken_apart(sku: Sku) -> dict[Sku, int]:
    """Return what one unit of ``sku`` is: units of each component of a bundle, else one unit of itself."""
    if not sku.is_bundle:
        return {sku: 1}
    rows = BundleComponent.objects.filter(bundle=sku).select_related("component").order_by("pk")
    return {row.component: row.units for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Makes:
    """What one warehouse has for a bundle. ``free``: available units by component; None where one was never there."""

    warehouse: Warehouse
    free: tuple[int | None, ...]  # in the order of the components
    units: int  # whole bundles; below 0 where a component is oversold


def makes(bundle_ids: Collection[int]) -> dict[int, list[Makes]]:
    """Return what each bundle has in each warehouse that holds any of its components, in two queries."""
    made_of = components_of(bundle_ids)
    wanted = {pk for components in made_of.values() for pk in components}
    levels: dict[Warehouse, dict[int, int]] = {}
    rows = StockLevel.objects.filter(sku__in=wanted).select_related("warehouse")
    for level in rows.order_by("warehouse__priority", "warehouse__code", "pk"):
        levels.setdefault(level.warehouse, {})[level.sku_id] = level.available
    return {
        bundle_id: [
            Makes(
                warehouse=warehouse,
                free=tuple(there.get(pk) for pk in components),
                # A component that was never there: the warehouse makes none.
                units=min(there[pk] // units for pk, units in components.items())
                if components.keys() <= there.keys()
                else 0,
            )
            for warehouse, there in levels.items()
            if components.keys() & there.keys()
        ]
        for bundle_id, components in made_of.items()
    }


def bundles_with(sku_ids: Collection[int]) -> dict[int, set[int]]:
    """Return the bundles that each of the SKUs is part of."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = BundleComponent.objects.filter(component__in=sku_ids)
    for component_id, bundle_id in rows.values_list("component_id", "bundle_id"):
        found[component_id].add(bundle_id)
    return dict(found)
