"""Runs: how the nights went, one run in detail, and starting, stopping and allowing one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, ExpressionWrapper, F, Q
from django.db.models import DurationField as Duration
from django.db.models.functions import TruncWeek
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.models import Channel
from inventory.models import Sku
from inventory.tables import list_page
from inventory.views import actor_of, done, form_page
from reconciliation import chart, runs
from reconciliation import schedule as schedules
from reconciliation.filters import FindingFilter, RunFilter
from reconciliation.models import Discrepancy, Run, Schedule
from reconciliation.tables import FindingTable, RunTable
from reconciliation.views import rooms
from reconciliation.views.batches import chosen

WEEKS = 12


@require_GET
def run_list(request: HttpRequest) -> HttpResponse:
    took = ExpressionWrapper(F("ended_at") - F("started_at"), output_field=Duration())
    filtered = RunFilter(request.GET, Run.objects.all().for_list().annotate(took=took).order_by("-pk"))
    table = RunTable(
        filtered.qs,
        empty_text=_("Every night each channel is read and compared with the ledger; you can start a run any time."),
    )
    table.empty_url = reverse("reconciliation:run_new")
    is_part = bool(getattr(request, "htmx", False))
    context: dict[str, Any] = {"tabs": rooms.tabs("runs"), "schedule": schedules.current(now=timezone.now())}
    if not is_part:
        weeks = weeks_by_channel(today=timezone.localdate())
        top = chart.top_of([found for _channel, found in weeks])
        context["charts"] = [(channel, found, chart.bars(found, top=top)) for channel, found in weeks]
        context["running"] = running()
        context["asking"] = list(Run.objects.all().for_list().filter(state=Run.State.SUSPICIOUS))
    return list_page(request, "reconciliation/run_list.html", filterset=filtered, table=table, context=context)


def running() -> list[Run]:
    return list(Run.objects.all().for_list().filter(state=Run.State.RUNNING))


def weeks_by_channel(*, today: date) -> list[tuple[Channel, list[chart.Week]]]:
    """Return what was found on each connected channel in each of the last weeks; the running week is the last."""
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    start = timezone.make_aware(datetime.combine(first, time()))
    channels = list(Channel.objects.filter(disconnected_at=None).only("name", "uuid").order_by("name"))
    rows = (
        Discrepancy.objects.filter(channel__in=channels, first_seen_at__gte=start)
        .annotate(week=TruncWeek("first_seen_at"))
        .order_by()
        .values("channel_id", "week")
        .annotate(all=Count("channel"), healed=Count("channel", filter=Q(state=Discrepancy.State.HEALED)))
    )
    found = {(row["channel_id"], timezone.localtime(row["week"]).date()): row for row in rows}
    days = [first + timedelta(weeks=number) for number in range(WEEKS)]
    return [
        (
            channel,
            [
                chart.Week(
                    starts_on=day,
                    healed=found[channel.pk, day]["healed"] if (channel.pk, day) in found else 0,
                    waiting=found[channel.pk, day]["all"] - found[channel.pk, day]["healed"]
                    if (channel.pk, day) in found
                    else 0,
                )
                for day in days
            ],
        )
        for channel in channels
    ]


@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    row: Run = get_object_or_404(Run.objects.all().for_list(), pk=pk)
    if getattr(request, "htmx", False) and request.htmx.target == "progress":  # type: ignore[attr-defined]
        response = render(request, "reconciliation/_progress.html", {"run": row})
        patch_vary_headers(response, ["HX-Request"])
        if row.state != Run.State.RUNNING:
            response["HX-Refresh"] = "true"
        return response
    findings = FindingFilter(
        request.GET, row.findings.select_related("listing__sku", "discrepancy").order_by("state", "pk")
    )
    table = FindingTable(findings.qs)
    context = {"run": row, "tabs": rooms.tabs("runs"), "spent": _spent(row)}
    return list_page(request, "reconciliation/run.html", filterset=findings, table=table, context=context)


def _spent(row: Run) -> list[tuple[str, timedelta]]:
    """Return what the time went into."""
    parts = (
        (_("Waiting for the platform"), row.waiting_seconds),
        (_("Parsing"), row.parsing_seconds),
        (_("Comparing"), row.comparing_seconds),
        (_("Writing"), row.writing_seconds),
        (_("Looking again"), row.confirming_seconds),
    )
    return [(label, timedelta(seconds=seconds)) for label, seconds in parts]


class RunForm(forms.Form):
    """Which part to compare: every channel, one, or one SKU wherever it is sold."""

    channel = forms.ModelChoiceField(
        Channel.objects.none(), label=gettext_lazy("Channel"), required=False, empty_label=gettext_lazy("All channels")
    )
    sku = forms.CharField(
        label=gettext_lazy("Only this SKU"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channel"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 — for the type checker
        field.queryset = Channel.objects.filter(disconnected_at=None).order_by("name")

    def clean_sku(self) -> Sku | None:
        code = self.cleaned_data["sku"].strip()
        found: Sku | None = Sku.objects.filter(code__iexact=code).first() if code else None
        if code and found is None:
            raise forms.ValidationError(_("There is no SKU “%(code)s”.") % {"code": code})
        return found

    def start(self, *, actor: str) -> list[Run]:
        """Begin the runs that were asked for. Raises CantStart."""
        now = timezone.now()
        channel, sku = self.cleaned_data["channel"], self.cleaned_data["sku"]
        if sku is not None:
            listings = sku.listings.filter(channel=channel) if channel else sku.listings.all()
            return runs.start_selection(listings=list(listings.order_by("pk")), requested_by=actor, now=now, sku=sku)
        if channel is not None:
            return [runs.start(channel=channel, requested_by=actor, now=now)]
        connected = Channel.objects.filter(disconnected_at=None, connection=Channel.Connection.OK).order_by("pk")
        return [runs.start(channel=each, requested_by=actor, now=now) for each in connected]


@require_http_methods(["GET", "POST"])
def run_new(request: HttpRequest) -> HttpResponse:
    form = RunForm(request.POST if request.method == "POST" else None, initial={"channel": request.GET.get("channel")})
    if request.method == "POST" and form.is_valid():
        try:
            started = form.start(actor=actor_of(request.user))
        except runs.CantStart as problem:
            form.add_error(None, str(problem))
        else:
            return done(request, _place_of(request, started))
    return form_page(request, "reconciliation/run_form.html", form, {"back": reverse("reconciliation:run_list")})


def _place_of(request: HttpRequest, started: list[Run]) -> str:
    """Return where to follow what has started."""
    if len(started) == 1:
        return reverse("reconciliation:run", args=[started[0].pk])
    words = ngettext("%(n)d run has started.", "%(n)d runs have started.", len(started))
    messages.success(request, words % {"n": len(started)})
    return reverse("reconciliation:run_list")


@require_http_methods(["GET", "POST"])
def run_of_rows(request: HttpRequest) -> HttpResponse:
    """Compare the listings of the queue's picked rows, or of its whole filter, once more."""
    back = reverse("reconciliation:queue") + rooms.tail_of(QueryDict(request.GET.get("query", "")))
    listings = [row.listing for row in chosen(request) if row.listing is not None]
    if not listings:
        messages.warning(
            request, _("None of the rows you picked is of a listing: stock sources are read by themselves.")
        )
        return redirect(back)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            started = runs.start_selection(listings=listings, requested_by=actor_of(request.user), now=timezone.now())
        except runs.CantStart as problem:
            form.add_error(None, str(problem))
        else:
            return redirect(_place_of(request, started))
    return form_page(request, "reconciliation/run_of_rows.html", form, {"back": back, "listings": len(listings)})


@require_POST
def run_stop(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Run, pk=pk)
    if runs.stop(run=row, actor=actor_of(request.user), now=timezone.now()):
        messages.success(request, _("Stopped. What it had confirmed by then stays in the queue."))
    else:
        messages.info(request, _("It had ended already."))
    return redirect("reconciliation:run", pk)


@require_POST
def run_allow(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a run go on that stopped because it would flag too much."""
    row = get_object_or_404(Run, pk=pk)
    try:
        if runs.allow(run=row, actor=actor_of(request.user), now=timezone.now()):
            messages.success(request, _("It goes on."))
        else:
            messages.info(request, _("It does not wait for that any more."))
    except runs.CantStart as problem:
        messages.warning(request, str(problem))
    return redirect("reconciliation:run", pk)


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """When runs start and how carefully; which channels stay out of the night."""

    nightly = forms.ModelMultipleChoiceField(
        Channel.objects.none(),
        label=gettext_lazy("Channels of the nightly run"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Schedule
        fields = ("is_enabled", "cron", "grace_seconds", "suspicious_percent", "suspicious_least")
        labels = {
            "is_enabled": gettext_lazy("Compare by itself"),
            "cron": gettext_lazy("When"),
            "grace_seconds": gettext_lazy("Seconds before a difference is looked at again"),
            "suspicious_percent": gettext_lazy("Percent of a channel beyond which a run asks"),
            "suspicious_least": gettext_lazy("Fewer differences than this never ask"),
        }
        help_texts = {
            "cron": gettext_lazy("Minute, hour, day, month, weekday, in UTC. “30 2 * * *” is every night at 02:30."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["nightly"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 — for the type checker
        field.queryset = Channel.objects.filter(disconnected_at=None).order_by("name")
        field.initial = list(schedules.nightly_channels().values_list("pk", flat=True))

    def clean_cron(self) -> str:
        cron: str = self.cleaned_data["cron"]
        schedules.validate_cron(cron)
        return cron

    def keep(self, *, actor: str) -> None:
        """Keep all of it."""
        chosen = {channel.pk for channel in self.cleaned_data.pop("nightly")}
        schedules.change(**self.cleaned_data, nightly=chosen, actor=actor, now=timezone.now())


@require_http_methods(["GET", "POST"])
def schedule(request: HttpRequest) -> HttpResponse:
    kept = schedules.current(now=timezone.now())
    form = ScheduleForm(request.POST if request.method == "POST" else None, instance=kept)
    if request.method == "POST" and form.is_valid():
        form.keep(actor=actor_of(request.user))
        messages.success(request, _("Saved."))
        return done(request, reverse("reconciliation:run_list"))
    context = {"back": reverse("reconciliation:run_list"), "kept": Schedule.objects.get(pk=kept.pk)}
    return form_page(request, "reconciliation/schedule_form.html", form, context)
