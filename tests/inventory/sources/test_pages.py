"""The pages of stock sources: from connecting one to deciding about what it says."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dashboard.models import User
from inventory.models import AuditEntry, Warehouse
from inventory.sources.models import Pull, Reading, Source, SourceEvent
from sandbox.wms import Bridge
from tests.factories import make_channel, make_sku
from tests.inventory.sources.world import level, read, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner"))
    return client


def test_a_source_is_tested_connected_mapped_and_read(browser: Client, bridge: Bridge, main: Warehouse) -> None:
    tee = make_sku("TEE", on_hand=1)
    bridge.set_stock("TEE", "Q1", 6)
    assert b"No stock source is connected" in browser.get("/sources/").content
    assert b"InvenTree" in browser.get("/sources/connect/").content
    assert b'<a href="/static/wms-v1.openapi.json">' in browser.get("/sources/connect/wms/").content
    form = {"name": "Quayside", "base_url": bridge.url, "credential_token": "wrong", "test": "1"}
    refused = browser.post("/sources/connect/wms/", form)
    assert refused.status_code == 422
    assert b"answered 401" in refused.content

    tested = browser.post("/sources/connect/wms/", {**form, "credential_token": bridge.token})
    page = tested.content.decode()
    assert "answers." in page
    assert "Quay 1" in page
    assert bridge.token not in page
    kept = re.search(r'name="kept" value="([^"]+)"', page)
    assert kept is not None
    connected = browser.post(
        "/sources/connect/wms/", {"name": "Quayside", "base_url": bridge.url, "kept": kept[1], "save": "1"}
    )
    source = Source.objects.get()
    assert source.credentials["token"] == bridge.token
    assert source.credentials["events_secret"] in connected.content.decode(), "shown this once"

    place = source.locations.get()
    browser.post(f"/sources/{source.uuid}/locations/", {f"location_{place.pk}": main.pk})
    work(source)
    assert level(tee, main) == (6, 0)
    for part in ("", "stock/", "readings/", "shipments/", "events/", "settings/", "locations/", "reconnect/"):
        shown = browser.get(f"/sources/{source.uuid}/{part}")
        assert shown.status_code == 200, part
        assert source.credentials["events_secret"] not in shown.content.decode()
    assert b"1 adjusted" in browser.get(f"/sources/{source.uuid}/").content
    assert AuditEntry.objects.filter(action="source.connect", actor="user:ana").exists()


def test_a_large_difference_is_followed_by_a_click(
    browser: Client, wms: Source, bridge: Bridge, main: Warehouse
) -> None:
    tee = make_sku("TEE", on_hand=10)
    rules = {"part": "rules", "rules-name": "Central", "rules-pull_seconds": "600", "rules-on_difference": "flag"}
    rules |= {"rules-tolerance_units": "1", "rules-tolerance_percent": "0", "rules-zero_percent": "20"}
    rules |= {"rules-reserves": "ledger", "rules-knows_orders_after": "900"}
    assert browser.post(f"/sources/{wms.uuid}/settings/", {**rules, "rules-pull_seconds": "5"}).status_code == 422
    assert browser.post(f"/sources/{wms.uuid}/settings/", rules).status_code == 302
    wms.refresh_from_db()
    bridge.set_stock("TEE", "Q1", 4)
    pull = read(wms)
    assert level(tee, main) == (10, 0)
    assert b"Waits for review" in browser.get(f"/sources/{wms.uuid}/readings/{pull.pk}/").content

    reading = Reading.objects.get(outcome="flagged")
    assert b"Follow the source" in browser.get(f"/sources/{wms.uuid}/stock/").content
    browser.post(f"/sources/{wms.uuid}/stock/{reading.pk}/accept/")

    assert level(tee, main) == (4, 0)


def test_a_file_is_looked_at_and_applied(browser: Client, main: Warehouse) -> None:
    tee, mug = make_sku("TEE", on_hand=1), make_sku("MUG", on_hand=1)
    browser.post("/sources/connect/csv/", {"name": "Counts", "option_mode": "partial", "save": "1"})
    source = Source.objects.get()

    def upload(content: bytes, mode: str = "partial") -> str:
        file = SimpleUploadedFile("count.csv", content, content_type="text/csv")
        answer = browser.post(f"/sources/{source.uuid}/upload/", {"file": file, "mode": mode}, follow=True)
        return answer.content.decode()

    assert "Missing columns: on_hand" in upload(b"sku,location\n")
    page = upload(b"sku,location,on_hand\nTEE,MAIN,5\nNEW,MAIN,<b>1\n", "full")
    assert "Nothing is changed yet." in page
    assert "Apply 2 differences" in page
    assert level(tee, main) == (1, 0)
    pull = Pull.objects.get(state="waiting")
    answer = browser.post(f"/sources/{source.uuid}/readings/{pull.pk}/decide/", {"verb": "apply"}, follow=True)
    assert "Being applied" in answer.content.decode()
    assert "It is being applied." in browser.get(f"/sources/{source.uuid}/readings/{pull.pk}/").content.decode()
    work(source)
    assert (level(tee, main), level(mug, main)) == ((5, 0), (0, 0))
    assert "taken before" in upload(b"sku,location,on_hand\nTEE,MAIN,5\nNEW,MAIN,<b>1\n", "full")
    again = browser.post(f"/sources/{source.uuid}/readings/{pull.pk}/decide/", {"verb": "discard"}, follow=True)
    assert "did not wait any more" in again.content.decode()


def test_what_stands_still_is_said_everywhere(browser: Client, wms: Source, bridge: Bridge) -> None:
    make_channel()  # without one the overview only welcomes
    bridge.token, good = "another", bridge.token
    try:
        read(wms)
    finally:
        bridge.token = good
    SourceEvent.objects.create(
        source=wms, delivery_id="1", topic="x", body="{}", state="failed", received_at=wms.created_at
    )

    page = browser.get(f"/sources/{wms.uuid}/").content.decode()
    assert "does not accept our credentials any more" in page
    assert "1 event could not be booked whole." in page
    assert "does not accept our credentials" in browser.get("/").content.decode()
    assert browser.post(f"/sources/{wms.uuid}/check/", follow=True).content.decode().count("answers.") == 1
    wms.refresh_from_db()
    assert wms.connection == "ok"
    event = SourceEvent.objects.get()
    browser.post(f"/sources/{wms.uuid}/events/{event.pk}/again/")
    event.refresh_from_db()
    assert event.state == "pending"


def test_a_disconnected_source_forgets_its_secrets_and_frees_its_warehouse(
    browser: Client, wms: Source, main: Warehouse
) -> None:
    browser.post(f"/sources/{wms.uuid}/secret/")
    changed = Source.objects.get()
    assert changed.credentials["events_secret"] != wms.credentials["events_secret"]
    browser.post(f"/sources/{wms.uuid}/disconnect/")
    gone = Source.objects.get()
    assert (gone.credentials, gone.locations.exclude(warehouse=None).count()) == ({}, 0)
    assert b"Disconnected" in browser.get("/sources/").content
    assert browser.get(f"/sources/{wms.uuid}/").status_code == 200
    assert browser.get(f"/sources/{wms.uuid}/settings/").status_code == 404
    assert browser.post(f"/sources/{wms.uuid}/read/").status_code == 404


def test_the_pages_want_someone_signed_in(client: Client, wms: Source) -> None:
    for path in ("/sources/", f"/sources/{wms.uuid}/", f"/sources/{wms.uuid}/settings/"):
        assert client.get(path).status_code == 302
