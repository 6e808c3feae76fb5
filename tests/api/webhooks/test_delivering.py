"""Each event reaches each endpoint at least once, whatever the receiver does, and the log tells every attempt."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from api.models import Attempt, Delivery, Endpoint, Event
from api.webhooks import delivering, endpoints, schedule
from dashboard.models import User
from inventory.outgoing import Answer
from tests.api.webhooks.conftest import make_endpoint, make_event
from tests.api.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db
Work = Callable[[], None]


def hurry() -> None:
    """Let the time pass until the next attempt is due."""
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(state="pending").update(due_at=past)
    Endpoint.objects.update(rests_until=None)


def test_an_event_arrives_signed_as_the_standard_says(receiver: Receiver, endpoint: Endpoint, work: Work) -> None:
    event = make_event("order:7", number="#7")

    work()

    [(headers, body)] = receiver.received
    assert Webhook(endpoint.secret).verify(body, headers)["data"] == {"number": "#7"}
    assert json.loads(body) == {
        "id": f"evt_{event.pk}",
        "type": "order.reserved",
        "timestamp": event.occurred_at.isoformat(),
        "subject": "order:7",
        "version": event.pk,
        "data": {"number": "#7"},
    }
    assert headers["webhook-id"] == f"evt_{event.pk}"
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_status, delivery.due_at) == ("delivered", 200, None)
    assert Attempt.objects.get().answer == "note"


def test_only_the_kinds_that_an_endpoint_wants_reach_it(receiver: Receiver, user: User, work: Work) -> None:
    make_endpoint(receiver.url, user, "order.waiting")
    make_event("order:1", "order.reserved")
    waiting = make_event("order:2", "order.waiting")

    work()

    assert receiver.ids == [waiting.ref]


@pytest.mark.parametrize(
    ("does", "status", "words"),
    [
        ("500", 500, "It answered 500"),
        ("404", 404, "It answered 404"),
        ("302", 302, "It redirects to 127.0.0.1; redirects are not followed."),
        ("sleep", None, "No answer within 0.2 seconds."),
        ("drip", None, "It was cut off"),
        ("garbage", None, "It did not answer in HTTP."),
        ("hang-up", None, "It hung up without an answer."),
    ],
)
def test_what_fails_is_in_the_log_and_comes_again(
    receiver: Receiver,
    endpoint: Endpoint,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    does: str,
    status: int | None,
    words: str,
) -> None:
    monkeypatch.setattr(delivering, "TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(delivering, "CUT_OFF_SECONDS", 0.4)
    event = make_event()
    receiver.plan = [does]

    work()
    delivery = Delivery.objects.get()

    assert (delivery.state, delivery.step, delivery.last_status) == ("pending", 1, status)
    assert words in delivery.last_problem
    assert delivery.due_at is not None
    assert 4 < (delivery.due_at - timezone.now()).total_seconds() <= 6
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.state) == (1, "failing")

    hurry()
    work()

    assert receiver.ids == [event.ref, event.ref]
    assert list(Attempt.objects.order_by("pk").values_list("status", flat=True)) == [status, 200]
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.state) == (0, "live")


def test_a_2xx_counts_whatever_else_the_receiver_says(receiver: Receiver, endpoint: Endpoint, work: Work) -> None:
    make_event()
    receiver.plan = ["lie"]

    work()

    assert Delivery.objects.get().state == "delivered"
    assert Attempt.objects.get().answer == "ok��"


def test_one_that_sleeps_holds_up_nobody_else(
    receiver: Receiver, user: User, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "TIMEOUT_SECONDS", 0.3)
    make_endpoint(receiver.url.replace("/hook", "/sleeper"), user, "order.waiting")
    awake = make_endpoint(receiver.url, user, "order.reserved")
    make_event("order:1", "order.waiting")
    for number in range(10):
        make_event(f"order:{number}", "order.reserved")

    work()

    assert Delivery.objects.filter(endpoint=awake, state="delivered").count() == 10
    assert Delivery.objects.exclude(endpoint=awake).get().state == "pending"


def test_what_happens_while_one_sleeps_is_told_to_the_others_meanwhile(
    receiver: Receiver, user: User, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr(delivering, "GATHER_SECONDS", 0.05)
    make_endpoint(receiver.url.replace("/hook", "/sleeper"), user, "order.waiting")
    make_endpoint(receiver.url, user, "order.reserved")
    settle, settled = delivering.settle, []

    def settle_and_go_on(delivery: Delivery, answer: Answer, *, now: datetime) -> None:
        settle(delivery, answer, now=now)
        settled.append(delivery.event.subject)
        if len(settled) == 1:
            make_event("order:3", "order.reserved")

    monkeypatch.setattr(delivering, "settle", settle_and_go_on)
    make_event("order:1", "order.waiting")
    make_event("order:2", "order.reserved")

    work()

    assert settled == ["order:2", "order:3", "order:1"]


def test_gone_switches_the_endpoint_off_and_tells_its_owner(
    receiver: Receiver, endpoint: Endpoint, user: User, work: Work
) -> None:
    User.objects.filter(pk=user.pk).update(email="ana@example.com")
    make_event("order:1")
    make_event("order:2")
    receiver.plan = ["410"] * 2

    work()

    endpoint.refresh_from_db()
    assert not endpoint.is_active
    assert "410" in endpoint.disabled_reason
    assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}
    [letter] = mail.outbox
    assert letter.to == ["ana@example.com"]
    assert endpoint.disabled_reason in letter.body
    assert str(endpoint.uuid) in letter.body
    make_event("order:3")
    work()
    assert Delivery.objects.count() == 2


def test_when_the_schedule_has_run_out_the_endpoint_is_off_and_a_replay_brings_everything(
    receiver: Receiver, endpoint: Endpoint, user: User, work: Work
) -> None:
    User.objects.filter(pk=user.pk).update(email="ana@example.com")
    event = make_event()
    receiver.plan = ["500"] * schedule.ATTEMPTS

    for _ in range(schedule.ATTEMPTS):
        work()
        hurry()

    assert Attempt.objects.count() == schedule.ATTEMPTS == 10
    endpoint.refresh_from_db()
    assert (Delivery.objects.get().state, endpoint.is_active, len(mail.outbox)) == ("failed", False, 1)

    endpoints.switch_on(endpoint=endpoint, actor="user:ana")
    assert endpoints.replay(deliveries=Delivery.objects.all(), now=timezone.now()) == 1
    work()

    assert Delivery.objects.get().state == "delivered"
    assert receiver.ids == [event.ref] * 11


def test_an_endpoint_that_took_something_else_meanwhile_stays_on(endpoint: Endpoint) -> None:
    event = make_event()
    now = timezone.now()
    delivery = Delivery.objects.create(event=event, endpoint=endpoint, created_at=now, due_at=now, step=10)
    Endpoint.objects.update(last_success_at=now + timedelta(hours=1))

    delivering.settle(delivery, Answer(status=500, problem="It answered 500"), now=now + timedelta(days=3))

    endpoint.refresh_from_db()
    assert (Delivery.objects.get().state, endpoint.is_active) == ("failed", True)


@pytest.mark.parametrize("status", ["429", "503"])
def test_a_busy_receiver_is_left_alone_as_long_as_it_asks(
    receiver: Receiver, endpoint: Endpoint, work: Work, status: str
) -> None:
    make_event("order:1")
    receiver.plan = [status]

    work()
    make_event("order:2")
    work()

    assert len(receiver.received) == 1
    due_at = Delivery.objects.order_by("pk")[0].due_at
    assert due_at is not None
    assert 7190 < (due_at - timezone.now()).total_seconds() <= 7200


def test_while_a_secret_is_changed_both_sign(receiver: Receiver, endpoint: Endpoint, work: Work) -> None:
    old = endpoint.secret
    new = endpoints.rotate(endpoint=endpoint, actor="user:ana", now=timezone.now()).secret
    make_event()

    work()

    [(headers, body)] = receiver.received
    assert old != new
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    Endpoint.objects.update(old_secret_until=timezone.now())
    make_event("order:2")
    work()
    headers, body = receiver.received[-1]
    assert len(headers["webhook-signature"].split()) == 1
    Webhook(new).verify(body, headers)


def test_a_crash_between_claim_and_settling_repeats_the_call(
    receiver: Receiver, endpoint: Endpoint, work: Work
) -> None:
    event = make_event()
    now = timezone.now()
    delivering.spread(now=now)
    delivery = Delivery.objects.get()
    assert delivering.claim(delivery, now=now)
    assert not delivering.claim(Delivery(pk=delivery.pk, step=0), now=now)  # nobody else takes it meanwhile

    work()
    assert receiver.received == []
    hurry()
    work()

    assert receiver.ids == [event.ref]
    assert Delivery.objects.get().state == "delivered"


def test_events_of_one_subject_are_told_by_their_version(receiver: Receiver, endpoint: Endpoint, work: Work) -> None:
    first, second = make_event("order:1"), make_event("order:1")

    work()

    versions = {json.loads(body)["version"] for _, body in receiver.received}
    assert versions == {first.pk, second.pk}
    assert Event.objects.filter(spread_at=None).count() == 0


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", "99999999999", "Sat, 32 Nov 2026 99:00:00 GMT"])
def test_a_retry_after_that_nobody_can_read_is_no_reason_to_wait(text: str) -> None:
    now = timezone.now()

    assert schedule.asked_for(text, status=503, now=now) is None
    assert schedule.asked_for("999999999", status=503, now=now) == now + timedelta(days=1)
    assert schedule.asked_for("60", status=500, now=now) is None


def test_an_address_that_turns_private_after_it_was_accepted_is_not_called(
    endpoint: Endpoint, work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name pointed to the internet when the endpoint was made; by now it leads into our own network."""
    settings.ALLOW_PRIVATE_HOSTS = False
    private = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: private)
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: pytest.fail("It was called."))
    Endpoint.objects.update(url="https://hooks.example/x")
    make_event()

    work()

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.step, delivery.last_status) == ("pending", 1, None)
    assert "private network" in delivery.last_problem
    assert Attempt.objects.get().problem == delivery.last_problem
