"""What people type about stock sources. A form checks shape; the domain decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.encryption import decrypt, encrypt
from inventory.models import Warehouse
from inventory.sheets import MAX_BYTES
from inventory.sources import connecting, mapping
from inventory.sources.contract import Capabilities, CredentialField, OptionField
from inventory.sources.models import Source, SourceLocation

if TYPE_CHECKING:
    _SourceForm = forms.ModelForm[Source]
else:
    _SourceForm = forms.ModelForm

KEPT_FOR = timedelta(hours=1)
UNDECIDED = "-"


def _credential(field: CredentialField, *, is_kept: bool) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    if is_kept:
        attrs["placeholder"] = _("Kept; leave it empty to use it")
    return forms.CharField(
        label=field.label,
        help_text=field.help,
        required=field.is_required and not is_kept,
        max_length=500,
        widget=forms.PasswordInput(attrs=attrs) if field.is_secret else forms.TextInput(attrs=attrs),
    )


def _option(field: OptionField, chosen: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=field.label, help_text=field.help, choices=field.choices, initial=chosen)


class ConnectForm(forms.Form):
    """A new source. What was tested comes along encrypted, so that nobody types a secret twice."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("What your team calls it.")
    )
    kept = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, capabilities: Capabilities, user_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.capabilities, self.user_id = capabilities, user_id
        self.known = opened_secrets(self.data.get("kept", ""), kind=capabilities.kind, user_id=user_id)
        if capabilities.pulls:
            self.fields["base_url"] = forms.CharField(
                label=_("Address"),
                max_length=300,
                initial=capabilities.default_base_url,
                widget=forms.URLInput(attrs={"placeholder": "https://"}),
                help_text=_("Leave it as it is unless you connect a simulator.")
                if capabilities.default_base_url
                else _("Where it answers, without anything that a page of it adds."),
            )
        has_kept_any = bool(self.known)
        for credential in capabilities.credentials:
            is_kept = credential.name in self.known or (has_kept_any and not credential.is_kept)
            self.fields[f"credential_{credential.name}"] = _credential(credential, is_kept=is_kept)
        for option in capabilities.options:
            self.fields[f"option_{option.name}"] = _option(option, option.default)

    @property
    def parts(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """Return the fields under their headings."""
        first = [self["name"], *([self["base_url"]] if "base_url" in self.fields else [])]
        credentials = [self[f"credential_{each.name}"] for each in self.capabilities.credentials]
        options = [self[f"option_{each.name}"] for each in self.capabilities.options]
        found = [(_("Source"), "", first)]
        if credentials:
            found.append((_("Access"), _("Kept encrypted and never shown again."), credentials))
        if options:
            found.append((_("How it is read"), _("The first choices fit most; change them at any time."), options))
        return found

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if Source.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is a source of this name already."))
        return name

    @property
    def base_url(self) -> str:
        return str(self.cleaned_data.get("base_url", "")).strip()

    @property
    def credentials(self) -> dict[str, str]:
        given = {
            each.name: str(self.cleaned_data.get(f"credential_{each.name}", "")).strip()
            for each in self.capabilities.credentials
        }
        return {**self.known, **{name: value for name, value in given.items() if value}}

    @property
    def options(self) -> dict[str, str]:
        return {each.name: self.cleaned_data[f"option_{each.name}"] for each in self.capabilities.options}


def sealed_secrets(credentials: Mapping[str, str], *, kind: str, user_id: int) -> str:
    """Return tested credentials as a text that only this installation can open, for this person and an hour."""
    return encrypt({"credentials": dict(credentials), "kind": kind, "user": user_id, "at": timezone.now().isoformat()})


def opened_secrets(text: str, *, kind: str, user_id: int) -> dict[str, str]:
    """Return what ``sealed_secrets`` was given; nothing where it is another's, of another kind, or too old."""
    if not text:
        return {}
    try:
        found = decrypt(text)
    except (ImproperlyConfigured, ValueError):
        return {}
    is_ours = isinstance(found, dict) and (found.get("kind"), found.get("user")) == (kind, user_id)
    if not is_ours or timezone.now() - datetime.fromisoformat(found["at"]) > KEPT_FOR:
        return {}
    return {str(name): str(value) for name, value in found["credentials"].items()}


class ReconnectForm(forms.Form):
    """New credentials for a source; what is left empty stays."""

    def __init__(self, *args: Any, source: Source, capabilities: Capabilities, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.capabilities = capabilities
        self.fields["base_url"] = forms.CharField(label=_("Address"), max_length=300, initial=source.base_url)
        for credential in capabilities.credentials:
            self.fields[credential.name] = _credential(credential, is_kept=credential.name in source.credentials)

    @property
    def credentials(self) -> dict[str, str]:
        return {
            each.name: str(self.cleaned_data[each.name]).strip()
            for each in self.capabilities.credentials
            if self.cleaned_data.get(each.name)
        }


class LocationsForm(forms.Form):
    """Which place of the source is which warehouse: one select for each, so that it works by keyboard alone."""

    def __init__(self, *args: Any, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        self.locations = list(source.locations.all())
        self.warehouses = {str(each.pk): each for each in Warehouse.objects.filter(kept_by="").order_by("priority")}
        own = [(pk, warehouse.name) for pk, warehouse in self.warehouses.items()]
        for location in self.locations:
            has_parent = bool(location.parent_ref)
            nothing = _("As the place it is in") if has_parent else _("Not decided yet")
            self.fields[f"location_{location.pk}"] = forms.ChoiceField(
                label=location.name,
                help_text=location.note,
                choices=[(UNDECIDED, nothing), *own, (mapping.IGNORED, _("Not mine: ignore"))],
                initial=mapping.IGNORED if location.is_ignored else str(location.warehouse_id or UNDECIDED),
            )

    @property
    def groups(self) -> list[tuple[forms.BoundField, list[forms.BoundField], SourceLocation]]:
        """Return the places on top with those below each, at any depth."""
        by_ref = {location.ref: location for location in self.locations}

        def root(location: SourceLocation) -> str:
            seen: set[str] = set()
            while location.parent_ref in by_ref and location.ref not in seen:
                seen.add(location.ref)
                location = by_ref[location.parent_ref]
            return location.ref

        below: dict[str, list[forms.BoundField]] = {}
        tops = []
        for location in self.locations:
            top = root(location)
            if top == location.ref:
                tops.append(location)
            else:
                below.setdefault(top, []).append(self[f"location_{location.pk}"])
        return [(self[f"location_{top.pk}"], below.get(top.ref, []), top) for top in tops]

    def keep(self, *, actor: str) -> bool:
        """Write the mapping; tell whether it was accepted."""
        wanted: dict[str, Warehouse | str | None] = {}
        for location in self.locations:
            choice = self.cleaned_data[f"location_{location.pk}"]
            wanted[location.ref] = choice if choice == mapping.IGNORED else self.warehouses.get(choice)
        try:
            mapping.set_locations(self.source, wanted, actor=actor)
        except mapping.WarehouseTaken as error:
            self.add_error(None, str(error))
            return False
        return True


class RulesForm(_SourceForm):
    """What a difference does, and who reserves."""

    class Meta:
        model = Source
        fields = [
            "name",
            "pull_seconds",
            "on_difference",
            "tolerance_units",
            "tolerance_percent",
            "zero_percent",
            "reserves",
            "knows_orders_after",
            "counts_picks",
            "is_paused",
        ]
        labels = {
            "name": gettext_lazy("Name"),
            "pull_seconds": gettext_lazy("Seconds between readings"),
            "on_difference": gettext_lazy("When it differs from the ledger"),
            "tolerance_units": gettext_lazy("Follow without asking: up to so many units"),
            "tolerance_percent": gettext_lazy("… or up to this share of the stock (%)"),
            "zero_percent": gettext_lazy("Ask before more than this share of the SKUs goes to 0 (%)"),
            "reserves": gettext_lazy("Who keeps units aside for orders"),
            "knows_orders_after": gettext_lazy("Seconds until it knows an order of yours"),
            "counts_picks": gettext_lazy("Count units as gone when they are picked"),
            "is_paused": gettext_lazy("Paused: read nothing"),
        }
        help_texts = {
            "pull_seconds": gettext_lazy("30 or more."),
            "on_difference": gettext_lazy("“Follow” sets on hand to what the source says, as of its reading."),
            "tolerance_units": gettext_lazy("Only where large differences are asked about."),
            "zero_percent": gettext_lazy("Of a whole reading. A single SKU may always sell out."),
            "reserves": gettext_lazy("The example below shows what each choice comes to."),
            "knows_orders_after": gettext_lazy(
                "Only where the source reserves. Longer is safer, and sells a little less."
            ),
            "counts_picks": gettext_lazy("Otherwise picks are kept for the record and shipments count."),
        }
        widgets = {"on_difference": forms.RadioSelect, "reserves": forms.RadioSelect}

    def __init__(self, *args: Any, capabilities: Capabilities, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, low, high in (
            ("pull_seconds", 30, 86_400),
            ("zero_percent", 0, 100),
            ("tolerance_percent", 0, 100),
            ("tolerance_units", 0, 1_000_000),
            ("knows_orders_after", 0, 86_400),
        ):
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label,
                help_text=self.fields[name].help_text,
                min_value=low,
                max_value=high,
                initial=getattr(self.instance, name),
            )
        if not capabilities.tells_reserved:
            del self.fields["reserves"], self.fields["knows_orders_after"]
        if not capabilities.sends_events or not capabilities.tells_shipments:
            del self.fields["counts_picks"]

    def keep(self, *, actor: str, now: datetime) -> bool:
        """Write what differs; tell whether it was accepted."""
        stored = Source.objects.get(pk=self.instance.pk)
        try:
            connecting.change(stored, actor=actor, now=now, **self.cleaned_data)
        except connecting.ConnectRefused as error:
            self.add_error("name", str(error))
            return False
        return True


class OptionsForm(forms.Form):
    """How a source of this kind is read."""

    def __init__(self, *args: Any, source: Source, capabilities: Capabilities, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for option in capabilities.options:
            self.fields[option.name] = _option(option, source.options.get(option.name, option.default))


class UploadForm(forms.Form):
    """A file of stock."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV in UTF-8 with the header sku,location,on_hand. Up to 100,000 lines."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("What the file is"),
        initial="partial",
        choices=[
            ("partial", gettext_lazy("Some of the stock: touch only the SKUs that it lists")),
            ("full", gettext_lazy("The whole stock: a SKU that it leaves out counts as 0")),
        ],
        widget=forms.RadioSelect,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than %(most)d MB.") % {"most": MAX_BYTES // 1024 // 1024})
        return file
