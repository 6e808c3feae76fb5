"""Events are hints: repeats, reordering, loss and nonsense all end in the same state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.brokers import get_broker

from channels import connect, inbox, tasks
from channels.contract import BadCredentials, BadPayload, ChannelError, RateLimited, Unreachable
from channels.models import InboundEvent, Lane, Listing
from channels.platforms.ecwid.platform import EcwidPlatform
from inventory.models import Movement
from tests.channels.core.world import Store, level, no_differences, pass_time, post_webhook, sell


def states() -> list[tuple[str, str]]:
    return list(InboundEvent.objects.order_by("pk").values_list("topic", "state"))


def test_repeated_and_reordered_events_end_in_the_same_state(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.sim.ship(order.id)
    store.sim.cancel(order.id)
    for delivery in [*reversed(store.sim.deliveries), *store.sim.deliveries]:
        post_webhook(store.channel, delivery.body.encode(), delivery.headers)
        store.work_inbox()

    assert (level(tee), store.line(order).fulfilled, store.line(order).sold) == ((7, 0), 3, 3)
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"done"}
    assert no_differences()


def test_many_events_of_one_order_fetch_it_once(store: Store) -> None:
    sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE")
    for _ in range(4):
        store.sim.set_status(order.id, fulfilment="PROCESSING")
    calls = len(store.sim.requests)

    store.hear()

    fetches = [call.path for call in store.sim.requests[calls:] if "/orders" in call.path]
    assert fetches == [f"/orders/{order.id}"]


def test_an_unknown_type_is_kept_and_ignored_with_words(store: Store) -> None:
    store.sim.webhooks.send("review.created", 17)

    store.hear()

    event = InboundEvent.objects.get()
    assert (event.topic, event.state, event.problem, event.due_at) == (
        "review.created",
        "ignored",
        "review.created",
        None,
    )


def test_an_event_that_names_nothing_fails_with_words(store: Store) -> None:
    store.sim.webhooks.send("order.updated", "nonsense")

    store.hear()

    event = InboundEvent.objects.get()
    assert (event.state, event.problem) == ("failed", "The event order.updated names no order.")


def test_an_order_that_is_not_there_yet_is_asked_for_again(store: Store) -> None:
    store.sim.webhooks.send("order.created", 999_999, {"orderId": "NOTYET"})
    store.hear()

    event = InboundEvent.objects.get()
    assert (event.state, event.attempts, event.problem) == (
        "pending",
        1,
        "The platform does not know this order (yet).",
    )
    assert event.due_at is not None
    assert timedelta(0) < event.due_at - timezone.now() <= timedelta(seconds=1)

    for _ in range(inbox.MAX_ATTEMPTS):
        pass_time(store.channel)
        store.work_inbox()

    event.refresh_from_db()
    assert (event.state, event.attempts) == ("failed", inbox.MAX_ATTEMPTS)
    assert not InboundEvent.objects.filter(due_at__isnull=False).exists()


def test_an_event_about_an_order_that_was_deleted_since_has_nothing_to_say(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=2)
    store.hear()
    store.sim.set_status(order.id, fulfilment="PROCESSING")
    store.sim.delete_order(order.id)
    late = [each for each in store.sim.deliveries if each.id not in store.heard]
    assert [each.event_type for each in late] == ["order.updated", "order.deleted"]
    for each in reversed(late):
        post_webhook(store.channel, each.body.encode(), each.headers)
        store.work_inbox()

    assert [state for topic, state in states() if topic.startswith("order.")] == ["done", "done", "done"]
    assert level(tee) == (10, 0)


def test_an_event_that_ends_its_worker_is_counted_offered_alone_and_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    tee = sell(store, "TEE", 10)
    poison = store.sim.buy(sku="TEE")
    store.deliver()
    fetch = EcwidPlatform.fetch_orders

    def fall_over(self: EcwidPlatform, refs: Any) -> Any:
        if any(poison.id in ref for ref in refs):
            raise SystemError("as if killed")
        return fetch(self, refs)

    monkeypatch.setattr(EcwidPlatform, "fetch_orders", fall_over)
    with pytest.raises(SystemError):
        store.work_inbox()
    good = store.sim.buy(sku="TEE", quantity=2)
    store.deliver()
    store.work_inbox()
    assert (store.line(good).state, level(tee)) == ("booked", (10, 2))

    for _ in range(40):
        pass_time(store.channel)
        try:
            if not store.work_inbox():
                break
        except SystemError:
            continue
    failed = InboundEvent.objects.filter(state="failed")
    assert [event.topic for event in failed if poison.id in event.body] == ["order.created"]
    assert not InboundEvent.objects.filter(state="pending").exists()

    monkeypatch.setattr(EcwidPlatform, "fetch_orders", fetch)
    inbox.replay(failed.get(topic="order.created"), now=timezone.now())
    store.work_inbox()
    assert (level(tee), InboundEvent.objects.filter(state="failed").count()) == ((10, 3), 0)


def test_an_order_that_can_not_be_read_does_not_hold_up_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    tee = sell(store, "TEE", 10)
    bad, good = store.sim.buy(sku="TEE"), store.sim.buy(sku="TEE", quantity=2)
    fetch = EcwidPlatform.fetch_orders

    def refuse(self: EcwidPlatform, refs: Any) -> Any:
        if any(bad.id in ref for ref in refs):
            raise BadPayload("Ecwid answered with JSON that is not an object.")
        return fetch(self, refs)

    monkeypatch.setattr(EcwidPlatform, "fetch_orders", refuse)

    store.hear()

    assert (store.line(good).state, level(tee)) == ("booked", (10, 2))
    waiting = InboundEvent.objects.filter(state="pending")
    assert [(event.attempts, event.problem, bad.id in event.body) for event in waiting] == [
        (1, "Ecwid answered with JSON that is not an object.", True)
    ]


@pytest.mark.parametrize(
    ("error", "seconds"), [(RateLimited("Too many calls.", wait_seconds=7), 7), (Unreachable("No answer."), 5)]
)
def test_a_store_that_can_not_be_asked_keeps_events_due_without_using_up_attempts(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: ChannelError, seconds: int
) -> None:
    tee = sell(store, "TEE", 10)
    store.sim.buy(sku="TEE", quantity=2)
    store.deliver()

    def refuse(self: EcwidPlatform, refs: Any) -> Any:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(EcwidPlatform, "fetch_orders", refuse)
        for _ in range(inbox.MAX_ATTEMPTS + 2):
            with pytest.raises(type(error)):
                store.work_inbox()
            pending = InboundEvent.objects.filter(state="pending", attempts=0, problem=str(error))
            assert pending.count() == InboundEvent.objects.count() == 2
            due_at = pending[0].due_at
            assert due_at is not None
            assert timedelta(seconds=seconds - 1) < due_at - timezone.now() <= timedelta(seconds=seconds)
            pass_time(store.channel)

    store.work_inbox()
    assert (level(tee), {state for _, state in states()}) == ((10, 2), {"done"})


def test_a_dead_token_stops_the_channel_and_a_reconnect_lets_all_go_on(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    store.sim.buy(sku="TEE", quantity=2)
    store.sim.access.expire()
    store.deliver()

    tasks.run_lane(inbox.lane_of(store.channel.pk))

    channel = store.fresh()
    assert (channel.connection, InboundEvent.objects.filter(state="pending", attempts=0).count()) == ("reconnect", 2)
    calls = len(store.sim.requests)
    pass_time(store.channel)
    tasks.run_lane(inbox.lane_of(store.channel.pk))
    tasks.sweep()
    assert len(store.sim.requests) == calls

    connect.reconnect(
        channel=channel,
        credentials={"store_id": "1003", "token": store.sim.access.renew(), "client_secret": store.sim.client_secret},
        actor="user:ana",
        now=timezone.now(),
    )
    tasks.run_lane(inbox.lane_of(store.channel.pk))

    assert (store.fresh().connection, level(tee), {state for _, state in states()}) == ("ok", (10, 2), {"done"})


def test_the_app_that_was_removed_says_so_and_a_late_notice_is_checked(store: Store) -> None:
    store.sim.uninstall()
    notice = store.sim.deliveries[-1]
    assert notice.event_type == "application.uninstalled"
    store.deliver()
    with pytest.raises(BadCredentials):
        store.work_inbox()
    assert store.fresh().connection_problem == "The store has removed the app: connect it again."

    connect.reconnect(
        channel=store.fresh(),
        credentials={"store_id": "1003", "token": store.sim.install(), "client_secret": store.sim.client_secret},
        actor="user:ana",
        now=timezone.now(),
    )
    store.channel = store.fresh()
    store.work_inbox()

    assert store.fresh().connection == "ok"
    assert InboundEvent.objects.get(topic="application.uninstalled").state == "done"


def test_a_product_event_asks_for_a_look_later_and_moves_nothing(store: Store) -> None:
    sell(store, "TEE", 10)
    moved = Movement.objects.count()
    product, _ = store.sim.store.find_sku("TEE")
    store.sim.set_quantity(product.id, quantity=4)

    store.hear()

    check_due_at = store.listing("TEE").check_due_at
    assert check_due_at is not None
    assert timedelta(seconds=28) < check_due_at - timezone.now() <= inbox.CHECK_AFTER
    assert (Movement.objects.count(), store.accounted("TEE"), store.writes()) == (moved, 10, [])


def test_a_deleted_product_is_looked_up_before_it_counts_as_gone(store: Store) -> None:
    sell(store, "TEE", 10)
    product, _ = store.sim.store.find_sku("TEE")
    store.sim.webhooks.send("product.deleted", product.id)
    store.hear()
    assert store.listing("TEE").state == "active"

    store.sim.delete_product(product.id)
    store.hear()
    assert Listing.objects.get().state == "gone"


def test_a_burst_queues_one_task(
    transactional_db: None,  # a wake-up is queued once its transaction is committed
    store: Store,
    queued: Callable[[], int],
) -> None:
    sell(store, "TEE", 50)
    get_broker().purge_queue()
    Lane.objects.update(queued_at=None)
    for _ in range(20):
        store.sim.buy(sku="TEE")

    store.deliver()

    assert InboundEvent.objects.filter(state="pending").count() == 40
    assert queued() == 1
