"""What a bundle is made of, as people type it: a row for each component."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inventory import bundles, codes
from inventory.models import MAX_UNITS, Sku

SPARE_ROWS = 4
MOST_ROWS = 100
OFFERED = 500


class BundleForm(forms.Form):
    """The components of ``bundle``, stored or still to be made: their codes and units. Empty rows are left out."""

    def __init__(self, *args: Any, bundle: Sku, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bundle = bundle
        made_of = list(bundle.components.select_related("component").order_by("pk")) if bundle.pk else []
        rows = len(made_of) + SPARE_ROWS
        if self.is_bound:  # as many as were sent: another row is one more save away
            rows = max(rows, sum(name.startswith("code_") for name in self.data))
        for number in range(min(rows, MOST_ROWS)):
            part = made_of[number] if number < len(made_of) else None
            self.fields[f"code_{number}"] = forms.CharField(
                label=_("SKU of part %(n)d") % {"n": number + 1},
                required=False,
                max_length=200,
                initial=part.component.code if part else "",
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "list": "sku-codes"}),
            )
            self.fields[f"units_{number}"] = forms.IntegerField(
                label=_("Units of part %(n)d") % {"n": number + 1},
                required=False,
                min_value=1,
                max_value=MAX_UNITS,
                initial=part.units if part else None,
            )
        self.count = min(rows, MOST_ROWS)

    @property
    def offered(self) -> list[tuple[str, str]]:
        """Return the codes and names that the fields complete."""
        parts = Sku.objects.active().filter(is_bundle=False, is_sandbox=self.bundle.is_sandbox)
        parts = parts.exclude(pk=self.bundle.pk)
        return list(parts.order_by("code").values_list("code", "name")[:OFFERED])

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"code_{number}"], self[f"units_{number}"]) for number in range(self.count)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        given = {number: str(data.get(f"code_{number}") or "").strip() for number in range(self.count)}
        skus = codes.skus_named({code for code in given.values() if code})
        self.components: dict[int, int] = {}
        for number, code in given.items():
            units = data.get(f"units_{number}")
            if not code:
                if units:
                    self.add_error(f"code_{number}", _("Which SKU?"))
                continue
            sku = skus.get(code)
            if sku is None or sku.is_sandbox != self.bundle.is_sandbox:
                self.add_error(f"code_{number}", _("No SKU has the code “%(code)s”.") % {"code": code})
            elif sku.pk in self.components:
                self.add_error(
                    f"code_{number}", _("%(code)s stands here twice: give all its units once.") % {"code": code}
                )
            else:
                self.components[sku.pk] = units or 1
        return data

    def keep(self, *, actor: str, now: datetime) -> bool:
        """Make the bundle of what was typed; tell whether it was accepted."""
        try:
            self.bundle = bundles.set_components(bundle=self.bundle, components=self.components, actor=actor, now=now)
        except ValidationError as error:
            self.add_error(None, error)
        return not self.errors
