"""One holder at a time, and no wake-up that is lost."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psutil
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from channels import lanes, limiter, tasks
from channels.contract import RateLimited
from channels.models import CallBudget, Lane

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_never_hold_a_lane_at_once() -> None:
    inside: list[int] = []
    most: list[int] = []
    refused: list[int] = []

    def work(number: int) -> None:
        for _ in range(15):
            with lanes.held("publish:1") as lease:
                if lease is None:
                    refused.append(number)
                    continue
                inside.append(number)
                most.append(len(inside))
                time.sleep(0.001)
                inside.remove(number)
        connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(most) == {1}
    assert len(most) + len(refused) == 60
    assert Lane.objects.get().holder == ""


def test_a_dead_holder_of_this_machine_is_taken_over_at_once() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    started = psutil.Process(ended.pid).create_time()
    ended.wait()
    holder = f"{socket.gethostname()}/{ended.pid}/{started:.2f}/1"
    Lane.objects.create(name="publish:1", holder=holder, held_until=timezone.now() + timedelta(hours=1))

    with lanes.held("publish:1") as lease:
        assert lease is not None


def test_a_process_with_a_dead_ones_number_is_not_it() -> None:
    holder = f"{socket.gethostname()}/1/12345.67/1"

    assert lanes.is_dead(holder) is True
    assert lanes.is_dead("another-host/1/12345.67/1") is False


def test_a_holder_elsewhere_keeps_its_lane_until_its_hold_is_over() -> None:
    Lane.objects.create(name="publish:1", holder="elsewhere/1/1.00/1", held_until=timezone.now() + timedelta(seconds=5))
    with lanes.held("publish:1") as lease:
        assert lease is None

    Lane.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    with lanes.held("publish:1") as lease:
        assert lease is not None


def test_a_hold_outlives_every_task() -> None:
    """A task is ended by the queue before its lane can be taken over beside it."""
    assert lanes.HELD_FOR.total_seconds() > settings.Q_CLUSTER["timeout"]


def test_who_has_lost_the_lane_is_told_before_working_on() -> None:
    with lanes.held("publish:1") as lease:
        assert lease is not None
        lease.renew()
        Lane.objects.update(holder="elsewhere/1/1.00/1")
        with pytest.raises(lanes.LaneLost):
            lease.renew()

    assert Lane.objects.get().holder == "elsewhere/1/1.00/1"


def test_a_burst_queues_one_task_and_a_lost_one_is_queued_again(queued: Callable[[], int]) -> None:
    for _ in range(5):
        lanes.wake("publish:1")
    assert queued() == 1

    Lane.objects.update(queued_at=timezone.now() - lanes.QUEUED_FOR - timedelta(seconds=1))
    lanes.wake("publish:1")
    assert queued() == 2


def test_a_wake_up_waits_for_its_transaction(queued: Callable[[], int]) -> None:
    with transaction.atomic():
        lanes.wake("publish:1")
        assert queued() == 0

    assert queued() == 1


def test_who_finds_the_lane_held_is_not_forgotten(queued: Callable[[], int]) -> None:
    """Someone comes and goes while the holder is about to let go: the holder looks once more."""
    due: list[str] = []
    worked: list[str] = []

    def work(lease: lanes.Lease) -> bool:
        if due:
            worked.append(due.pop())
            return True
        if not worked:
            due.append("came late")  # after we have looked
        return False

    lanes.run("publish:1", work, lambda now: bool(due))

    assert (worked, queued()) == ([], 1)
    lanes.run("publish:1", work, lambda now: bool(due))
    assert worked == ["came late"]


def test_a_lane_makes_room_when_its_slice_is_over(monkeypatch: pytest.MonkeyPatch, queued: Callable[[], int]) -> None:
    monkeypatch.setattr(lanes, "SLICE_SECONDS", 0.05)
    rounds: list[float] = []

    def work(lease: lanes.Lease) -> bool:
        lease.ends_at = min(lease.ends_at, time.monotonic() + 0.05)
        rounds.append(time.monotonic())
        time.sleep(0.02)
        return True

    lanes.run("publish:1", work, lambda now: True)

    assert 1 <= len(rounds) <= 10
    assert queued() == 1


def test_a_lane_of_a_channel_that_is_no_more_does_nothing() -> None:
    tasks.run_lane("publish:999999")

    assert Lane.objects.count() == 0


# The limiter


def test_threads_together_never_exceed_the_rate() -> None:
    budget = limiter.Limiter(key="k", calls_per_second=40, burst=5)
    taken: list[float] = []

    def call() -> None:
        for _ in range(8):
            budget.acquire()
            taken.append(time.time())
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    taken.sort()
    assert len(taken) == 32
    # In any window of w seconds at most burst + rate × w calls, with a little for the clock's own grain.
    for first in range(32):
        for last in range(first, 32):
            assert last - first + 1 <= 5 + 40 * (taken[last] - taken[first] + 0.01) + 1


def test_a_block_stops_everyone_and_long_waits_are_refused() -> None:
    budget = limiter.Limiter(key="k", calls_per_second=1000, burst=10, longest_wait=0.2)
    budget.acquire()
    budget.block(60)
    budget.block(1)  # a shorter one does not shorten it

    with pytest.raises(RateLimited) as refusal:
        limiter.Limiter(key="k", calls_per_second=1000, burst=10, longest_wait=0.2).acquire()
    assert 58 < refusal.value.wait_seconds <= 60

    CallBudget.objects.update(blocked_until=time.time() + 0.1)
    budget.acquire()
    limiter.Limiter(key="other", calls_per_second=1000, burst=10).acquire()


def test_no_platform_is_called_inside_a_transaction() -> None:
    with pytest.raises(limiter.TransactionOpen), transaction.atomic():
        limiter.Limiter(key="k", calls_per_second=1, burst=1).acquire()


def test_what_was_taken_before_a_rate_was_told_costs_what_it_costs_at_that_rate() -> None:
    budget = limiter.Limiter(key="k", calls_per_second=0.01, burst=2, longest_wait=0.5)
    budget.acquire()
    budget.acquire()
    with pytest.raises(RateLimited) as refused:
        budget.acquire()

    budget.learn(100)

    assert refused.value.wait_seconds > 90
    budget.acquire()


def test_a_token_stands_nowhere_in_the_limiter() -> None:
    limiter.Limiter(key=limiter.budget_key("secret_token"), calls_per_second=1, burst=1).acquire()

    assert "secret" not in CallBudget.objects.get().key
    assert len(CallBudget.objects.get().key) == 64
