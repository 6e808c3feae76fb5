"""What people type about channels and listings. A form checks shape; the domain decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels import mirror, modes, preferences
from channels.consent import Wish
from channels.contract import Capabilities, CredentialField
from channels.models import Channel, HoldBack, Listing, Location
from inventory.models import MAX_UNITS, Warehouse

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    _ChannelForm = forms.ModelForm[Channel]
else:
    _ChannelForm = forms.ModelForm

PLACES = (
    gettext_lazy("Orders take from"),
    gettext_lazy("Then from"),
    gettext_lazy("Third"),
    gettext_lazy("Fourth"),
    gettext_lazy("Fifth"),
    gettext_lazy("Sixth"),
    gettext_lazy("Seventh"),
    gettext_lazy("Eighth"),
)


class MappingFileForm(forms.Form):
    """A file of mappings to bring in."""

    file = forms.FileField(
        label=gettext_lazy("CSV or XLSX file"), widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv"})
    )
    makes_skus = forms.BooleanField(
        label=gettext_lazy("Make SKUs of codes that are nobody's yet"),
        required=False,
        help_text=gettext_lazy("Otherwise such a line is bad, which finds typing errors."),
    )


class PlacesForm(forms.Form):
    """The warehouses that feed a channel, in order: one select for each place, so that it works by keyboard alone."""

    def __init__(
        self,
        *args: Any,
        chosen: Sequence[int] = (),
        locations: Sequence[Location] = (),
        placed: Mapping[int, str] | None = None,
        is_sandbox: bool = False,
        **kwargs: Any,
    ) -> None:
        """``locations``: those of the platform; ``placed``: which of them each warehouse stands for, by its id.

        ``is_sandbox``: the channel is a simulated one, which sells from the sandbox's warehouses alone.
        """
        super().__init__(*args, **kwargs)
        self.has_locations = bool(locations)
        places = [
            (place.ref, place.name if place.is_usable else f"{place.name} ({place.unusable_reason})")
            for place in locations
        ]
        rows = Warehouse.objects.filter(is_sandbox=is_sandbox).order_by("priority", "code")
        self.warehouses = {warehouse.pk: warehouse for warehouse in rows}
        choices = [("", _("None")), *((str(pk), warehouse.name) for pk, warehouse in self.warehouses.items())]
        for number in range(self.places):
            self.fields[f"place_{number}"] = forms.ChoiceField(
                label=PLACES[number],
                choices=choices,
                required=False,
                initial=str(chosen[number]) if number < len(chosen) else "",
            )
            if self.has_locations:
                warehouse = chosen[number] if number < len(chosen) else 0
                self.fields[f"location_{number}"] = forms.ChoiceField(
                    label=_("… and stands for the store's location"),
                    choices=[("", _("Choose a location")), *places],
                    required=False,
                    initial=(placed or {}).get(warehouse, ""),
                )

    @property
    def places(self) -> int:
        return min(len(self.warehouses), len(PLACES))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        seen: set[str] = set()
        for number in range(self.places):
            pk = data.get(f"place_{number}", "")
            if pk and pk in seen:
                self.add_error(f"place_{number}", _("This warehouse is chosen already."))
            if pk and self.has_locations and not data.get(f"location_{number}"):
                self.add_error(
                    f"location_{number}", _("Choose the location: the store keeps a quantity at each of its own.")
                )
            seen.add(pk)
        return data

    @property
    def chosen(self) -> list[Warehouse]:
        """Return the warehouses in the order in which orders take from them."""
        picked = [self.cleaned_data.get(f"place_{number}", "") for number in range(self.places)]
        return [self.warehouses[int(pk)] for pk in picked if pk]

    @property
    def located(self) -> dict[int, str]:
        """Return the location that each chosen warehouse stands for, by the warehouse's id."""
        data = self.cleaned_data
        return {
            int(data[f"place_{number}"]): data.get(f"location_{number}", "")
            for number in range(self.places)
            if data.get(f"place_{number}")
        }


class WarehousesForm(PlacesForm):
    def keep(self, channel: Channel, *, actor: str, now: datetime) -> str:
        modes.set_warehouses(channel=channel, warehouses=self.chosen, locations=self.located, actor=actor, now=now)
        return _("Saved. Every quantity of the channel is worked out again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPart:
    """Some fields of a long form under one heading; ``is_folded``: what most people leave as it is."""

    title: str
    fields: Sequence[forms.BoundField]
    about: str = ""
    is_folded: bool = False

    @property
    def has_errors(self) -> bool:
        return any(bound.errors for bound in self.fields)


class ConnectForm(PlacesForm):
    """A new channel. Credentials and options are what the platform's capabilities ask for.

    ``kept`` is the token of a test whose secrets are still known, so that nobody types them twice and no page ever
    holds them.
    """

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("What your team calls this store.")
    )
    kept = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        capabilities: Capabilities,
        by_consent: bool,
        known: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.capabilities = capabilities
        self.known = known or {}
        # Most merchants have one warehouse, and a channel without any sells nothing.
        kwargs.setdefault(
            "chosen",
            list(
                Warehouse.objects.filter(is_sandbox=False).order_by("priority", "code").values_list("pk", flat=True)[:1]
            ),
        )
        super().__init__(*args, **kwargs)
        self.asked = _asked(capabilities, by_consent=by_consent)
        for credential in self.asked:
            self.fields[f"credential_{credential.name}"] = _credential(
                credential, is_required=by_consent or credential.is_required, is_kept=credential.name in self.known
            )
        self.fields["base_url"] = forms.URLField(
            label=capabilities.address_label or _("API address"),
            max_length=300,
            initial=capabilities.default_base_url,
            assume_scheme="https",
            help_text=capabilities.address_help or _("Leave it as it is unless you connect a simulator."),
        )
        self.fields.update(_options(capabilities, {}))

    @property
    def parts(self) -> list[FormPart]:
        """Return the fields under their headings, in the order in which a person knows the answers."""
        credentials = [self[f"credential_{credential.name}"] for credential in self.asked]
        places = [self[f"place_{number}"] for number in range(self.places)]
        options = [self[name] for name in self.fields if name.startswith("option_")]
        # Where every store has an address of its own, it is the first thing that a person knows of it.
        address = [self["base_url"]]
        own, at_last = (address, []) if self.capabilities.address_label else ([], address)
        return [
            FormPart(title=_("Store"), fields=[self["name"], *own, *credentials]),
            FormPart(
                title=_("Warehouses"),
                about=_("The channel sells the stock of these. An order takes from the first that has all of it."),
                fields=places,
            ),
            FormPart(
                title=_("How this store behaves"),
                about=_("What %(platform)s leaves open. The first choices fit most stores; change them at any time.")
                % {"platform": self.capabilities.name},
                fields=[*options, *at_last],
                is_folded=True,
            ),
        ]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if Channel.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is a channel of this name already."))
        return name

    @property
    def wish(self) -> Wish:
        data = self.cleaned_data
        given = {c.name: data[f"credential_{c.name}"].strip() or self.known.get(c.name, "") for c in self.asked}
        return Wish(
            name=data["name"],
            base_url=data["base_url"].rstrip("/"),
            credentials={name: value for name, value in given.items() if value},
            warehouses=tuple(warehouse.pk for warehouse in self.chosen),
            options={name.removeprefix("option_"): data[name] for name in data if name.startswith("option_")},
        )


class ReconnectForm(forms.Form):
    """New credentials for a channel; what is left empty stays as it is where the old one is still known."""

    def __init__(self, *args: Any, capabilities: Capabilities, old: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.old = old
        self.asked = _asked(capabilities, by_consent=False)
        for credential in self.asked:
            is_known = bool(old.get(credential.name)) and not credential.is_asked_again
            self.fields[credential.name] = _credential(credential, is_required=credential.is_required, is_kept=is_known)
            if is_known and not credential.is_secret:
                self.fields[credential.name].initial = old[credential.name]

    @property
    def credentials(self) -> dict[str, str]:
        given = {name: str(value).strip() for name, value in self.cleaned_data.items() if value}
        # What nobody was asked for, a scope or a token that was renewed, belongs to the old ones.
        kept = {credential.name: self.old[credential.name] for credential in self.asked if credential.name in self.old}
        return {**kept, **given}


class OptionsForm(forms.Form):
    def __init__(self, *args: Any, capabilities: Capabilities, channel: Channel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_options(capabilities, channel.options))

    def keep(self, channel: Channel, *, actor: str, now: datetime) -> str:
        options = {name.removeprefix("option_"): value for name, value in self.cleaned_data.items()}
        preferences.set_options(channel=channel, options=options, actor=actor)
        return _("Saved. Orders are read this way from now on.")


class PaceForm(_ChannelForm):
    class Meta:
        model = Channel
        fields = ["name", "tags", "poll_seconds", "breaker_percent", "breaker_zeros"]
        labels = {
            "name": gettext_lazy("Name"),
            "tags": gettext_lazy("Tags"),
            "poll_seconds": gettext_lazy("Seconds between order polls"),
            "breaker_percent": gettext_lazy("Stop and ask when a wave changes more than this share of listings (%)"),
            "breaker_zeros": gettext_lazy("Stop and ask when more listings than this would go to zero at once"),
        }
        help_texts = {
            "tags": gettext_lazy("Words, separated by commas. An emergency stop can take all channels of one tag."),
            "poll_seconds": gettext_lazy("Polls find the sales whose webhook never came. 60 or more."),
            "breaker_percent": gettext_lazy("Waves of up to 100 listings always go out."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The limits that the database knows, said in words before it has to.
        for name, low, high in (("poll_seconds", 60, 86_400), ("breaker_percent", 1, 100), ("breaker_zeros", 0, 10**6)):
            self.fields[name].validators += [MinValueValidator(low), MaxValueValidator(high)]
            self.fields[name].widget.attrs.update(min=low, max=high)

    def keep(self, channel: Channel, *, actor: str, now: datetime) -> str:
        # The form has written into its instance; the row as it stands is what the trail compares with.
        stored = Channel.objects.get(pk=channel.pk)
        preferences.set_pace(channel=stored, values=self.cleaned_data, actor=actor, now=now)
        return _("Saved.")


class HoldBackForm(forms.Form):
    """Units kept from one channel or one listing; an empty field inherits."""

    units = forms.IntegerField(
        label=gettext_lazy("Units kept from it"), required=False, min_value=0, max_value=MAX_UNITS
    )

    def __init__(
        self, *args: Any, inherited: str = "", channel: Channel | None = None, listing: Listing | None = None, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.channel, self.listing = channel, listing
        rows = HoldBack.objects.filter(channel=channel, listing=listing, sku=None)
        self.fields["units"].initial = rows.values_list("units", flat=True).first()
        self.fields["units"].help_text = inherited

    def keep(self, channel: Channel, *, actor: str, now: datetime) -> str:
        modes.set_hold_back(
            units=self.cleaned_data["units"], actor=actor, now=now, channel=self.channel, listing=self.listing
        )
        if self.cleaned_data["units"] is None:
            return _("Saved: the hold-back is inherited.")
        return _("Saved: %(units)d kept back.") % {"units": self.cleaned_data["units"]}


class MirrorForm(forms.Form):
    """Show the stock that the platform holds as a warehouse."""

    code = forms.CharField(
        label=gettext_lazy("Code of the new warehouse"),
        max_length=50,
        help_text=gettext_lazy("Nobody changes its stock here. It may feed other channels, if you choose it there."),
    )

    def keep(self, channel: Channel, *, actor: str, now: datetime) -> str:
        warehouse = mirror.start(channel=channel, code=self.cleaned_data["code"].strip(), actor=actor, now=now)
        return _("%(warehouse)s is made. Its stock is read now and every quarter of an hour.") % {
            "warehouse": warehouse
        }

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).strip()
        if Warehouse.objects.filter(code=code).exists():
            raise forms.ValidationError(_("There is a warehouse with this code already."))
        return code


def _asked(capabilities: Capabilities, *, by_consent: bool) -> list[CredentialField]:
    """Return the credentials that one way of connecting asks for."""
    return [field for field in capabilities.credentials if (field.for_consent if by_consent else field.for_token)]


def _credential(credential: CredentialField, *, is_required: bool, is_kept: bool) -> forms.Field:
    if credential.choices:
        return forms.ChoiceField(
            label=credential.label,
            help_text=credential.help,
            required=is_required,
            choices=[("", _("Choose")), *credential.choices],
        )
    attrs: dict[str, str | StrPromise] = {"autocomplete": "off", "spellcheck": "false"}
    if is_kept and credential.is_secret:
        attrs["placeholder"] = _("Known; leave empty to keep it")
    # Never drawn again with its value: PasswordInput leaves it out of the page.
    widget = forms.PasswordInput(attrs=attrs) if credential.is_secret else forms.TextInput(attrs=attrs)
    return forms.CharField(
        label=credential.label,
        help_text=credential.help,
        required=is_required and not (is_kept and credential.is_secret),
        max_length=2500,  # Amazon's tokens are long
        widget=widget,
    )


def _options(capabilities: Capabilities, current: Mapping[str, str]) -> dict[str, forms.Field]:
    return {
        f"option_{option.name}": forms.ChoiceField(
            label=option.label,
            help_text=option.help,
            choices=option.choices,
            initial=current.get(option.name, option.default),
        )
        for option in capabilities.options
        if settings.ALLOW_PRIVATE_HOSTS or not option.is_for_simulators
    }
