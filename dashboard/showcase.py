"""The component page: every part of the design system once, with values made up for it, for review and screenshots."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from dashboard import icons, states
from inventory.tables import ListTable, NumberColumn, TextColumn


class ExampleForm(forms.Form):
    units = forms.IntegerField(label=_("Units"), help_text=_("A minus takes units off."))
    reason = forms.CharField(label=_("Reason"), required=False)
    warehouse = forms.ChoiceField(label=_("Warehouse"), choices=[("main", "Main"), ("back", "Back room")])
    kind = forms.ChoiceField(
        label=_("Units are"), choices=[("yes", _("Sellable")), ("no", _("Unsellable"))], widget=forms.RadioSelect
    )
    confirm = forms.BooleanField(label=_("Tell every channel at once"))


class ExampleTable(ListTable):
    code = TextColumn(verbose_name=_("Code"))
    name = TextColumn(verbose_name=_("Name"))
    on_hand = NumberColumn(verbose_name=_("On hand"))
    available = NumberColumn(verbose_name=_("Available"))

    row_header = "code"
    caption = _("Example SKUs")


@require_GET
def components(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    rows = [
        {"code": "TEE-BLK-M", "name": "T-shirt, black, M", "on_hand": 1240, "available": 1192},
        {"code": "MUG-11OZ", "name": "Mug, 11 oz", "on_hand": 3, "available": -2},
        {"code": "CAP-NVY", "name": "Cap, navy", "on_hand": 0, "available": 0},
    ]
    context = {
        "icons": sorted(icons.SHAPES),
        "states": [(code, code.replace("-", " ").capitalize()) for code in states.LOOKS],
        "form": ExampleForm({"units": "", "warehouse": "main", "kind": "yes"}),
        "table": ExampleTable(rows),
        "empty_table": ExampleTable([]),
        "moments": [now - timedelta(seconds=s) for s in (2, 42, 700, 9_000, 200_000, 3_000_000)],
        "tabs": [
            {"label": _("Stock"), "url": "?tab=stock", "is_current": True, "count": None},
            {"label": _("Movements"), "url": "?tab=movements", "is_current": False, "count": 128},
        ],
    }
    return render(request, "dashboard/components.html", context)
