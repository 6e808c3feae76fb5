"""What people type about themselves and about each other."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.roles import SENTENCES, Role
from dashboard.models import User

ROLE_CHOICES = [(role.value, role.label) for role in Role]


class RoleField(forms.ChoiceField):
    """One of the roles; the page explains each."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("Role"),
            choices=lambda: [(role.value, f"{role.label}. {SENTENCES[role]}") for role in Role],
            widget=forms.RadioSelect,
            **kwargs,
        )


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "off"}),
        help_text=gettext_lazy("They get a link that works once, within a week. You can also hand it over yourself."),
    )
    role = RoleField(initial=Role.OPERATOR)


class RoleForm(forms.Form):
    role = RoleField()


class JoinForm(forms.ModelForm):  # type: ignore[type-arg]
    """The account of somebody who was invited."""

    password1 = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 8 characters, and not a common one."),
    )
    password2 = forms.CharField(
        label=gettext_lazy("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "username"]
        labels = {"username": gettext_lazy("Username")}
        help_texts = {"username": gettext_lazy("Letters, digits and @ . + - _. The trail names you by it.")}
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name", "autofocus": True}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "username": forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        first, second = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ."))
        elif first:
            try:
                validate_password(first, self.instance)
            except forms.ValidationError as error:
                self.add_error("password1", error)
        return cleaned


def _zones() -> list[tuple[str, str]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person's name and address, and how they read times and numbers."""

    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=_zones, required=False)
    password = forms.CharField(
        label=gettext_lazy("Current password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("Only to change the email: a new password can be asked for there."),
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email", "time_zone", "date_style", "number_style"]
        labels = {"email": gettext_lazy("Email")}
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    field_order = ["first_name", "last_name", "email", "password", "time_zone", "date_style", "number_style"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email_before = self.instance.email

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Somebody else here has this address."))
        return email

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        changes = self.cleaned_data.get("email", self.email_before) != self.email_before
        if changes and not self.instance.check_password(self.cleaned_data.get("password") or ""):
            self.add_error("password", _("Type your current password to change the email."))
        return cleaned
