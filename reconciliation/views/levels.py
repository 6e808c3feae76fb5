"""Tolerances and hold-backs in one table: edited in place, in bulk, by file; the effect is seen before it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.hold_backs import Scope
from channels.models import Channel, Listing
from inventory import formats, sheets
from inventory.models import Sku
from inventory.paging import LongPaginator
from inventory.views import actor_of, done, form_page
from reconciliation import grid
from reconciliation import levels as table
from reconciliation.levels import FIELDS, Invalid, MovedMeanwhile, Values
from reconciliation.models import LevelDraft, Tolerance
from reconciliation.views import rooms

PAGE_SIZE = 50
CHANGES_SHOWN = 100
WORDS = {
    "hold_back": gettext_lazy("Hold-back"),
    "over_units": gettext_lazy("Too much, units"),
    "over_percent": gettext_lazy("Too much, %"),
    "under_units": gettext_lazy("Too little, units"),
    "under_percent": gettext_lazy("Too little, %"),
    "policy": gettext_lazy("Within it"),
}


class LevelFilter(forms.Form):
    """Which SKUs or listings the table shows."""

    q = forms.CharField(
        label=gettext_lazy("Search"), required=False, max_length=200, widget=forms.TextInput(attrs={"type": "search"})
    )
    level = forms.ChoiceField(
        label=gettext_lazy("Level"),
        required=False,
        choices=[("", gettext_lazy("SKUs")), ("listing", gettext_lazy("Listings"))],
    )
    channel = forms.ModelChoiceField(
        Channel.objects.none(), label=gettext_lazy("Channel"), required=False, empty_label=gettext_lazy("Any")
    )
    show = forms.ChoiceField(
        label=gettext_lazy("Show"),
        required=False,
        choices=[("", gettext_lazy("Exceptions only")), ("all", gettext_lazy("All"))],
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        field = self.fields["channel"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 — for the type checker
        field.queryset = Channel.objects.filter(disconnected_at=None).order_by("name")
        self.full_clean()

    @property
    def is_listings(self) -> bool:
        return bool(self.cleaned_data.get("level") == "listing")

    def rows(self) -> Any:
        """Return the SKUs or listings that the filter means."""
        words, is_set = self.cleaned_data.get("q", ""), self.cleaned_data.get("show") != "all"
        if self.is_listings:
            return grid.listings(words=words, channel=self.cleaned_data.get("channel"), is_set=is_set)
        return grid.skus(words=words, is_set=is_set)

    def scopes(self) -> list[Scope]:
        """Return the scopes of all rows, one more than may be changed at once."""
        ids = self.rows().values_list("pk", flat=True)[: table.MOST + 1]
        return [Scope(listing_id=pk) if self.is_listings else Scope(sku_id=pk) for pk in ids]


@require_GET
def levels(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, problems: dict[str, str] | None = None) -> HttpResponse:
    """Draw the table; ``problems`` are by the names of the inputs, whose typed texts are drawn again."""
    narrowed = LevelFilter(request.GET)
    page = LongPaginator(narrowed.rows(), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = grid.of_listings(list(page)) if narrowed.is_listings else grid.of_skus(list(page))
    context = {
        "tabs": rooms.tabs("levels"),
        "filter": {"form": narrowed},
        "broad": _inputs(grid.broad(), request, problems or {}),
        "rows": _inputs(rows, request, problems or {}),
        "page": page,
        "is_listings": narrowed.is_listings,
        "is_filtered": any(request.GET.get(name) for name in ("q", "channel")),
        "shows_all": narrowed.cleaned_data.get("show") == "all",
        "words": WORDS,
        "policies": Tolerance.Policy.choices,
        "query": request.GET.urlencode(),
        "problems": problems,
    }
    return render(request, "reconciliation/levels.html", context, status=422 if problems else 200)


def _inputs(rows: list[grid.Row], request: HttpRequest, problems: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows with what stands in each input."""
    policies = dict(Tolerance.Policy.choices)
    drawn = []
    for row in rows:
        cells = []
        for cell in row.cells:
            name = f"{row.key}.{cell.name}"
            own = "" if cell.own is None else str(cell.own)
            inherited = policies.get(str(cell.inherited), cell.inherited) if cell.name == "policy" else cell.inherited
            cells.append(
                {
                    "name": name,
                    "field": cell.name,
                    "label": WORDS[cell.name],
                    "value": request.POST.get(name, own) if request.method == "POST" else own,
                    "was": own,
                    "inherited": "…" if inherited is None else inherited,
                    "origin": "" if cell.own is not None or cell.is_default else cell.origin,
                    "problem": problems.get(name, ""),
                }
            )
        drawn.append({"row": row, "cells": cells, "was": "|".join(str(cell["was"]) for cell in cells)})
    return drawn


@require_POST
def edit(request: HttpRequest) -> HttpResponse:
    """Take what was typed into the table, and lead to what it would do."""
    problems: dict[str, str] = {}
    wanted: dict[Scope, Values] = {}
    for name in request.POST:
        key, mark, rest = name.partition(".was")
        scope = grid.scope_of(key) if mark and not rest else None
        if scope is None:
            continue
        before = request.POST[name].split("|")
        values: Values = {}
        for field, was in zip(FIELDS, before, strict=False):
            text = request.POST.get(f"{key}.{field}", was).strip()
            if text == was:
                continue
            try:
                values[field] = table.parse(field, text)
            except Invalid as problem:
                problems[f"{key}.{field}"] = str(problem)
        if values:
            wanted[scope] = values
    if problems:
        return _page(request, problems)
    return _draft(request, _existing(wanted), _("Edited in the table"))


def _existing(wanted: dict[Scope, Values]) -> dict[Scope, Values]:
    """Leave out scopes whose row is gone."""
    models = {"channel_id": Channel, "sku_id": Sku, "listing_id": Listing}
    known: dict[str, set[int]] = {}
    for name, model in models.items():
        asked = [pk for scope in wanted if (pk := getattr(scope, name)) is not None]
        known[name] = set(model._default_manager.filter(pk__in=asked).values_list("pk", flat=True))
    return {
        scope: values
        for scope, values in wanted.items()
        if all(getattr(scope, name) is None or getattr(scope, name) in pks for name, pks in known.items())
    }


def _draft(request: HttpRequest, wanted: dict[Scope, Values], title: str) -> HttpResponse:
    changes = table.changes(wanted)
    return _review_of(request, changes, title)


def _review_of(request: HttpRequest, changes: list[table.Change], title: str) -> HttpResponse:
    if not changes:
        messages.info(request, _("Nothing would change: it says so already."))
        return done(request, _back(request))
    draft = table.draft(changes, title=title, user_id=rooms.user_id(request), now=timezone.now())
    return done(request, reverse("reconciliation:levels_review", args=[draft.pk]))


def _back(request: HttpRequest) -> str:
    query = request.GET.urlencode()
    return reverse("reconciliation:levels") + (f"?{query}" if query else "")


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a draft would change; save it, or drop it."""
    draft = LevelDraft.objects.filter(pk=pk, user=request.user.pk).first()
    if draft is None:
        messages.info(request, _("These changes were saved or dropped already."))
        return redirect("reconciliation:levels")
    if request.method == "POST" and "drop" in request.POST:
        draft.delete()
        return redirect("reconciliation:levels")
    if request.method == "POST":
        try:
            kept = table.keep(draft, actor=actor_of(request.user), now=timezone.now())
        except MovedMeanwhile as problem:
            draft.delete()
            messages.warning(request, str(problem))
        else:
            words = ngettext("Saved for %(n)d place.", "Saved for %(n)d places.", kept)
            messages.success(request, words % {"n": kept})
        return redirect("reconciliation:levels")
    changes = table.drafted(draft)
    context = {
        "draft": draft,
        "tabs": rooms.tabs("levels"),
        "outlook": table.outlook(changes),
        "total": len(changes),
        "fields": [(name, WORDS[name]) for name in table.fields_of(changes)],
        "changes": _named(changes[:CHANGES_SHOWN]),
    }
    return render(request, "reconciliation/levels_review.html", context)


def _named(changes: list[table.Change]) -> list[tuple[str, str, list[tuple[Any, str, str]]]]:
    """Return the changes with the names of their scopes, and what is said before and after in words."""
    scopes = [change.scope for change in changes]
    channels = Channel.objects.only("name").in_bulk([s.channel_id for s in scopes if s.channel_id])
    skus = Sku.objects.in_bulk([s.sku_id for s in scopes if s.sku_id])
    found = Listing.objects.select_related("channel").in_bulk([s.listing_id for s in scopes if s.listing_id])
    named = []
    for change in changes:
        scope = change.scope
        if scope.listing_id:
            name, note = str(found[scope.listing_id]), found[scope.listing_id].channel.name
        elif scope.sku_id:
            name, note = skus[scope.sku_id].code, skus[scope.sku_id].name
        else:
            name, note = (channels[scope.channel_id].name if scope.channel_id else _("Everything")), ""
        pairs = [
            (WORDS[field], _word(field, change.before[field]), _word(field, value))
            for field, value in change.after.items()
        ]
        named.append((name, note, pairs))
    return named


def _word(field: str, value: table.Value) -> str:
    if value is None:
        return _("inherited")
    if field == "policy":
        return str(Tolerance.Policy(str(value)).label)
    return f"{value} %" if field in table.PERCENTS else formats.number(int(value))


class ManyForm(forms.Form):
    """One value for every row that matches: each field is left, set or made to inherit."""

    DO = (("", gettext_lazy("Leave as it is")), ("set", gettext_lazy("Set to")), ("clear", gettext_lazy("Inherit")))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in FIELDS:
            self.fields[f"{name}_do"] = forms.ChoiceField(label=WORDS[name], choices=self.DO, required=False)
            if name == "policy":
                self.fields[name] = forms.ChoiceField(
                    label=gettext_lazy("Value"), choices=Tolerance.Policy.choices, required=False
                )
            else:
                self.fields[name] = forms.CharField(
                    label=gettext_lazy("Value"),
                    required=False,
                    max_length=15,
                    widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
                )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        values: Values = {}
        for name in FIELDS:
            if data.get(f"{name}_do") == "clear":
                values[name] = None
            elif data.get(f"{name}_do") == "set":
                try:
                    values[name] = table.parse(name, data.get(name) or "")
                except Invalid as problem:
                    self.add_error(name, str(problem))
                else:
                    if values[name] is None:
                        self.add_error(name, _("Say the value."))
        if not values and not self.errors:
            raise forms.ValidationError(_("Choose at least one value to set or to inherit."))
        data["values"] = values
        return data

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"{name}_do"], self[name]) for name in FIELDS]


@require_http_methods(["GET", "POST"])
def edit_many(request: HttpRequest) -> HttpResponse:
    """Change every row that the filter shows."""
    narrowed = LevelFilter(request.GET)
    scopes = narrowed.scopes()
    if len(scopes) > table.MOST:
        words = _("More than %(most)s rows match: narrow the filter.")
        messages.warning(request, words % {"most": formats.number(table.MOST)})
        return done(request, _back(request))
    form = ManyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        title = ngettext("One value for %(n)d row", "One value for %(n)d rows", len(scopes)) % {"n": len(scopes)}
        return _draft(request, dict.fromkeys(scopes, form.cleaned_data["values"]), title)
    context = {"rows": len(scopes), "is_listings": narrowed.is_listings, "back": _back(request)}
    return form_page(request, "reconciliation/levels_many.html", form, context)


@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Answer what the filter shows, with everything and the channels on top, as a file that can be brought in again."""
    if kind not in {"csv", "xlsx"}:
        return redirect(_back(request))
    try:
        return sheets.answer(
            f"levels-{timezone.localdate():%Y-%m-%d}",
            kind,
            grid.HEADERS,
            grid.exported(_scopes(LevelFilter(request.GET))),
        )
    except sheets.TooLarge as problem:
        messages.error(request, str(problem))
        return redirect(_back(request))


def _scopes(narrowed: LevelFilter) -> Iterator[tuple[Scope, list[str]]]:
    yield Scope(), ["everything", "", "", ""]
    for channel in Channel.objects.filter(disconnected_at=None).only("name").order_by("name"):
        yield Scope(channel_id=channel.pk), ["channel", channel.name, "", ""]
    for row in narrowed.rows().iterator(chunk_size=2000):
        if narrowed.is_listings:
            code = row.sku.code if row.sku else ""
            yield Scope(listing_id=row.pk), ["listing", row.channel.name, code, row.ref]
        else:
            yield Scope(sku_id=row.pk), ["sku", "", row.code, ""]


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("As it is exported here. An empty cell inherits; lines that are not in it stay."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )


@require_http_methods(["GET", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    """Take a file, and lead to what it would change; of a file with a mistake nothing is taken."""
    form = FileForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    more = 0
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            if upload.size > sheets.MAX_BYTES:
                raise sheets.UnreadableSheet(
                    _("The file is larger than %(most)d MB.") % {"most": sheets.MAX_BYTES >> 20}
                )
            changes = grid.brought_in(upload.read())
        except sheets.UnreadableSheet as problem:
            form.add_error("file", str(problem))
        except grid.Refused as problem:
            form.add_error("file", str(problem))
            problems, more = list(problem.problems), problem.total - len(problem.problems)
        else:
            return _review_of(request, changes, _("From the file %(name)s") % {"name": upload.name[:100]})
    context = {"problems": problems, "more": more, "headers": ", ".join(grid.HEADERS), "tabs": rooms.tabs("levels")}
    return form_page(request, "reconciliation/levels_import.html", form, context)
