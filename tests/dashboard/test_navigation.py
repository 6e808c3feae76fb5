from __future__ import annotations

from types import SimpleNamespace

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import Channel
from dashboard.models import User
from tests.dashboard.conftest import make_listing


def test_the_current_room_is_marked(browser: Client, shop: SimpleNamespace) -> None:
    rooms = browser.get(f"/skus/{shop.tee.pk}/adjust/").context["rooms"]

    assert [room.url for room in rooms if room.is_current] == ["/skus/"]


def test_rooms_count_what_waits_for_a_person(browser: Client, shop: SimpleNamespace) -> None:
    make_listing(shop.north, None)
    Channel.objects.filter(pk=shop.north.pk).update(halted_at=timezone.now())

    rooms = {room.icon: room for room in browser.get("/skus/").context["rooms"]}

    if "listing" in rooms:
        assert (rooms["listing"].count, rooms["listing"].is_urgent) == (1, False)
        assert (rooms["channel"].count, rooms["channel"].is_urgent) == (1, True)


def test_a_stranger_costs_no_query(client: Client, db: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        client.get("/accounts/login/")

    assert len(captured) == 0


def test_a_partial_does_not_count(client: Client, user: User, shop: SimpleNamespace) -> None:
    client.force_login(user)

    with CaptureQueriesContext(connection) as captured:
        client.get("/skus/", headers={"HX-Request": "true"})

    assert [q["sql"] for q in captured if "channels_orderline" in q["sql"]] == []
