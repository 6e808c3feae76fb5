"""SIGKILL at any point loses nothing, repeats nothing and does not stall."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import psutil
import pytest

from tests.processes.conftest import CODES, Shop

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]


def cluster(shop: Shop) -> list[psutil.Process]:
    """Return the cluster's processes: its main process first, then sentinel, workers, pusher and monitor."""
    return shop.installation.worker_processes()[1:]


def kill_all_children(shop: Shop) -> None:
    """One child after the other, so that each kind of them has died once: workers, pusher, monitor, sentinel."""
    for child in reversed(cluster(shop)[1:]):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
        time.sleep(0.3)  # the interval between two deaths is part of the case, not a wait for a result


def kill_main(shop: Shop) -> None:
    cluster(shop)[0].kill()


def kill_watchdog(shop: Shop) -> None:
    assert shop.installation.worker is not None
    shop.installation.worker.kill()
    shop.installation.worker.wait()
    shop.installation.start_worker()


def kill_everything(shop: Shop) -> None:
    shop.installation.kill_everything()
    shop.installation.start_web()
    shop.installation.start_worker()


@pytest.mark.parametrize("kill", [kill_all_children, kill_main, kill_watchdog, kill_everything])
def test_a_kill_amid_sales_loses_nothing_and_repeats_nothing(shop: Shop, kill: Callable[[Shop], None]) -> None:
    chance = random.Random(7)

    def buy(times: int) -> None:
        for _ in range(times):
            shop.buy(chance.choice(shop.stores), chance.choice(CODES), chance.choice((1, 1, 2)))
            time.sleep(0.02)  # buyers come one after the other

    buyers = threading.Thread(target=buy, args=(100,))
    buyers.start()
    time.sleep(0.5)  # somewhere amid the sales
    kill(shop)
    buyers.join()
    for store in shop.stores:
        assert store.wait_for_webhooks(60)
    shop.expect_agreement(seconds=60)

    buy(1)

    shop.expect_agreement(seconds=30)
    shop.expect_sound_ledger()


def test_an_idle_child_killed_does_not_stall_the_next_sale(shop: Shop) -> None:
    """A cluster can hang for good when a child that waits for work dies holding the queue's lock."""
    for code in CODES[:2]:
        for child in cluster(shop)[2:4]:
            child.kill()

        shop.buy(shop.north, code)

        shop.expect_agreement(seconds=40)
    shop.expect_sound_ledger()
