"""A thousand purchases on both stores with every fault on: in the end both stores equal the ledger."""

from __future__ import annotations

import random
import time

import pytest

from sandbox.ecwid import EcwidSimulator
from tests.processes.conftest import CODES, Shop
from tests.processes.installation import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(280)]

FAULTS: dict[str, tuple[float, float | None]] = {
    "webhook_delay": (0.2, 1.0),
    "webhook_drop": (0.1, None),
    "webhook_duplicate": (0.2, None),
    "webhook_reorder": (0.2, 0.5),
    "error_before": (0.05, None),
    "error_after": (0.05, None),
    "timeout_after": (0.02, 1.0),
    "error_reads": (0.03, None),
    "html": (0.02, None),
    "empty": (0.02, None),
    "rate_limited": (0.01, 1.0),
    "slow": (0.02, 0.5),
}


def reconnect(shop: Shop, store: EcwidSimulator, name: str) -> None:
    shop.installation.python(
        "from django.utils import timezone; from channels import connect; from channels.models import Channel\n"
        f"connect.reconnect(channel=Channel.objects.get(name={name!r}), credentials={{"
        f"'store_id': '{store.store_id}', 'token': {store.token!r}, 'client_secret': {store.client_secret!r}}}, "
        "actor='test', now=timezone.now())"
    )


def test_a_thousand_purchases_with_every_fault_on_converge(shop: Shop) -> None:
    chance = random.Random(11)
    for store in shop.stores:
        for name, (probability, seconds) in FAULTS.items():
            store.faults.set(name, probability=probability, seconds=seconds)

    for number in range(1000):
        code, units = chance.choice(CODES), chance.choice((1, 1, 2))
        store = chance.choice(shop.stores)
        order = shop.buy(store, code, units)
        if number % 20 == 0:
            store.cancel(order)
            shop.left[code] += units
        if number == 500:
            shop.north.access.expire()
        time.sleep(0.01)  # buyers come one after the other
    wait_until(
        lambda: (
            shop.installation.query("SELECT connection FROM channels_channel WHERE name = 'North'") == [("reconnect",)]
        ),
        seconds=30,
        what="North asks to be reconnected",
    )
    shop.north.access.renew()
    for store in shop.stores:
        store.faults.clear()
    reconnect(shop, shop.north, "North")
    for store in shop.stores:
        assert store.wait_for_webhooks(60)
    shop.poll_now()

    shop.expect_agreement(seconds=120)
    shop.expect_sound_ledger()


def test_a_hand_edit_is_shown_and_kept_until_a_person_decides(shop: Shop) -> None:
    product, _ = shop.north.store.find_sku("SKU-03")
    shop.north.set_quantity(product.id, quantity=shop.left["SKU-03"] + 7)

    def drift() -> list[tuple[object, ...]]:
        return shop.installation.query(
            "SELECT l.drift FROM channels_listing l JOIN channels_channel c ON c.id = l.channel_id"
            " WHERE c.name = 'North' AND l.external_sku = 'SKU-03'"
        )

    def look() -> bool:
        # The grace periods of half a minute each are cut short; both readings are still taken.
        shop.installation.python(
            "from django.utils import timezone; from channels.models import Listing\n"
            "Listing.objects.filter(channel__name='North', external_sku='SKU-03', drift=0)"
            ".update(check_due_at=timezone.now())"
        )
        return drift() == [(7,)]

    wait_until(look, seconds=40, what="the drift of 7 is confirmed")
    shop.buy(shop.south, "SKU-03", 2)
    wait_until(
        lambda: shop.north.quantity_of("SKU-03") == shop.left["SKU-03"] + 7,
        seconds=30,
        what="the sale in South lowers North by 2 and leaves the hand edit alone",
    )

    shop.installation.python(
        "from django.utils import timezone; from channels.models import Listing\n"
        "from reconciliation import checks, verbs; from reconciliation.models import Discrepancy, Verb\n"
        "listing = Listing.objects.get(channel__name='North', external_sku='SKU-03')\n"
        "checks.look_now(listing=listing, now=timezone.now())\n"
        "row = Discrepancy.objects.open().get(listing=listing)\n"
        "choice = verbs.Choice(verb=Verb.KEEP_OURS, version=row.version)\n"
        "verbs.act(row, choice, actor='user:test', now=timezone.now())"
    )

    shop.expect_agreement(seconds=30)
    shop.expect_sound_ledger()
