"""The developers' pages: endpoints and their log, events, tokens. Secrets are shown once and never again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from api.models import ApiToken, Delivery, Endpoint
from api.webhooks.kinds import KINDS
from dashboard.models import User
from inventory.models import AuditEntry
from tests.api.webhooks.conftest import endpoint, make_event, receiver, work
from tests.api.webhooks.receiver import Receiver, running
from tests.dashboard.test_pages_under_the_policy import FORBIDDEN

__all__ = ["endpoint", "receiver", "work"]  # fixtures
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _receiver() -> Iterator[Receiver]:
    with running() as receiver:
        yield receiver


@pytest.fixture
def browser(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def page(name: str, *args: object) -> str:
    return reverse(f"developers:{name}", args=args)


def test_an_endpoint_is_made_and_its_secret_shown_once(browser: Client, receiver: Receiver) -> None:
    assert "Nobody is told" in browser.get(page("endpoint_list")).content.decode()

    made = browser.post(page("endpoint_new"), {"url": receiver.url, "name": "Robot", "kinds": ["stock.low"]})

    endpoint = Endpoint.objects.get()
    assert endpoint.secret in made.content.decode()
    assert "no-store" in made.headers["Cache-Control"]
    assert (endpoint.kinds, endpoint.owner.get_username(), endpoint.state) == (["stock.low"], "ana", "live")
    for path in (page("endpoint_list"), page("endpoint_detail", endpoint.uuid), page("endpoint_edit", endpoint.uuid)):
        answer = browser.get(path)
        assert endpoint.secret not in answer.content.decode()
    rotated = browser.post(page("endpoint_secret", endpoint.uuid))
    endpoint.refresh_from_db()
    assert endpoint.secret in rotated.content.decode()
    assert endpoint.secret not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"url": "http://user:pw@x.example/", "kinds": ["stock.low"]}, "Put credentials into their own fields"),
        ({"url": "gopher://x", "kinds": ["stock.low"]}, "must start with https://"),
        ({"url": "https://x.example/a b", "kinds": ["stock.low"]}, "without spaces"),
        ({"url": "https://x.example/", "kinds": []}, "Choose at least one event"),
        ({"url": "https://x.example/", "kinds": ["stock.high"]}, "stock.high is not one of the available choices"),
        ({"url": "", "kinds": ["stock.low"]}, "This field is required"),
    ],
)
def test_a_refused_form_says_why_and_makes_nothing(browser: Client, data: dict[str, object], words: str) -> None:
    answer = browser.post(page("endpoint_new"), data)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_a_test_is_sent_at_once_and_its_outcome_shown(browser: Client, receiver: Receiver, endpoint: Endpoint) -> None:
    receiver.plan = ["500"]

    failed = browser.post(page("endpoint_test", endpoint.uuid), follow=True).content.decode()
    arrived = browser.post(page("endpoint_test", endpoint.uuid), follow=True).content.decode()

    assert "It answered 500" in failed
    assert "The test arrived: it answered 200." in arrived
    assert len(receiver.received) == 2
    endpoint.refresh_from_db()
    assert endpoint.state == "live"  # a test says nothing about it


def test_what_an_endpoint_missed_is_replayed(
    browser: Client, receiver: Receiver, endpoint: Endpoint, work: Callable[[], None]
) -> None:
    receiver.plan = ["410"]
    event = make_event(number="#7042")
    work()
    shown = browser.get(page("endpoint_detail", endpoint.uuid)).content.decode()
    assert "It answered 410: it is gone for good." in shown

    browser.post(page("endpoint_switch", endpoint.uuid), {"to": "on"})
    assert "It has missed events." in browser.get(page("endpoint_detail", endpoint.uuid)).content.decode()
    browser.post(page("endpoint_replay", endpoint.uuid))
    work()

    assert receiver.ids == [event.ref] * 2
    delivery = Delivery.objects.get()
    log = browser.get(page("delivery_detail", delivery.pk)).content.decode()
    assert "#7042" in log
    assert log.count("<strong>410</strong>") == log.count("<strong>200</strong>") == 1
    browser.post(page("delivery_replay", delivery.pk))
    work()
    assert len(receiver.ids) == 3


def test_an_endpoint_is_changed_switched_off_and_removed(browser: Client, endpoint: Endpoint) -> None:
    fields = {"url": "https://other.example/hook?x=1", "name": "Other", "kinds": ["stock.out", "stock.low"]}
    browser.post(page("endpoint_edit", endpoint.uuid), fields)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.kinds) == (fields["url"], ["stock.low", "stock.out"])

    browser.post(page("endpoint_switch", endpoint.uuid), {"to": "off"})
    endpoint.refresh_from_db()
    assert endpoint.state == "off"
    browser.post(page("endpoint_remove", endpoint.uuid))
    assert browser.get(page("endpoint_detail", endpoint.uuid)).status_code == 404
    trail = AuditEntry.objects.filter(action="webhook.change").get()
    assert trail.after["url"] == "https://other.example/…"  # the rest of a hook's address is a key


def test_a_token_is_shown_once_works_and_is_revoked(browser: Client) -> None:
    made = browser.post(page("token_new"), {"name": "Till", "scopes": ["stock:read"]})

    [token] = re.findall(r"evk_[\w-]{20,}", made.content.decode())
    assert "no-store" in made.headers["Cache-Control"]
    caller = Client(headers={"Authorization": f"Bearer {token}"})
    assert caller.get("/api/v1/skus/").status_code == 200
    assert token not in browser.get(page("token_list")).content.decode()
    browser.post(page("token_revoke", ApiToken.objects.get().pk))
    assert caller.get("/api/v1/skus/").status_code == 401
    assert browser.post(page("token_new"), {"name": "x", "scopes": ["everything"]}).status_code == 422


def test_nobody_revokes_another_s_token(browser: Client) -> None:
    other = User.objects.create_user("ben", role="owner")
    token = ApiToken.objects.create(user=other, digest="d", prefix="evk_x")

    assert browser.post(page("token_revoke", token.pk)).status_code == 404


def test_every_page_keeps_to_the_policy(browser: Client, endpoint: Endpoint, work: Callable[[], None]) -> None:
    event = make_event(kind="stock.low", subject="sku:1", sku="<b>TEE</b>")
    work()
    paths = [
        page("endpoint_list"),
        page("endpoint_new"),
        page("endpoint_detail", endpoint.uuid),
        page("endpoint_edit", endpoint.uuid),
        page("endpoint_secret", endpoint.uuid),
        page("endpoint_remove", endpoint.uuid),
        page("delivery_detail", Delivery.objects.get().pk),
        page("event_list"),
        page("event_detail", event.pk),
        page("token_list"),
        page("token_new"),
    ]

    for path in paths:
        answer = browser.get(path)
        html = answer.content.decode()
        assert answer.status_code == 200, path
        assert [pattern.pattern for pattern in FORBIDDEN if pattern.search(html)] == [], path
        assert "<b>TEE" not in html
        assert (html.count("<h1"), Client().get(path).status_code) == (1, 302), path


def test_every_kind_stands_in_one_group_of_the_form(browser: Client) -> None:
    html = browser.get(page("endpoint_new")).content.decode()

    assert re.findall(r'name="kinds" value="([\w.]+)"', html) == list(KINDS)
