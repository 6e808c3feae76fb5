"""Endpoints, hooks, events and the log through the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from standardwebhooks import Webhook

from api.models import Delivery, Endpoint
from api.permissions import SCOPES
from api.webhooks.kinds import KINDS
from tests.api.conftest import Api
from tests.api.test_errors import NOBODY, assert_problem
from tests.api.webhooks.conftest import make_event
from tests.api.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db
Caller = Callable[..., Api]


def test_a_tool_subscribes_hears_and_unsubscribes(api: Api, receiver: Receiver, work: Callable[[], None]) -> None:
    made = api.post("hooks/", {"target_url": receiver.url, "event": "stock.low"})

    assert made.status_code == 201
    hook = made.json()
    assert (hook["target_url"], hook["event"]) == (receiver.url, "stock.low")
    event = make_event("sku:1", "stock.low", sku="TEE")
    work()
    [(headers, body)] = receiver.received
    assert Webhook(hook["secret"]).verify(body, headers)["id"] == event.ref
    assert [row["origin"] for row in api.get("webhooks/").json()["results"]] == ["hook"]

    for _ in range(2):  # also when it is gone already
        assert api.send("DELETE", f"hooks/{hook['id']}/").status_code == 204
    assert api.send("DELETE", f"hooks/{NOBODY}/").status_code == 204
    make_event("sku:1", "stock.low")
    work()
    assert len(receiver.received) == 1


def test_samples_are_the_last_events_or_made_up_ones(api: Api) -> None:
    made_up = api.get("hooks/samples/", event="order.reserved").json()
    events = [make_event(f"order:{number}", number=f"#{number}") for number in range(5)]

    real = api.get("hooks/samples/", event="order.reserved").json()

    assert made_up[0]["data"]["number"] == "#7042"
    assert [sample["id"] for sample in real] == [event.ref for event in reversed(events[2:])]
    assert assert_problem(api.get("hooks/samples/"), 400, "invalid-input")["errors"][0]["field"] == "event"
    for code in KINDS:
        assert api.get("hooks/samples/", event=code).json()[0]["type"] == code


def test_events_are_a_bare_array_newest_first(api: Api) -> None:
    events = [make_event(f"order:{number}") for number in range(3)]
    other = make_event("sku:1", "stock.low")

    assert [row["id"] for row in api.get("events/").json()] == [e.ref for e in (other, *reversed(events))]
    page = api.get("events/", type="order.reserved", limit="2").json()
    assert [row["version"] for row in page] == [events[2].pk, events[1].pk]
    rest = api.get("events/", type="order.reserved", before=str(page[-1]["version"])).json()
    assert [row["id"] for row in rest] == [events[0].ref]


def test_a_token_hears_only_of_what_it_may_read(caller: Caller, api: Api, receiver: Receiver) -> None:
    make_event("order:1", "order.reserved")
    low = make_event("sku:1", "stock.low")
    limited = caller("webhooks:read", "webhooks:write", "stock:read")

    assert [row["id"] for row in limited.get("events/").json()] == [low.ref]
    for answer in (
        limited.get("events/", type="order.reserved"),
        limited.get("hooks/samples/", event="order.reserved"),
        limited.post("hooks/", {"target_url": receiver.url, "event": "order.reserved"}),
        limited.post("webhooks/", {"url": receiver.url, "kinds": ["stock.low", "order.reserved"]}),
    ):
        assert assert_problem(answer, 403, "missing-scope")["scope"] == "orders:read"
    assert not Endpoint.objects.exists()


def test_an_endpoint_is_made_changed_tested_and_replayed(
    api: Api, receiver: Receiver, work: Callable[[], None]
) -> None:
    made = api.post("webhooks/", {"url": receiver.url, "kinds": ["order.reserved"], "name": "Robot"}).json()
    path = f"webhooks/{made['uuid']}/"
    assert made["secret"].startswith("whsec_")
    assert "secret" not in api.get(path).json()

    changed = api.patch(path, {"kinds": ["stock.low", "order.reserved"]}).json()
    rotated = api.post(f"{path}rotate/").json()
    tested = api.post(f"{path}test/").json()
    assert changed["kinds"] == ["stock.low", "order.reserved"]
    assert rotated["secret"] not in {made["secret"], None}
    assert (tested["state"], tested["event"]["type"]) == ("delivered", "webhook.test")
    assert tested["attempts"][0]["status"] == 200

    receiver.plan = ["410"]
    make_event()
    work()
    assert (api.get(path).json()["state"], api.post(f"{path}replay/").json()) == ("off", {"replayed": 0})
    assert api.post(f"{path}enable/").json()["state"] == "live"
    assert api.post(f"{path}replay/").json() == {"replayed": 1}
    work()
    row = api.get("deliveries/", endpoint=made["uuid"], type="order.reserved").json()["results"][0]
    attempts = api.get(f"deliveries/{row['id']}/").json()["attempts"]
    assert [attempt["status"] for attempt in attempts] == [200, 410]
    assert api.post(f"deliveries/{row['id']}/replay/").json() == {"replayed": 1}
    assert api.post(f"{path}disable/").json()["state"] == "off"
    assert Delivery.objects.get(pk=row["id"]).state == "cancelled"
    assert api.send("DELETE", path).status_code == 204
    assert_problem(api.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("hooks/", {"target_url": "http://[::1", "event": "stock.low"}, "target_url"),
        ("hooks/", {"target_url": "ftp://x.example/", "event": "stock.low"}, "target_url"),
        ("hooks/", {"target_url": "https://x.example/", "event": "stock.high"}, "event"),
        ("hooks/", {"target_url": ["https://x.example/"], "event": "stock.low"}, "target_url"),
        ("webhooks/", {"url": "https://a:b@x.example/", "kinds": ["stock.low"]}, "url"),
        ("webhooks/", {"url": "https://x.example/ä", "kinds": ["stock.low"]}, "url"),
        ("webhooks/", {"url": "https://x.example/", "kinds": []}, "kinds"),
        ("webhooks/", {"url": "https://x.example/", "kinds": "stock.low"}, "kinds"),
        ("webhooks/", {"url": "https://x.example/", "kinds": ["stock.low"], "secret": "x"}, "secret"),
    ],
)
def test_a_refusal_names_the_field_and_makes_nothing(api: Api, path: str, body: object, field: str) -> None:
    problem = assert_problem(api.post(path, body), 400, "invalid-input")

    assert problem["errors"][0]["field"].partition("[")[0] == field
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    ("parameters", "field"),
    [({"limit": "0"}, "limit"), ({"limit": "1e2"}, "limit"), ({"before": "9" * 20}, "before"), ({"page": "2"}, "page")],
)
def test_events_refuse_parameters_that_make_no_sense(api: Api, parameters: dict[str, str], field: str) -> None:
    problem = assert_problem(api.get("events/", **parameters), 400, "invalid-input")

    assert problem["errors"][0]["field"] == field


def test_me_tells_who_calls(caller: Caller) -> None:
    answer = caller("stock:read").get("me/").json()

    assert (answer["label"], answer["username"], answer["scopes"]) == ("ana at testserver", "ana", ["stock:read"])
    assert caller(*SCOPES).get("me").json()["scopes"] == list(SCOPES)
