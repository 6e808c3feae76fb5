"""ECOSIRE, conservatively: every page turned, a reading that lacks anything discarded, events only hints."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import Warehouse
from inventory.sources.contract import BadSignature
from inventory.sources.ecosire import mapping as words
from inventory.sources.models import Pull, Source
from sandbox.ecosire import Ecosire
from tests.factories import make_sku, make_warehouse
from tests.inventory.sources.world import connect, level, read, work

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running() -> Iterator[Ecosire]:
    with Ecosire(rate_limit=10_000) as account:
        yield account


@pytest.fixture
def account(running: Ecosire) -> Ecosire:
    running.reset()
    running.filters_ids = True
    running.window.calls = 10_000
    running.add_location("loc-1", "North")
    return running


@pytest.fixture
def source(account: Ecosire, main: Warehouse) -> Source:
    credentials = {"token": account.token, "webhook_secret": account.webhook_secret}
    return connect("ecosire", account.base_url, credentials, {words.ALL: main})


def test_every_page_is_turned(source: Source, account: Ecosire, main: Warehouse) -> None:
    for number in range(250):
        account.add_product(f"S{number}", number)
    last, lower = make_sku("S249"), make_sku("s248")

    pull = read(source)

    assert (pull.state, pull.pages, pull.rows) == (Pull.State.APPLIED, 3, 250)
    assert (level(last, main), level(lower, main)) == ((249, 0), (0, 0))
    account.adjust("S249", 3)
    read(source)
    assert level(last, main) == (252, 0), "an adjustment or a return there is known after one reading"


@pytest.mark.parametrize("fault", ["total_moves", "product_twice", "html"])
def test_a_reading_that_lacks_anything_is_discarded_whole(
    source: Source, account: Ecosire, main: Warehouse, fault: str
) -> None:
    for number in range(150):
        account.add_product(f"S{number}", 5)
    sku = make_sku("S1")
    account.faults.set(fault, next=1)

    pull = read(source)

    assert pull.state == Pull.State.DISCARDED
    assert level(sku, main) == (0, 0)
    assert read(source).state == Pull.State.APPLIED
    assert level(sku, main) == (5, 0)


def test_doubtful_products_are_named(source: Source, account: Ecosire, main: Warehouse) -> None:
    tee, mug = make_sku("TEE"), make_sku("MUG")
    account.faults.set("bad_sum", next=2)
    account.add_product("TEE", 142, reserved=30)
    account.add_product("MUG", 5)
    account.add_product("MUG", 6)
    account.add_product("", 6)
    account.add_product("CAP", 5).stock["loc-1"] = -2
    make_sku("CAP")

    pull = read(source)

    assert (level(tee, main), level(mug, main)) == ((142, 0), (0, 0))
    problems = {(each.kind, each.sku_code) for each in pull.problems.all()}
    assert problems == {("inconsistent", "TEE"), ("ambiguous", "MUG"), ("invalid", ""), ("invalid", "CAP")}


def test_the_rate_limit_makes_a_reading_wait_and_not_begin_anew(
    source: Source, account: Ecosire, main: Warehouse
) -> None:
    for number in range(150):
        account.add_product(f"S{number}", 5)
    account.window.clear()
    account.window.calls = 2  # the locations and one page

    pull = read(source)

    assert pull.state == Pull.State.READING
    assert pull.pages == 1
    assert pull.wait_until is not None
    assert pull.wait_until > timezone.now()
    account.window.calls = 10_000
    Pull.objects.update(wait_until=timezone.now())
    work(source)
    pull.refresh_from_db()
    assert (pull.state, pull.pages) == (Pull.State.APPLIED, 2)


@pytest.mark.parametrize("filters", [True, False])
def test_a_checkout_there_has_its_products_read_again(
    source: Source, account: Ecosire, main: Warehouse, client: Client, filters: bool
) -> None:
    Source.objects.filter(pk=source.pk).update(reserves="source", next_pull_at=None)
    tee, mug = make_sku("TEE"), make_sku("MUG")
    account.add_product("TEE", 10)
    account.add_product("MUG", 10)
    read(source)
    account.filters_ids = filters
    Source.objects.update(next_pull_at=timezone.now() + timedelta(hours=1))
    account.adjust("MUG", 5)
    deliver(account, source, client)

    work(source)

    assert level(tee, main) == (10, 3)
    assert level(mug, main) == ((10, 0) if filters else (15, 0)), "without the filter everything is read"
    pull = source.pulls.latest("pk")
    assert (pull.trigger, pull.is_full) == ("event", not filters)


def deliver(account: Ecosire, source: Source, client: Client, *, signature: str = "hex") -> int:
    """Sell three tees in ECOSIRE and carry its webhook over."""
    account.check_out("TEE", 3, signature=signature)
    sent = account._courier.deliveries()[-1]
    answer = client.post(
        f"/api/ecosire/v1/events/{source.uuid}", sent.body, content_type="application/json", headers=sent.headers
    )
    return answer.status_code


def test_an_event_is_believed_only_with_a_signature_that_fits(source: Source, account: Ecosire, client: Client) -> None:
    account.add_product("TEE", 10)
    found = {how: deliver(account, source, client, signature=how) for how in ("hex", "prefixed", "wrong", "none")}
    assert found == {"hex": 202, "prefixed": 202, "wrong": 401, "none": 401}
    Source.objects.filter(pk=source.pk).update()
    source.credentials = {"token": account.token}
    source.save(update_fields=["credentials"])
    assert deliver(account, source, client) == 401, "no secret, no belief"


def test_signatures_come_in_hex_and_base64() -> None:
    digest = hmac.new(b"s", b"body", hashlib.sha256)
    for given in (digest.hexdigest(), base64.b64encode(digest.digest()).decode(), f"sha256={digest.hexdigest()}"):
        words.check_signature("s", given, b"body")
    for bad in ("", "zz", digest.hexdigest()[:-2], "sha256="):
        with pytest.raises(BadSignature):
            words.check_signature("s", bad, b"body")


def test_single_locations_are_read_one_after_the_other(account: Ecosire, main: Warehouse) -> None:
    back = make_warehouse("BACK")
    account.add_location("loc-2", "South")
    product = account.add_product("TEE", 4)
    product.stock["loc-2"] = 6
    tee = make_sku("TEE")
    source = connect("ecosire", account.base_url, {"token": account.token}, {"loc-1": main, "loc-2": back})

    read(source)

    assert (level(tee, main), level(tee, back)) == ((4, 0), (6, 0))
