"""What a person fills in to decide: one form per verb, for one row and for many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Sku, Warehouse
from reconciliation.models import Discrepancy
from reconciliation.verbs import Choice
from reconciliation.words import Verb

NEEDS_WAREHOUSE = {Verb.TAKE_THEIRS, Verb.RECOUNT}
NEEDS_REASON = {Verb.TAKE_THEIRS, Verb.IGNORE}
RESTS = (1, 3, 7, 28)  # days


class DecideForm(forms.Form):
    """What one verb needs. ``version`` is that of the discrepancy as the person sees it."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(self, data: Any = None, *, verb: Verb, rows: Sequence[Discrepancy], **kwargs: Any) -> None:
        initial = {"version": rows[0].version if rows else 0, **kwargs.pop("initial", {})}
        super().__init__(data, initial=initial, **kwargs)
        self.verb = verb
        if verb in NEEDS_WAREHOUSE:
            self._ask_for_a_warehouse(rows)
        if verb == Verb.SNOOZE:
            self._ask_until()
        if verb == Verb.CHANGE_MAPPING:
            self._ask_for_a_sku(rows)
        if verb in {*NEEDS_REASON, Verb.RECOUNT}:
            self.fields["reason"] = forms.CharField(
                label=gettext_lazy("Reason"),
                max_length=300,
                required=verb in NEEDS_REASON,
                help_text=_REASON_HELP[verb],
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )

    def _ask_for_a_warehouse(self, rows: Sequence[Discrepancy]) -> None:
        own = {row.warehouse_id for row in rows}
        channels = {row.channel_id for row in rows if row.channel_id is not None}
        known = Warehouse.objects.filter(pk__in=[pk for pk in own if pk is not None])
        choices = (Warehouse.objects.filter(feeds__channel__in=channels) | known).distinct()
        field = forms.ModelChoiceField(
            choices.order_by("priority", "code"),
            label=gettext_lazy("Warehouse"),
            required=False,
            empty_label=gettext_lazy("Each one's own") if len(rows) > 1 else gettext_lazy("Choose"),
        )
        if len(rows) == 1:
            only = rows[0].warehouse or (choices.first() if choices.count() == 1 else None)
            field.initial = only.pk if only else None
        self.fields["warehouse"] = field

    def _ask_until(self) -> None:
        today = timezone.localdate()
        self.fields["until"] = forms.ChoiceField(
            label=gettext_lazy("Until"),
            choices=[*((str(days), _rest_label(today, days)) for days in RESTS), ("on", _("Another day"))],
            initial="3",
        )
        self.fields["on"] = forms.DateField(
            label=gettext_lazy("Another day"),
            required=False,
            widget=forms.DateInput(attrs={"type": "date", "min": (today + timedelta(days=1)).isoformat()}),
        )

    def _ask_for_a_sku(self, rows: Sequence[Discrepancy]) -> None:
        proposed = rows[0].proposed_sku if len(rows) == 1 else None
        self.fields["sku"] = forms.CharField(
            label=gettext_lazy("SKU that it sells"),
            max_length=200,
            initial=proposed.code if proposed else "",
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        )

    def clean_sku(self) -> Sku:
        code = self.cleaned_data["sku"].strip()
        rows = Sku.objects.filter(code__iexact=code)
        found: Sku | None = rows.filter(code=code).first() or rows.first()
        if found is None:
            raise forms.ValidationError(_("There is no SKU “%(code)s”.") % {"code": code})
        return found

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.verb == Verb.SNOOZE and data.get("until") == "on" and not data.get("on") and "on" not in self.errors:
            self.add_error("on", _("Say which day."))
        return data

    def choice(self, *, version: int) -> Choice:
        """Return what was chosen, for a row of that version."""
        data = self.cleaned_data
        return Choice(
            verb=self.verb,
            version=version,
            warehouse=data.get("warehouse"),
            reason=data.get("reason", ""),
            until=_until(data),
            sku=data.get("sku"),
        )

    def draft(self, *, version: int) -> Choice:
        """Return the choice as far as it is made: what a preview is drawn from before anything is filled in."""
        self.full_clean()
        data = getattr(self, "cleaned_data", {})
        warehouse, sku = data.get("warehouse"), data.get("sku")
        if not self.is_bound:
            warehouse = self._initial("warehouse", Warehouse.objects.all(), "pk")
            sku = self._initial("sku", Sku.objects.all(), "code")
            data = {"until": "3"}
        return Choice(
            verb=self.verb,
            version=version,
            warehouse=warehouse,
            reason=data.get("reason") or "…",
            until=_until(data) if self.verb == Verb.SNOOZE else None,
            sku=sku,
        )

    def _initial(self, name: str, rows: Any, key: str) -> Any:
        value = self.fields[name].initial if name in self.fields else None
        return rows.filter(**{key: value}).first() if value else None


def _until(data: dict[str, Any]) -> datetime | None:
    """Return the morning of the day on which it comes back."""
    chosen = data.get("until")
    if not chosen:
        return None
    day: date | None = data.get("on") if chosen == "on" else timezone.localdate() + timedelta(days=int(chosen))
    return timezone.make_aware(datetime.combine(day, time(6))) if day else None


def _rest_label(today: date, days: int) -> str:
    day = date_format(today + timedelta(days=days), "D j M")
    words = {1: _("Tomorrow, %s"), 7: _("A week, %s"), 28: _("Four weeks, %s")}
    return words.get(days, _("%(days)d days, %%s") % {"days": days}) % day


_REASON_HELP = {
    Verb.TAKE_THEIRS: gettext_lazy("Stands in the ledger: “Sold over the counter”, “Counted in the store”."),
    Verb.IGNORE: gettext_lazy("For whoever wonders later: “The store keeps a display piece”."),
    Verb.RECOUNT: gettext_lazy("For whoever counts."),
}


class NoteForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Note"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), strip=True
    )
