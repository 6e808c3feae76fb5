"""Runs as people see them, the mail they want, and the night's schedule."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.models import User
from reconciliation.models import ChannelRule, DigestPreference, Run, Schedule
from tests.channels.core.world import Store, sell
from tests.reconciliation.world import by_hand, reconcile


def test_a_run_is_started_followed_and_read(browser: Client, store: Store) -> None:
    sell(store, "TEE", 7)
    by_hand(store, "TEE", 10)
    store.forget_webhooks()

    started = browser.post("/reconciliation/runs/new/", {"channel": store.channel.pk, "sku": ""})
    run = Run.objects.get()
    assert started["Location"] == f"/reconciliation/runs/{run.pk}/"
    assert "Under way" in browser.get("/reconciliation/runs/").content.decode()
    headers = {"HX-Request": "true", "HX-Target": "progress"}
    assert "HX-Refresh" not in browser.get(started["Location"], headers=headers)
    reconcile(store, run)

    assert browser.get(started["Location"], headers=headers)["HX-Refresh"] == "true"
    page = browser.get(started["Location"])
    assert [row.record.channel_shows for row in page.context["table"].paginated_rows] == [10]
    listed = browser.get("/reconciliation/runs/")
    [(channel, weeks, _chart)] = listed.context["charts"]
    assert (channel, weeks[-1].waiting, weeks[-1].healed) == (store.channel, 1, 0)
    assert browser.post(f"/reconciliation/runs/{run.pk}/stop/", follow=True).status_code == 200
    run.refresh_from_db()
    assert run.state == "done"


def test_a_suspicious_run_asks_and_is_let_go_on_or_stopped(browser: Client, shop: SimpleNamespace) -> None:
    now = timezone.now()
    run = Run.objects.create(
        channel=shop.north, requested_by="schedule", state="suspicious", problem="60 % differ.", started_at=now
    )
    assert "60 % differ." in browser.get("/").content.decode()
    assert "Let it go on" in browser.get(f"/reconciliation/runs/{run.pk}/").content.decode()

    browser.post(f"/reconciliation/runs/{run.pk}/allow/")
    run.refresh_from_db()
    assert (run.state, run.is_allowed, run.decided_by) == ("running", True, "user:ana")
    browser.post(f"/reconciliation/runs/{run.pk}/stop/")
    run.refresh_from_db()
    assert run.state == "stopped"


def test_picked_rows_or_a_whole_filter_are_compared_again(browser: Client, shop: SimpleNamespace) -> None:
    picked = f"/reconciliation/runs/of-rows/?scope=rows&row={shop.over.pk}"
    assert "1 listing" in browser.get(picked).content.decode()

    one = browser.post(picked)
    run = Run.objects.get()
    assert one["Location"] == f"/reconciliation/runs/{run.pk}/"
    assert (run.scope, run.requested_by) == ("selection", "user:ana")
    assert [finding.listing for finding in run.findings.all()] == [shop.over.listing]

    all_open = browser.post("/reconciliation/runs/of-rows/?scope=filter&query=status%3Dopen%26q%3D&verb=", follow=True)
    assert "2 runs have started." in all_open.content.decode()
    assert Run.objects.count() == 3
    nothing = browser.get("/reconciliation/runs/of-rows/?scope=rows")
    assert nothing["Location"] == "/reconciliation/"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"sku": "NOWHERE"}, "There is no SKU “NOWHERE”."),
        ({"channel": "999"}, "Select a valid choice."),
    ],
)
def test_a_run_of_what_is_not_there_is_refused(
    browser: Client, shop: SimpleNamespace, fields: dict[str, str], words: str
) -> None:
    response = browser.post("/reconciliation/runs/new/", fields)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Run.objects.exists()


def test_the_schedule_is_changed_in_the_browser(browser: Client, shop: SimpleNamespace) -> None:
    wanted = {
        "is_enabled": "on",
        "cron": "15  4 * * 1",
        "grace_seconds": "60",
        "suspicious_percent": "5",
        "suspicious_least": "10",
        "nightly": [str(shop.north.pk)],
    }
    refused = browser.post("/reconciliation/runs/schedule/", {**wanted, "cron": "every night"})
    assert "Write five fields" in refused.content.decode()
    bad = browser.post("/reconciliation/runs/schedule/", {**wanted, "suspicious_percent": "101"})
    assert bad.status_code == 422

    browser.post("/reconciliation/runs/schedule/", wanted)

    assert (Schedule.objects.get().cron, Schedule.objects.get().suspicious_percent) == ("15 4 * * 1", 5)
    assert list(ChannelRule.objects.values_list("channel", "is_nightly")) == [(shop.south.pk, False)]


def test_mail_is_asked_for_and_tells_only_of_what_comes(browser: Client, user: User) -> None:
    browser.post("/reconciliation/mail/", {"is_enabled": "on", "least_severity": "4", "wants_failed_runs": "on"})

    kept = DigestPreference.objects.get(user=user)
    assert (kept.is_enabled, kept.least_severity, kept.wants_failed_runs, kept.wants_channels) == (True, 4, True, False)
    assert timezone.now() - kept.told_to < timedelta(minutes=1)
    assert browser.post("/reconciliation/mail/", {"least_severity": "9"}).status_code == 422
    browser.post("/reconciliation/mail/", {"least_severity": "2"})
    kept.refresh_from_db()
    assert (kept.is_enabled, kept.least_severity) == (False, 2)
