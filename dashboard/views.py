"""The overview, and the theme switch."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from channels.models import Channel
from dashboard import attention, glossary, latency, setup, themes
from dashboard import overview as reads
from dashboard.tables import RiskTable
from inventory import risk
from inventory.tables import arrange
from reconciliation import chart
from reconciliation.views.runs import weeks_by_channel

RISKS_SHOWN = 6


@require_GET
@vary_on_headers("HX-Request")
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    channels = reads.channel_health(now=now)
    if not channels:
        return render(request, "dashboard/setup.html", setup.page(request.user))
    context = {
        "concerns": attention.concerns(channels, now=now),
        "figures": reads.figures(channels, now=now),
        "channels": channels,
        "health": reads.health(channels),
    }
    is_part = bool(getattr(request, "htmx", False))
    if not is_part:
        context["happenings"] = reads.recent()
        context["setting_up"] = setup.ahead()
    return render(request, "dashboard/_overview.html" if is_part else "dashboard/overview.html", context)


@require_GET
def overview_recent(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/_recent.html", {"happenings": reads.recent()})


@require_GET
@vary_on_headers("HX-Request")
def overview_week(request: HttpRequest) -> HttpResponse:
    """The slower half of the overview, and a page of its own: what runs out, how fast sales spread, what drifted."""
    now = timezone.now()
    channels = list(Channel.objects.filter(disconnected_at=None).defer("credentials", "options").order_by("name", "pk"))
    weeks = weeks_by_channel(today=timezone.localdate(now))
    top = chart.top_of([found for _channel, found in weeks])
    risks = risk.runs_out(within_days=risk.SOON_DAYS, now=now)
    context = {
        "soon_days": risk.SOON_DAYS,
        "risks": risks[:RISKS_SHOWN],
        "risk_count": len(risks),
        "most_risks": risk.MOST,
        "latency": latency.week(channels, now=now),
        "drifts": [(channel, found, chart.bars(found, top=top)) for channel, found in weeks],
    }
    is_part = bool(getattr(request, "htmx", False))
    return render(request, "dashboard/_week.html" if is_part else "dashboard/week.html", context)


@require_GET
def stock_risk(request: HttpRequest) -> HttpResponse:
    """What runs out within 7, 14 or 28 days if it sells on as it did."""
    days = {"7": 7, "14": 14, "28": 28}.get(request.GET.get("days", ""), risk.SOON_DAYS)
    rows = risk.runs_out(within_days=days, now=timezone.now())
    table = RiskTable(rows, empty_text=_("Nothing sells so fast that what is there would not last."))
    context = {
        "table": arrange(request, table),
        "days": days,
        "most": risk.MOST,
        "is_cut": len(rows) == risk.MOST,
        "tabs": [
            {
                "label": _("Within %(days)d days") % {"days": each},
                "url": f"{reverse('dashboard:stock_risk')}?days={each}",
                "is_current": each == days,
                "count": None,
            }
            for each in (7, 14, 28)
        ],
    }
    return render(request, "dashboard/stock_risk.html", context)


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    return themes.choose(request, theme=request.POST.get("theme", ""), back_to=request.POST.get("next", "/"))


@require_GET
def words(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/glossary.html", {"terms": glossary.TERMS})
