"""Numbers for Prometheus: to whom they are told, and that they are right."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from channels.models import InboundEvent, Push
from reconciliation.models import Severity
from tests.dashboard.conftest import oversell
from tests.factories import make_channel, make_discrepancy, make_listing, make_sku, make_warehouse

pytestmark = pytest.mark.django_db

TOKEN = "scrape-7f3a"


def scrape(settings: Settings) -> dict[tuple[str, ...], float]:
    settings.METRICS_TOKEN = TOKEN
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    return {
        (sample.name.removeprefix("evenkeel_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_nobody_reads_them_by_default() -> None:
    assert Client().get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("headers", "address", "status"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, "192.0.2.1", 200),
        ({"Authorization": "Bearer wrong"}, "192.0.2.1", 404),
        ({"Authorization": f"Basic {TOKEN}"}, "192.0.2.1", 404),
        ({}, "10.1.2.3", 200),
        ({}, "192.0.2.1", 404),
        ({"X-Forwarded-For": "10.1.2.3"}, "10.0.0.1", 404),
        ({"X-Forwarded-For": "192.0.2.1", "Authorization": f"Bearer {TOKEN}"}, "10.0.0.1", 200),
    ],
)
def test_they_are_for_the_token_and_for_allowed_addresses(
    settings: Settings, headers: dict[str, str], address: str, status: int
) -> None:
    settings.METRICS_TOKEN = TOKEN
    settings.METRICS_NETWORKS = [ip_network("10.0.0.0/8")]

    assert Client(REMOTE_ADDR=address).get("/metrics", headers=headers).status_code == status


def test_an_empty_token_opens_nothing(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""

    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_they_count_what_is_there(settings: Settings) -> None:
    now = timezone.now()
    north = make_channel("North")
    make_channel("South", connection="reconnect")
    listing = make_listing(north, make_sku("TEE", on_hand=5), quantity=5, due_at=now)
    for number in range(3):
        InboundEvent.objects.create(channel=north, delivery_id=str(number), body="{}", received_at=now, due_at=now)
    for state in ("applied", "applied", "rejected"):
        Push.objects.create(
            channel=north,
            listing=listing,
            accounted_before=5,
            target=4,
            delta=-1,
            created_at=now,
            settled_at=now,
            state=state,
        )
    make_discrepancy(listing, shows=9, severity=Severity.HIGH)
    oversell(make_sku("MUG", on_hand=1), make_warehouse(), 3)

    told = scrape(settings)

    assert told["events_waiting", "North"] == 3
    assert told["events_waiting", "South"] == 0
    assert told["listings_due", "North"] == 1
    assert told["pushes_last_hour", "applied"] == 2
    assert told["pushes_last_hour", "rejected"] == 1
    assert told["pushes_last_hour", "unknown"] == 0
    assert told["skus_oversold",] == 1
    assert told["channels_in_trouble",] == 1
    assert told["discrepancies_open", "high"] == 1
    assert told["oldest_due_age_seconds",] >= 0
    assert ("worker_heartbeat_age_seconds",) not in told, "never heard of: no number"
