"""What happens below is an event in the same transaction; what is rolled back was never told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from api.models import Event
from channels import connection, order_news
from channels.contract import BadCredentials, Unreachable
from channels.models import OrderLine
from inventory.announcing import announce
from inventory.models import Sku, Warehouse
from inventory.shops import selling
from inventory.shops.selling import Told, Verb
from tests.api.conftest import make_channel, make_order

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def test_an_event_stands_where_its_change_stands() -> None:
    now = timezone.now()
    data: dict[str, Any] = {"order": 1}
    with transaction.atomic():
        announce("order.reserved", subject="order:1", at=now, data=data)
        transaction.set_rollback(True)
    announce("nobody.knows", subject="order:1", at=now, data=data)

    assert kinds() == []

    announce("order.reserved", subject="order:1", at=now, data=data)

    event = Event.objects.get()
    assert (event.kind, event.subject, event.data, event.occurred_at) == ("order.reserved", "order:1", data, now)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((0, 0, "waiting"), (2, 0, "booked"), ["order.reserved"]),
        ((2, 0, "booked"), (2, 2, "booked"), ["order.fulfilled"]),
        ((2, 0, "booked"), (0, 0, "booked"), ["order.released"]),
        ((2, 0, "booked"), (1, 1, "booked"), ["order.released", "order.fulfilled"]),
        ((0, 0, "waiting"), (2, 0, "waiting"), ["order.waiting"]),
        ((2, 1, "booked"), (2, 1, "booked"), []),
        ((2, 0, "untracked"), (3, 3, "untracked"), []),
    ],
)
def test_an_order_tells_what_it_holds_and_no_longer_holds(
    tee: Sku, before: tuple[int, int, str], after: tuple[int, int, str], expected: list[str]
) -> None:
    order = make_order(make_channel(), "7042", sku=tee, now=timezone.now())
    line = order.lines.get()

    def holding(sold: int, fulfilled: int, state: str) -> list[OrderLine]:
        line.sold, line.fulfilled, line.state = sold, fulfilled, OrderLine.State(state)
        return [line]

    held = order_news.Holding.of(holding(*before))
    order_news.tell(order, held, holding(*after), now=timezone.now())

    assert kinds() == expected
    for event in Event.objects.all():
        assert event.data["lines"][0]["sku"] == "TEE-BLK-M"
        assert event.subject == f"order:{order.pk}"


def test_a_channel_that_stops_and_a_sale_that_waits_are_told(main: Warehouse) -> None:
    channel = make_channel()

    for _ in range(2):  # a second failure is no news
        connection.note_failure(channel, BadCredentials("The token was revoked."), now=timezone.now())
    selling.take(
        [Told(sale_id="1", line_id="1", verb=Verb.SALE, code="?", units=1, occurred_at=timezone.now())],
        warehouse=main,
        actor="user:ana",
        now=timezone.now(),
    )

    assert kinds() == ["channel.needs_attention", "sale.waiting"]
    assert Event.objects.order_by("pk")[0].data["problem"] == "The token was revoked."


def test_a_store_that_does_not_answer_for_two_minutes_is_told_once(db: None) -> None:
    channel = make_channel()
    now = timezone.now()

    def fail(minutes: float) -> None:
        connection.note_failure(channel, Unreachable("It did not answer."), now=now + timedelta(minutes=minutes))

    for minutes in (0, 1, 1.9):
        fail(minutes)
    assert not Event.objects.exists()
    for minutes in (2, 3, 90):
        fail(minutes)

    event = Event.objects.get(kind="sync.failed")
    assert event.subject == f"channel:{channel.pk}"
    assert event.data == {
        "channel": {"id": channel.pk, "name": "North"},
        "failing_since": now.isoformat(),
        "problem": "It did not answer.",
    }
    connection.note_answer(channel)
    fail(100)
    assert Event.objects.count() == 1
    fail(103)
    assert Event.objects.count() == 2
