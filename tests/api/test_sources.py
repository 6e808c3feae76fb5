"""Stock sources by program: connected, mapped, read and decided about, against the reference bridge over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from inventory.models import Sku, Warehouse
from inventory.sources import http
from inventory.sources.models import Source
from sandbox.wms import Bridge
from tests.api.conftest import Api
from tests.api.test_errors import assert_problem
from tests.factories import balances
from tests.inventory.sources.world import work

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running() -> Iterator[Bridge]:
    with Bridge(time_scale=0.001) as simulator:
        yield simulator


@pytest.fixture
def bridge(running: Bridge, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    monkeypatch.setattr(http.Pace, "wait", lambda self: None)
    running.reset()
    running.add_location("Q1", "Quay 1")
    return running


def wish(bridge: Bridge, **changes: Any) -> dict[str, Any]:
    return {"kind": "wms", "name": "Quay", "base_url": bridge.url, "credentials": {"token": bridge.token}, **changes}


@pytest.fixture
def source(api: Api, bridge: Bridge) -> Source:
    answer = api.post("sources/", wish(bridge))
    assert answer.status_code == 201, answer.content
    return Source.objects.get()


def test_a_source_is_connected_mapped_and_read(api: Api, bridge: Bridge, tee: Sku, main: Warehouse) -> None:
    bridge.set_stock("TEE-BLK-M", "Q1", 7)
    body = wish(bridge)
    trial = {name: value for name, value in body.items() if name != "name"}
    assert api.post("sources/test/", trial).status_code == 200
    assert not Source.objects.exists()

    made = api.post("sources/", body)
    assert made.json()["events_secret"].startswith("whsec_")
    assert bridge.token not in made.content.decode()
    number = made.json()["source"]["id"]
    assert_problem(api.post(f"sources/{number}/read/"), 409, "conflict")

    places = api.get(f"sources/{number}/locations/").json()["locations"]
    assert [(place["ref"], place["warehouse"]) for place in places] == [("Q1", None)]
    mapped = api.send("PUT", f"sources/{number}/locations/", {"locations": [{"ref": "Q1", "warehouse": "MAIN"}]})
    assert mapped.json()["locations"][0]["warehouse"] == "MAIN"
    assert api.get(f"sources/{number}/").json()["warehouses"] == ["MAIN"]
    assert api.post(f"sources/{number}/read/").status_code == 202
    work(Source.objects.get())

    assert balances(tee, main) == (7, 0, 0)
    [pull] = api.get("source-pulls/", source=made.json()["source"]["uuid"]).json()["results"]
    assert (pull["state"], pull["adjusted"]) == ("applied", 1)
    assert api.get(f"source-pulls/{pull['id']}/").json()["differences"][0]["expected"] == 10
    [said] = api.get("source-stock/", sku="TEE-BLK-M").json()["results"]
    assert (said["on_hand"], said["outcome"]) == (7, "adjusted")


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"credentials": {}}, 400, "credentials.token"),
        ({"kind": "sap"}, 400, "kind"),
        ({"base_url": ""}, 400, "base_url"),
        ({"base_url": "http://127.0.0.1:9"}, 502, ""),
        ({"credentials": {"token": "dead"}}, 409, ""),
        ({"options": {"colour": "red"}}, 400, "options.colour"),
    ],
)
def test_what_can_not_be_connected_is_refused_with_a_reason(
    api: Api, bridge: Bridge, changes: dict[str, Any], status: int, field: str
) -> None:
    body = api.post("sources/", wish(bridge, **changes))

    assert body.status_code == status, body.content
    assert not field or field in [error["field"] for error in body.json()["errors"]]
    assert not Source.objects.exists()


def test_a_difference_beyond_the_tolerance_waits_and_is_followed(
    api: Api, bridge: Bridge, source: Source, tee: Sku, main: Warehouse
) -> None:
    bridge.set_stock("TEE-BLK-M", "Q1", 7)
    changed = api.patch(f"sources/{source.pk}/", {"on_difference": "flag", "tolerance_units": 1, "pull_seconds": 60})
    assert (changed.json()["on_difference"], changed.json()["pull_seconds"]) == ("flag", 60)
    api.send("PUT", f"sources/{source.pk}/locations/", {"locations": [{"ref": "Q1", "warehouse": "MAIN"}]})
    work(Source.objects.get())

    assert balances(tee, main) == (10, 0, 0)
    [said] = api.get("source-stock/", outcome="flagged").json()["results"]
    assert said["difference"] == -3
    assert api.post(f"source-stock/{said['id']}/accept/").status_code == 200
    assert balances(tee, main) == (7, 0, 0)


def test_a_file_waits_until_it_is_applied(api: Api, tee: Sku, main: Warehouse) -> None:
    made = api.post("sources/", {"kind": "csv", "name": "Paper"}).json()["source"]
    body = {"name": "stock.csv", "content": "sku,location,on_hand\nTEE-BLK-M,MAIN,4\n"}

    waiting = api.post(f"sources/{made['id']}/files/", body)

    assert (waiting.status_code, waiting.json()["state"]) == (201, "waiting")
    assert balances(tee, main) == (10, 0, 0)
    assert api.post(f"source-pulls/{waiting.json()['id']}/apply/").status_code == 200
    work(Source.objects.get())
    assert balances(tee, main) == (4, 0, 0)
    assert_problem(api.post(f"source-pulls/{waiting.json()['id']}/apply/"), 409, "conflict")
    assert_problem(api.post(f"sources/{made['id']}/files/", body), 409, "conflict")
    bad = assert_problem(
        api.post(f"sources/{made['id']}/files/", {"name": "x", "content": "a,b"}), 400, "invalid-input"
    )
    assert bad["errors"][0]["field"] == "content"
    second = api.post(f"sources/{made['id']}/files/", {**body, "content": body["content"].replace(",4", ",9")}).json()
    assert api.post(f"source-pulls/{second['id']}/discard/").json()["state"] == "discarded"
    assert balances(tee, main) == (4, 0, 0)


def test_secrets_are_renewed_and_a_disconnected_source_rests(api: Api, bridge: Bridge, source: Source) -> None:
    before = source.credentials["events_secret"]

    renewed = api.post(f"sources/{source.pk}/secret/").json()["events_secret"]
    assert renewed != before
    assert api.post(f"sources/{source.pk}/end-old-secret/").status_code == 204
    assert api.post(f"sources/{source.pk}/check/").status_code == 200
    assert_problem(api.post(f"sources/{source.pk}/files/", {"name": "x", "content": "y"}), 409, "conflict")
    assert api.post(f"sources/{source.pk}/disconnect/").json()["disconnected_at"]
    for verb in ("read", "check", "secret", "disconnect"):
        assert_problem(api.post(f"sources/{source.pk}/{verb}/"), 409, "disconnected")
    again = api.post(f"sources/{source.pk}/reconnect/", {"credentials": {"token": bridge.token}})
    assert again.status_code == 200, again.content
    assert api.get("sources/", connected="true", kind="wms").json()["results"][0]["id"] == source.pk


def test_kinds_say_what_they_ask_for(api: Api) -> None:
    kinds = {each["kind"]: each for each in api.get("source-kinds/").json()["kinds"]}

    assert set(kinds) == {"wms", "csv", "inventree", "ecosire"}
    assert "token" in [field["name"] for field in kinds["wms"]["credentials"]]
