"""What people type about SKUs and warehouses. A form checks shape; the catalogue decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy

from inventory import catalogue
from inventory.errors import CodeTaken
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
        except CodeTaken as error:  # since the form has looked
            self.add_error(None, error)
        return not self.errors

    def write(self, actor: str) -> Sku | Warehouse:
        raise NotImplementedError


class SkuForm(CatalogueForm):
    class Meta:
        model = Sku
        fields = ["code", "name", "barcode"]
        labels = {"code": gettext_lazy("Code"), "name": gettext_lazy("Name"), "barcode": gettext_lazy("Barcode")}
        help_texts = {
            "code": gettext_lazy("A listing with exactly this SKU links by itself. Renaming keeps all history."),
            "barcode": gettext_lazy("EAN, UPC or your own."),
        }

    def write(self, actor: str) -> Sku:
        if self.instance.pk is None:
            return catalogue.create_sku(actor=actor, **self.cleaned_data)
        return catalogue.change_sku(sku=self.instance, actor=actor, **self.cleaned_data)


class WarehouseForm(CatalogueForm):
    class Meta:
        model = Warehouse
        fields = ["code", "name", "priority"]
        labels = {
            "code": gettext_lazy("Code"),
            "name": gettext_lazy("Name"),
            "priority": gettext_lazy("Priority"),
        }
        help_texts = {"code": gettext_lazy("Short, as scripts and files name it: MAIN, BACK.")}

    def write(self, actor: str) -> Warehouse:
        if self.instance.pk is None:
            return catalogue.create_warehouse(actor=actor, **self.cleaned_data)
        return catalogue.change_warehouse(warehouse=self.instance, actor=actor, **self.cleaned_data)
