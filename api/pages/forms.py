"""What people type about endpoints and tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from api.permissions import SCOPES, scopes_for
from api.webhooks.endpoints import URL_LENGTH, RefusedEndpoint
from api.webhooks.kinds import CHOICES, KINDS, Kind

GROUPS = (
    (_("Stock"), "stock."),
    (_("Orders"), "order."),
    (_("Channels"), ("channel.", "sync.")),
    (_("Discrepancies"), "discrepancy."),
    (_("Shops"), "sale."),
)


class EndpointForm(forms.Form):
    """An address, what people call it, and the events that it wants."""

    url = forms.CharField(
        label=_("Address"),
        max_length=URL_LENGTH,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off", "autofocus": True}),
        help_text=_("Gets a POST for each event. A 2xx within 15 seconds counts as received."),
    )
    name = forms.CharField(
        label=_("Name"), max_length=100, required=False, help_text=_("What you know it by, for example Zapier.")
    )
    kinds = forms.MultipleChoiceField(
        label=_("Events"),
        choices=CHOICES,
        error_messages={"required": _("Choose at least one event.")},
    )

    def groups(self) -> Iterator[tuple[Any, list[tuple[Kind, bool]]]]:
        """Give the kinds by what they are about, each with whether it is chosen."""
        chosen = set(self["kinds"].value() or ())
        for label, beginnings in GROUPS:
            yield label, [(kind, kind.code in chosen) for kind in KINDS.values() if kind.code.startswith(beginnings)]

    def refuse(self, error: RefusedEndpoint) -> None:
        self.add_error(error.field or None, str(error))


class TokenForm(forms.Form):
    """A token's name and what it may do."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
        help_text=_("Who will use it, so that you know which one to revoke."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
        help_text=_("Grant only what the program needs. It can never do more than your role."),
    )

    def __init__(self, *args: Any, user: object, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - narrows the type
        field.choices = [(scope, f"{SCOPES[scope][:1].upper()}{SCOPES[scope][1:]}") for scope in scopes_for(user)]

    @property
    def chosen(self) -> Sequence[str]:
        return [scope for scope in SCOPES if scope in self.cleaned_data["scopes"]]
