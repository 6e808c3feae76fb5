"""A verb for many rows of a list: looked at first, done to those it fits, and each row says what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import HoldBack, InboundEvent, Listing, Order
from dashboard import many
from dashboard.models import User
from inventory import catalogue
from inventory.models import AuditEntry, Sku
from reconciliation.models import LevelDraft, Run
from tests.factories import make_channel, make_listing, make_sku

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password", role="manager"))
    return client


def page(browser: Client, address: str, data: dict[str, Any] | None = None) -> str:
    answer = browser.get(address, data)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def do(browser: Client, address: str, **data: Any) -> str:
    answer = browser.post(address, data, follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


LISTS = {
    "/skus/": ("archive", "restore", "hold-back"),
    "/listings/": ("compare", "retry", "hold-back", "unlink", "ignore"),
    "/orders/": ("fetch",),
    "/activity/": ("replay",),
}


@pytest.mark.parametrize(("address", "verbs"), LISTS.items())
def test_each_list_picks_rows_and_offers_its_verbs(browser: Client, address: str, verbs: tuple[str, ...]) -> None:
    channel = make_channel()
    make_listing(channel, make_sku())
    Order.objects.create(channel=channel, ref="1", number="1", first_seen_at=timezone.now(), placed_at=timezone.now())
    InboundEvent.objects.create(channel=channel, delivery_id="1", body="{}", received_at=timezone.now())

    html = page(browser, address)

    assert html.count("data-pick ") == 1
    room = next(room for room in many.ROOMS.values() if room.url == address)
    offered = [f'formaction="/many/{room.code}/{verb}/"' in html for verb in verbs]
    assert offered == [True] * len(verbs)
    assert len(room.verbs) == len(verbs)
    assert "All 1 that matches" in html
    assert "js/review" in html


def test_a_swapped_list_says_anew_what_all_of_the_filter_is(browser: Client) -> None:
    make_sku("TEE")
    make_sku("MUG")

    part = browser.get("/skus/?q=TEE", headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()

    assert '<span id="batch-all" hx-swap-oob="true">All 1 that matches' in part
    assert 'id="batch-query" value="q=TEE" hx-swap-oob="true"' in part


def test_who_may_do_none_of_it_is_offered_neither_boxes_nor_verbs(client: Client) -> None:
    make_sku("TEE")
    client.force_login(User.objects.create_user("vic", role="viewer"))

    html = page(client, "/skus/")

    assert "data-pick " not in html
    assert 'id="batch"' not in html
    assert 'hx-swap-oob="true">All' not in client.get("/skus/", headers={"HX-Request": "true"}).content.decode()
    assert client.post("/many/skus/archive/", {"scope": "filter"}).status_code == 403
    assert Sku.objects.get().archived_at is None


def test_an_operator_is_offered_what_the_table_gives(client: Client) -> None:
    make_sku("TEE")
    client.force_login(User.objects.create_user("olga", role="operator"))

    html = page(client, "/skus/")

    assert "/many/skus/archive/" in html
    assert "/many/skus/hold-back/" not in html
    assert client.get("/many/skus/hold-back/").status_code == 403


def test_all_of_a_filter_is_looked_at_before_it_is_archived(browser: Client) -> None:
    tees = [make_sku(f"TEE-{number}") for number in range(3)]
    mug = make_sku("MUG")
    said = {"scope": "filter", "query": "q=TEE&sort=-code"}

    html = page(browser, "/many/skus/archive/", said)
    assert "Archive: 3 SKUs" in html
    assert "unarchiving brings them back" in html
    assert not Sku.objects.exclude(archived_at=None).exists()

    html = do(browser, "/many/skus/archive/", **said)

    assert html.count("Archived: it shows in no list.") == 3
    assert 'href="/skus/?q=TEE&amp;sort=-code"' in html, "the way back keeps the filter"
    assert set(Sku.objects.exclude(archived_at=None)) == set(tees)
    assert Sku.objects.get(pk=mug.pk).archived_at is None
    assert AuditEntry.objects.filter(action="sku.archive", actor="user:ana").count() == 3


def test_what_a_verb_does_not_fit_is_left_out_and_said(browser: Client) -> None:
    old, new, gone = make_sku("OLD"), make_sku("NEW"), make_sku("GONE")
    catalogue.archive_sku(sku=gone, actor="user:ana", now=timezone.now())
    Sku.objects.filter(pk=old.pk).update(merged_into=new, archived_at=timezone.now())
    said = {"scope": "rows", "row": [old.pk, new.pk, gone.pk]}

    html = page(browser, "/many/skus/restore/", said)

    assert "Unarchive: 1 SKU" in html
    assert "2 of the chosen rows are left out" in html
    assert do(browser, "/many/skus/restore/", **said).count("Active again.") == 1
    assert Sku.objects.get(pk=old.pk).archived_at is not None


def test_nothing_picked_and_nothing_to_do_say_so(browser: Client) -> None:
    tee = make_sku("TEE")

    assert "Nothing is picked" in page(browser, "/many/skus/archive/", {"scope": "rows"})
    assert "Nothing is picked" in page(browser, "/many/skus/archive/", {"scope": "rows", "row": ["x", "9" * 30]})
    assert "Nothing to do" in page(browser, "/many/skus/restore/", {"scope": "rows", "row": tee.pk})
    assert "Nothing was done lately" in page(browser, "/many/skus/")
    assert browser.get("/many/shoes/").status_code == 404


def test_a_press_does_so_many_and_says_how_many_are_left(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "AT_ONCE", 2)
    for number in range(5):
        make_sku(f"TEE-{number}")

    assert "One press does the first 2." in page(browser, "/many/skus/archive/", {"scope": "filter", "query": ""})
    assert "3 more wait for the next press" in do(browser, "/many/skus/archive/", scope="filter", query="")
    assert "1 more waits for the next press" in do(browser, "/many/skus/archive/", scope="filter", query="")


def test_a_hold_back_of_many_leads_to_what_it_would_do(browser: Client) -> None:
    tee, mug = make_sku("TEE", on_hand=9), make_sku("MUG", on_hand=9)
    make_listing(make_channel(), tee, quantity=9)

    assert "Units kept back of each" in page(browser, "/many/skus/hold-back/", {"scope": "filter", "query": ""})
    refused = browser.post("/many/skus/hold-back/", {"scope": "filter", "query": "", "units": "-1"})
    html = do(browser, "/many/skus/hold-back/", scope="filter", query="", units="2")

    assert refused.status_code == 422
    assert "What changes" in html
    assert "1 down" in html
    assert not HoldBack.objects.exists()
    browser.post(f"/reconciliation/levels/review/{LevelDraft.objects.get().pk}/")
    assert {(row.sku, row.units) for row in HoldBack.objects.all()} == {(tee, 2), (mug, 2)}
    assert "Nothing changes: they say so already." in do(
        browser, "/many/skus/hold-back/", scope="filter", query="", units="2"
    )


def test_listings_are_unlinked_never_linked_and_tried_again(browser: Client) -> None:
    channel, now = make_channel(), timezone.now()
    first, second = make_listing(channel, make_sku("TEE")), make_listing(channel, make_sku("MUG"))
    waiting = make_listing(channel, None, title="Waits")
    Listing.objects.filter(pk=first.pk).update(parked_at=now, parked_reason="No such product.")

    assert "Try again: 1 listing" in page(browser, "/many/listings/retry/", {"scope": "filter", "query": ""})
    assert "Goes out with the next wave" in do(browser, "/many/listings/retry/", scope="filter", query="")
    first.refresh_from_db()
    assert first.parked_at is None

    do(browser, "/many/listings/unlink/", scope="rows", row=[first.pk, waiting.pk])
    do(browser, "/many/listings/ignore/", scope="rows", row=[waiting.pk])

    states = {listing.pk: listing.mapping for listing in Listing.objects.all()}
    assert states == {first.pk: "unmapped", second.pk: "mapped", waiting.pk: "ignored"}


def test_listings_are_compared_and_followed_in_their_run(browser: Client) -> None:
    channel = make_channel()
    listing = make_listing(channel, make_sku("TEE", on_hand=3), quantity=3)
    make_listing(channel, None)

    html = do(browser, "/many/listings/compare/", scope="filter", query="")

    run = Run.objects.get()
    assert (run.scope, run.requested_by) == ("selection", "user:ana")
    assert "North" in html
    channel.disconnected_at = timezone.now()
    channel.save()
    refused = browser.post("/many/listings/compare/", {"scope": "rows", "row": [listing.pk]})
    assert refused.status_code == 422


def test_events_and_orders_are_taken_again(browser: Client) -> None:
    channel, now = make_channel(), timezone.now()
    for number, state in enumerate(("failed", "done", "ignored")):
        InboundEvent.objects.create(
            channel=channel, delivery_id=str(number), body="{}", received_at=now, state=state, topic=f"topic-{number}"
        )
    Order.objects.create(channel=channel, ref="1", number="1042", first_seen_at=now, placed_at=now)

    assert "Replay: 2 events" in page(browser, "/many/events/replay/", {"scope": "filter", "query": ""})
    do(browser, "/many/events/replay/", scope="filter", query="")
    html = do(browser, "/many/orders/fetch/", scope="filter", query="")

    states = dict(InboundEvent.objects.values_list("delivery_id", "state"))
    assert states == {"0": "pending", "1": "done", "2": "pending"}
    assert "1042" in html
    assert "is-warning" in html, "a store that does not answer is said of its order"


def test_a_preview_costs_no_more_for_more_rows(browser: Client) -> None:
    channel = make_channel()

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page(browser, "/many/listings/unlink/", {"scope": "filter", "query": ""})
        return len(asked)

    make_listing(channel, make_sku("A"))
    queries()
    few = queries()
    for number in range(12):
        make_listing(channel, make_sku(f"B{number}"), shown_at=timezone.now() - timedelta(days=number))
    assert queries() == few
