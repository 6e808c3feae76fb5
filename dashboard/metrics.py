"""Numbers for Prometheus, read from the rows at each scrape: right whichever web process answers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from channels.health import worker_health
from channels.models import Channel, InboundEvent, Listing, Push
from dashboard.navigation import in_trouble
from inventory.models import Sku, StockLevel
from reconciliation.models import Discrepancy, Severity

PUSHES_WITHIN = timedelta(hours=1)


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer whoever has the token, or asks from an allowed address; for all others there is nothing here."""
    if not _may_read(request):
        raise Http404
    registry = CollectorRegistry()
    registry.register(Rows(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and kind.lower() == "bearer" and constant_time_compare(token, settings.METRICS_TOKEN):
        return True
    # Behind a proxy everyone has the proxy's address: then only the token counts.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)


class Rows(Collector):
    """The few numbers to be woken for; each a fixed number of queries."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        health = worker_health(self.now)
        yield _one("evenkeel_worker_heartbeat_age_seconds", "Since the worker was last heard of.", health.heartbeat_age)
        yield _one(
            "evenkeel_oldest_due_age_seconds",
            "How long the oldest work that could be done waits.",
            health.oldest_due_age or 0,
        )
        waiting = InboundEvent.objects.filter(state=InboundEvent.State.PENDING)
        yield _by_channel(
            "evenkeel_events_waiting", "Webhooks that wait to be worked on.", waiting.values_list("channel")
        )
        due = Listing.objects.filter(due_at__lte=self.now)
        yield _by_channel("evenkeel_listings_due", "Quantities that wait to be pushed.", due.values_list("channel"))
        yield self._pushes()
        yield _one("evenkeel_channels_in_trouble", "Stores that stand still until a person acts.", in_trouble().count())
        short = StockLevel.objects.filter(available__lt=0).values("sku")
        oversold = Sku.objects.all().with_stock().filter(pk__in=short, available__lt=0)
        yield _one("evenkeel_skus_oversold", "SKUs with more units promised than there are.", oversold.count())
        yield self._discrepancies()

    def _pushes(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "evenkeel_pushes_last_hour", "Pushes that ended in the last hour, by their outcome.", labels=["outcome"]
        )
        rows = Push.objects.filter(settled_at__gt=self.now - PUSHES_WITHIN).order_by()
        found = dict(rows.values_list("state").annotate(n=Count("pk")))
        for state in (each for each in Push.State if each != Push.State.SENDING):
            family.add_metric([state.value], found.get(state.value, 0))
        return family

    def _discrepancies(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "evenkeel_discrepancies_open", "Discrepancies that wait for a person.", labels=["severity"]
        )
        found = dict(Discrepancy.objects.open().order_by().values_list("severity").annotate(n=Count("pk")))
        for severity in Severity:
            family.add_metric([severity.name.lower()], found.get(severity.value, 0))
        return family


def _one(name: str, meaning: str, value: float | None) -> GaugeMetricFamily:
    """A number without labels; absent where there is nothing to measure."""
    family = GaugeMetricFamily(name, meaning)
    if value is not None:
        family.add_metric([], value)
    return family


def _by_channel(name: str, meaning: str, rows: object) -> GaugeMetricFamily:
    """A number for each connected store, 0 included."""
    family = GaugeMetricFamily(name, meaning, labels=["channel"])
    found = dict(rows.order_by().annotate(n=Count("pk")))  # type: ignore[attr-defined]
    for pk, channel in Channel.objects.filter(disconnected_at=None).order_by("pk").values_list("pk", "name"):
        family.add_metric([channel], found.get(pk, 0))
    return family
