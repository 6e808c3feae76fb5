"""The pages of stock sources as a browser has them: quiet, accessible, no wider than the screen, in both themes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from dashboard.models import User
from inventory.models import Warehouse
from inventory.shops import selling
from inventory.shops.selling import Told, Verb
from inventory.sources import connecting
from inventory.sources.csv_files import files
from inventory.sources.models import Pull
from sandbox.wms import Bridge
from tests.browser import drives_chromium, flaws_on, listen
from tests.factories import make_sku, make_warehouse
from tests.inventory.sources.test_events import NOW, send
from tests.inventory.sources.world import connect, order, read, work

pytestmark = [
    *drives_chromium,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180),
]


@pytest.fixture
def paths(db: None, bridge: Bridge, client: Client) -> list[str]:
    """Sources in every state that their pages can show, and a shop with sales."""
    main, back, shop = make_warehouse(), make_warehouse("BACK"), make_warehouse("SHOP", name="Shop floor")
    Warehouse.objects.filter(pk=shop.pk).update(is_shop=True, hold_back=2)
    tee = make_sku("TEE", on_hand=10, name="Tee, black")
    make_sku("MUG", on_hand=8)
    for number in range(4):
        make_sku(f"S{number}", on_hand=3, warehouse=back)
    wms = connect("wms", bridge.url, {"token": bridge.token}, {"Q1": main}, name="Quayside Logistics")
    bridge.add_location("Q2", "Quay 2")
    for sku, place, units in (("TEE", "Q1", 10), ("MUG", "Q1", 8), ("NEW", "Q1", 1), ("TEE", "Q2", 4)):
        bridge.set_stock(sku, place, units)
    bridge.set_stock("ODD", "Q1", -1)
    order("1042", tee, main, sold=2)
    bridge.ship("1042", "Q1", [{"sku": "TEE", "quantity": 2}])
    read(wms)
    connecting.change(wms, actor="user:ana", now=timezone.now(), on_difference="flag", tolerance_units=1)
    bridge.set_stock("MUG", "Q1", 2)
    wms.refresh_from_db()
    read(wms)
    told: dict[str, Any] = {"sku": "TEE", "location": "Q1", "delta": 1, "reason": "Found", "occurred_at": NOW}
    send(client, wms, "stock.adjusted", {**told, "adjustment_id": "A1"}, event_id="evt_1")
    send(client, wms, "stock.adjusted", {**told, "adjustment_id": "A2", "sku": "NEW"}, event_id="evt_2")
    client.post(f"/api/wms/v1/events/{wms.uuid}", b"{}", content_type="application/json", headers={"webhook-id": "x"})
    work(wms)
    bridge.faults.set("incomplete", next=1)
    read(wms)
    connecting.renew_secret(wms, actor="user:ana", now=timezone.now())
    file_source, _report = connecting.connect(
        kind="csv", name="Counts", base_url="", credentials={}, options={}, actor="user:ana", now=timezone.now()
    )
    waiting, _plan = files.stage(
        file_source,
        b"sku,location,on_hand\nS0,BACK,3\nS1,BACK,2\nX,BACK,1\nS2,BACK,1E5\n",
        name="count of the back room.csv",
        is_full=True,
        trigger=Pull.Trigger.UPLOAD,
        actor="user:ana",
        as_of=timezone.now(),
        now=timezone.now(),
    )
    past = connecting.connect(
        kind="csv", name="Old files", base_url="", credentials={}, options={}, actor="user:ana", now=timezone.now()
    )[0]
    connecting.disconnect(past, actor="user:ana", now=timezone.now())
    lines = [
        Told(sale_id="T1", line_id="1", verb=Verb.SALE, occurred_at=timezone.now(), code="TEE", units=1),
        Told(sale_id="T1", line_id="2", verb=Verb.SALE, occurred_at=timezone.now(), code="4006381333931", units=2),
    ]
    selling.take(lines, warehouse=shop, actor="user:ana", now=timezone.now())
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner"))
    client.post(f"/shop/{shop.pk}/add/", {"code": "TEE"})
    client.post(f"/shop/{shop.pk}/add/", {"code": "MUG"})
    own = f"/sources/{wms.uuid}/"
    line = shop.sale_lines.get(state="waiting")
    return [
        "/sources/",
        "/sources/connect/",
        "/sources/connect/inventree/",
        own,
        *(
            f"{own}{page}/"
            for page in ("stock", "readings", "shipments", "events", "locations", "settings", "reconnect", "disconnect")
        ),
        f"{own}readings/{wms.pulls.order_by('pk')[1].pk}/",
        f"/sources/{file_source.uuid}/upload/",
        f"/sources/{file_source.uuid}/readings/{waiting.pk}/",
        f"/shop/{shop.pk}/",
        f"/shop/{shop.pk}/sales/",
        f"/shop/{shop.pk}/file/",
        f"/shop/lines/{line.pk}/",
    ]


def test_every_page_is_quiet_accessible_and_no_wider_than_the_screen(
    chromium: Browser, live_server: LiveServer, client: Client, paths: list[str]
) -> None:
    found: list[str] = []

    context = chromium.new_context(base_url=live_server.url, reduced_motion="reduce")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    listen(page, found)
    for path in paths:
        answer = page.goto(path)
        if answer is None or answer.status != 200:
            found.append(f"{path}: {answer and answer.status}")
        found += flaws_on(page)
    context.close()
    assert found == []
