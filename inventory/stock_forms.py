"""What people type about the stock of a SKU. A form checks shape; the ledger decides.

Each carries a key made when it was drawn, so that sending it twice books it once.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory import counts, formats, operations
from inventory.errors import InsufficientStock, KeyConflict, LedgerError
from inventory.models import MAX_UNITS, Movement, Sku, StockLevel, Warehouse

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    _WarehouseChoice = forms.ModelChoiceField[Warehouse]
else:
    _WarehouseChoice = forms.ModelChoiceField


class WarehouseChoice(_WarehouseChoice):
    """A warehouse, with what it holds of one SKU beside its name."""

    balances: dict[int, tuple[int, int, int]] = {}  # on hand, available, unsellable by warehouse

    def label_from_instance(self, obj: object) -> str:
        assert isinstance(obj, Warehouse)  # noqa: S101 — narrows the type of ModelChoiceField's hook
        on_hand, available, unsellable = self.balances.get(obj.pk, (0, 0, 0))
        text = _("%(warehouse)s · %(on_hand)s on hand, %(available)s available") % {
            "warehouse": obj.name,
            "on_hand": on_hand,
            "available": available,
        }
        return text + (_(", %s unsellable") % unsellable if unsellable else "")


class StockForm(forms.Form):
    """The base of what a person does to the stock of one SKU in one warehouse."""

    title: ClassVar[StrPromise]
    submit: ClassVar[StrPromise]
    units_field = "units"

    warehouse = WarehouseChoice(label=gettext_lazy("Warehouse"), queryset=Warehouse.objects.none(), empty_label=None)
    units = forms.IntegerField(
        label=gettext_lazy("Units"),
        min_value=1,
        max_value=MAX_UNITS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off", "autofocus": True}),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, sku: Sku, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sku = sku
        self.fields["key"].initial = uuid.uuid4()
        balances = {
            level.warehouse_id: (level.on_hand, level.available, level.unsellable)
            for level in StockLevel.objects.filter(sku=sku)
        }
        for field in self.fields.values():
            if isinstance(field, WarehouseChoice):
                field.balances = balances
                field.queryset = Warehouse.objects.filter(kept_by="")

    def book(self, *, actor: str, now: datetime) -> bool:
        """Book what was asked and return whether it was accepted; a refusal stands beside the field it is about."""
        try:
            self.post(key=f"form:{self.cleaned_data['key']}", actor=actor, now=now)
        except InsufficientStock as error:
            for shortage in error.shortages:
                self.add_error(
                    self.units_field,
                    _("Only %(available)s are there to take; you asked for %(asked)d.")
                    % {"available": formats.units(shortage.available), "asked": shortage.asked},
                )
        except KeyConflict:
            self.add_error(
                None, _("This form was booked before with other content. Open it again to book something else.")
            )
        except LedgerError as error:
            self.add_error(self.units_field, str(error))
        return not self.errors

    def post(self, *, key: str, actor: str, now: datetime) -> None:
        raise NotImplementedError

    def sentence(self) -> str:
        """Say what was booked, for the notice after it."""
        raise NotImplementedError

    def asked(self) -> dict[str, Any]:
        """Return what most operations take."""
        return {"sku": self.sku, **{name: self.cleaned_data[name] for name in ("warehouse", "units", "reason")}}

    def words(self) -> dict[str, object]:
        """Return what most sentences name."""
        data = self.cleaned_data
        return {"units": data["units"], "code": self.sku.code, "warehouse": data["warehouse"].name}


class ReceiveForm(StockForm):
    title = gettext_lazy("Receive")
    submit = gettext_lazy("Receive")

    def post(self, *, key: str, actor: str, now: datetime) -> None:
        operations.receive(**self.asked(), key=key, actor=actor, now=now)

    def sentence(self) -> str:
        return (
            ngettext(
                "%(units)d unit of %(code)s received in %(warehouse)s.",
                "%(units)d units of %(code)s received in %(warehouse)s.",
                self.cleaned_data["units"],
            )
            % self.words()
        )


class AdjustForm(StockForm):
    title = gettext_lazy("Adjust on hand")
    submit = gettext_lazy("Adjust")

    HOW = (("by", gettext_lazy("Change it by")), ("to", gettext_lazy("Set it to")))
    how = forms.ChoiceField(
        label=gettext_lazy("What to do with on hand"), choices=HOW, initial="by", widget=forms.RadioSelect
    )
    units = forms.IntegerField(
        label=gettext_lazy("Units"),
        min_value=-MAX_UNITS,
        max_value=MAX_UNITS,
        help_text=gettext_lazy("To change by: 5 adds, −5 takes off."),
        widget=forms.NumberInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, help_text=gettext_lazy("It stays with the movement.")
    )
    field_order = ["warehouse", "how", "units", "reason", "key"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("how") == "to" and data.get("units", 0) < 0:
            self.add_error("units", _("On hand can't be set below zero."))
        return data

    def post(self, *, key: str, actor: str, now: datetime) -> None:
        asked = self.asked()
        with transaction.atomic():
            if self.cleaned_data["how"] == "to":
                asked["units"] = self._missing_to(asked["units"], key)
            operations.adjust(**asked, key=key, actor=actor, now=now)

    def _missing_to(self, wanted: int, key: str) -> int:
        """Return the change that leads to ``wanted``, or the one that this very form has booked already."""
        levels = StockLevel.objects.select_for_update().filter(sku=self.sku, warehouse=self.cleaned_data["warehouse"])
        level = levels.first()
        earlier = Movement.objects.filter(key=key).first()
        if earlier is not None:
            return int(earlier.on_hand_delta)
        on_hand: int = level.on_hand if level else 0
        return wanted - on_hand

    def sentence(self) -> str:
        if self.cleaned_data["how"] == "to":
            return _("On hand of %(code)s in %(warehouse)s set to %(units)d.") % self.words()
        return _("On hand of %(code)s in %(warehouse)s changed by %(units)s.") % {
            **self.words(),
            "units": formats.change(self.cleaned_data["units"]),
        }


class CountForm(StockForm):
    title = gettext_lazy("Count")
    submit = gettext_lazy("Record the count")

    units = forms.IntegerField(
        label=gettext_lazy("Counted on hand"),
        min_value=0,
        max_value=MAX_UNITS,
        help_text=gettext_lazy("Sellable units on the shelf, reserved ones included. A difference is booked."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off", "autofocus": True}),
    )

    def post(self, *, key: str, actor: str, now: datetime) -> None:
        asked = self.asked()
        self.count = counts.record(counted=asked.pop("units"), **asked, key=key, actor=actor, now=now)

    def sentence(self) -> str:
        if not self.count.difference:
            return _("Counted %(units)d of %(code)s in %(warehouse)s: as expected.") % self.words()
        return _("Counted %(units)d of %(code)s in %(warehouse)s: %(difference)s against the ledger, booked.") % {
            **self.words(),
            "difference": formats.change(self.count.difference),
        }


class TransferForm(StockForm):
    title = gettext_lazy("Transfer")
    submit = gettext_lazy("Transfer")

    warehouse = WarehouseChoice(label=gettext_lazy("From"), queryset=Warehouse.objects.none(), empty_label=None)
    destination = WarehouseChoice(label=gettext_lazy("To"), queryset=Warehouse.objects.none(), empty_label="—")
    field_order = ["warehouse", "destination", "units", "reason", "key"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("destination") is not None and data.get("destination") == data.get("warehouse"):
            self.add_error("destination", _("Choose another warehouse than the one it comes from."))
        return data

    def post(self, *, key: str, actor: str, now: datetime) -> None:
        asked = {**self.asked(), "destination": self.cleaned_data["destination"]}
        operations.transfer(source=asked.pop("warehouse"), **asked, key=key, actor=actor, now=now)

    def sentence(self) -> str:
        return _("%(units)d of %(code)s moved from %(warehouse)s to %(destination)s.") % {
            **self.words(),
            "destination": self.cleaned_data["destination"].name,
        }


class ReclassifyForm(StockForm):
    title = gettext_lazy("Mark unsellable or sellable")
    submit = gettext_lazy("Mark")

    TO = (
        ("unsellable", gettext_lazy("Unsellable: damaged or in quarantine")),
        ("sellable", gettext_lazy("Sellable again")),
    )
    to = forms.ChoiceField(label=gettext_lazy("The units become"), choices=TO, widget=forms.RadioSelect)
    field_order = ["warehouse", "to", "units", "reason", "key"]

    def post(self, *, key: str, actor: str, now: datetime) -> None:
        asked = self.asked()
        if self.cleaned_data["to"] == "sellable":
            asked["units"] = -asked["units"]
        operations.reclassify(**asked, key=key, actor=actor, now=now)

    def sentence(self) -> str:
        if self.cleaned_data["to"] == "unsellable":
            return _("%(units)d of %(code)s in %(warehouse)s marked unsellable.") % self.words()
        return _("%(units)d of %(code)s in %(warehouse)s marked sellable.") % self.words()


class ReturnForm(StockForm):
    title = gettext_lazy("Take back a return")
    submit = gettext_lazy("Take back")

    CONDITION = (("yes", gettext_lazy("Sellable")), ("no", gettext_lazy("Unsellable")))
    is_sellable = forms.ChoiceField(
        label=gettext_lazy("The units are"), choices=CONDITION, initial="yes", widget=forms.RadioSelect
    )
    field_order = ["warehouse", "units", "is_sellable", "reason", "key"]

    def post(self, *, key: str, actor: str, now: datetime) -> None:
        is_sellable = self.cleaned_data["is_sellable"] == "yes"
        operations.receive_return(**self.asked(), is_sellable=is_sellable, key=key, actor=actor, now=now)

    def sentence(self) -> str:
        if self.cleaned_data["is_sellable"] == "yes":
            return _("%(units)d of %(code)s came back to %(warehouse)s, sellable.") % self.words()
        return _("%(units)d of %(code)s came back to %(warehouse)s, unsellable.") % self.words()
