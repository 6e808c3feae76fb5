"""Files of counts: brought in, looked at, taken and undone."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.batches import reading, taking
from inventory.batches.models import CountBatch
from inventory.batches.tables import CountChangeTable, CountTable
from inventory.errors import LedgerError
from inventory.models import StockCount, Warehouse
from inventory.sheets import UnreadableSheet
from inventory.tables import arrange
from inventory.views import actor_of, done

LATEST = 10
PROBLEMS_SHOWN = 50


class CountFileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV or XLSX file"), widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv"})
    )
    warehouse = forms.ModelChoiceField(
        label=gettext_lazy("Warehouse of lines that name none"),
        queryset=Warehouse.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: every line names its own"),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        rows = Warehouse.objects.filter(kept_by="").order_by("priority", "code")
        field = self.fields["warehouse"]
        field.queryset = rows  # type: ignore[attr-defined]
        field.initial = rows.first() if len(rows[:2]) == 1 else None


@require_http_methods(["GET", "POST"])
def count_file(request: HttpRequest) -> HttpResponse:
    """Take a file of counts and show what it would change; nothing is counted yet."""
    form = CountFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            lines, problems = reading.read(file.read(), warehouse=form.cleaned_data["warehouse"])
        except (UnreadableSheet, reading.TooLong) as error:
            form.add_error("file", str(error))
        else:
            batch = taking.keep(
                lines,
                problems=problems,
                kind=CountBatch.Kind.FILE,
                name=file.name or _("Counts"),
                actor=actor_of(request.user),
                now=timezone.now(),
            )
            return redirect("inventory:count_batch", batch.pk)
    context = {
        "form": form,
        "batches": CountBatch.objects.exclude(state=CountBatch.State.DISCARDED).order_by("-pk")[:LATEST],
    }
    return render(request, "inventory/count_file.html", context, status=422 if form.errors else 200)


@require_GET
def count_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a batch: what it would do to the ledger, or what it has done."""
    batch = get_object_or_404(CountBatch, pk=pk)
    is_waiting = batch.state in {CountBatch.State.PREVIEW, CountBatch.State.TAKING}
    context: dict[str, object] = {
        "batch": batch,
        "is_waiting": is_waiting,
        "problems": batch.problems[:PROBLEMS_SHOWN],
        "problem_count": len(batch.problems),
    }
    if is_waiting:
        changes = taking.changes(batch)
        differing = [change for change in changes if change.difference]
        context |= {
            "counts": len(changes),
            "units": sum(change.after for change in changes),
            "raised": sum(1 for change in changes if change.difference > 0),
            "lowered": sum(1 for change in changes if change.difference < 0),
            "short": sum(1 for change in changes if change.available < 0),
            "same": len(changes) - len(differing),
            "table": arrange(request, CountChangeTable(changes)),
        }
    else:
        rows = StockCount.objects.filter(batch=batch).select_related("sku", "warehouse").order_by("sku__code", "pk")
        context |= {
            "counts": rows.count(),
            "units": taking.units_of(batch),
            "table": arrange(request, CountTable(rows)),
        }
    return render(request, "inventory/count_batch.html", context)


@require_POST
def count_batch_take(request: HttpRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(CountBatch, pk=pk)
    lines = len(batch.lines)
    try:
        was_taken = taking.take(batch, actor=actor_of(request.user), now=timezone.now())
    except LedgerError as error:
        messages.error(request, str(error))
    else:
        if was_taken:
            words = ngettext("%(n)d count is taken.", "%(n)d counts are taken.", lines)
            messages.success(request, words % {"n": lines})
        else:
            messages.error(request, _("It did not wait any more; nothing was changed."))
    return done(request, reverse("inventory:count_batch", args=[batch.pk]))


@require_POST
def count_batch_discard(request: HttpRequest, pk: int) -> HttpResponse:
    rows = CountBatch.objects.filter(pk=pk, state=CountBatch.State.PREVIEW)
    if rows.update(state=CountBatch.State.DISCARDED, ended_at=timezone.now(), lines=[]):
        messages.success(request, _("Discarded. Nothing was changed."))
    return done(request, reverse("inventory:count_file"))


@require_POST
def count_batch_undo(request: HttpRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(CountBatch, pk=pk)
    if not taking.undo(batch, actor=actor_of(request.user), now=timezone.now()):
        messages.error(request, _("It was not there to be undone any more; nothing was changed."))
    elif batch.kept:
        words = ngettext(
            "Undone, but for %(n)d count: its stock has changed since.",
            "Undone, but for %(n)d counts: their stock has changed since.",
            batch.kept,
        )
        messages.warning(request, words % {"n": batch.kept})
    else:
        messages.success(request, _("Undone. The ledger is as it was before."))
    return done(request, reverse("inventory:count_batch", args=[batch.pk]))
