"""What people type about SKUs and warehouses. A form checks shape; the catalogue decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from inventory import catalogue
from inventory.models import Sku, Warehouse

if TYPE_CHECKING:
    _CatalogueForm = forms.ModelForm[Any]
else:
    _CatalogueForm = forms.ModelForm


class CatalogueForm(_CatalogueForm):
    """The base of forms whose row the catalogue writes."""

    def keep(self, *, actor: str) -> bool:
        """Write the row, which is ``instance`` then, and return whether it was accepted."""
        try:
            self.instance = self.write(actor)
        except ValidationError as error:  # since the form has looked: its code was taken, it was merged
            self.add_error(None, error)
        return not self.errors

    def write(self, actor: str) -> Sku | Warehouse:
        raise NotImplementedError


class SkuForm(CatalogueForm):
    class Meta:
        model = Sku
        fields = ["code", "name", "barcode", "low_at"]
        labels = {
            "code": gettext_lazy("Code"),
            "name": gettext_lazy("Name"),
            "barcode": gettext_lazy("Barcode"),
            "low_at": gettext_lazy("Low from"),
        }
        help_texts = {
            "code": gettext_lazy("A listing with exactly this SKU links by itself. Renaming keeps all history."),
            "barcode": gettext_lazy("EAN, UPC or your own."),
            "low_at": gettext_lazy("When available falls to so many units, those who listen are told. Empty: never."),
        }

    def write(self, actor: str) -> Sku:
        if self.instance.pk is None:
            return catalogue.create_sku(actor=actor, **self.cleaned_data)
        return catalogue.change_sku(sku=self.instance, actor=actor, **self.cleaned_data)


class WarehouseForm(CatalogueForm):
    class Meta:
        model = Warehouse
        fields = ["code", "name", "priority", "is_shop", "hold_back"]
        labels = {
            "code": gettext_lazy("Code"),
            "name": gettext_lazy("Name"),
            "priority": gettext_lazy("Priority"),
            "is_shop": gettext_lazy("Customers buy here in person"),
            "hold_back": gettext_lazy("Keep on the shelf"),
        }
        help_texts = {
            "code": gettext_lazy("Short, as scripts and files name it: MAIN, BACK."),
            "is_shop": gettext_lazy("It gets a sell page, and tills may send its sales."),
            "hold_back": gettext_lazy("Units of each SKU here that no channel shows: a customer may be carrying them."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hold_back"].required = False

    def clean_hold_back(self) -> int:
        return self.cleaned_data["hold_back"] or 0

    def write(self, actor: str) -> Warehouse:
        if self.instance.pk is None:
            return catalogue.create_warehouse(actor=actor, **self.cleaned_data)
        return catalogue.change_warehouse(warehouse=self.instance, actor=actor, **self.cleaned_data)
