"""Many at once: what would be written in all, done row by row, told row by row, and taken back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from channels import breaker, tasks
from channels.models import Channel
from inventory.models import Movement
from reconciliation import batches, verbs
from reconciliation.models import Batch, BatchItem, Discrepancy
from tests.channels.core.world import Store, pass_time
from tests.factories import make_warehouse
from tests.reconciliation.world import by_hand, differing, many_differing

NEW = "/reconciliation/batches/new/"


def confirm(browser: Client, address: str, **fields: object) -> Any:
    """Confirm just what the page at ``address`` shows."""
    seen = browser.get(f"{address}&{urlencode({'version': 0, **fields})}").context["seen"]
    return browser.post(address, {"seen": seen, **fields})


def test_the_preview_sums_up_and_says_what_is_left_alone(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.get(f"{NEW}?scope=filter&query=status%3Dany&verb=take-theirs")

    shown = response.context["preview"]
    assert (shown.possible, shown.impossible, shown.pushes) == (4, 1, 0)
    assert response.context["warehouses"] == {"Main warehouse": (4, -1), "Back warehouse": (0, -7)}
    assert response.context["problems"] == [("It shows no number that could be taken over.", 1)]


def test_the_preview_says_where_the_store_will_stop_and_ask(browser: Client, store: Store) -> None:
    many_differing(store, breaker.SMALL_WAVE + 1, ours=7, theirs=9)
    address = f"{NEW}?scope=filter&query=&verb=keep-ours"
    words = "North will stop and ask before it writes them: 101 of 202 listings would change at once"
    assert words not in browser.get(address).content.decode()

    Channel.objects.update(breaker_percent=49)

    assert words in browser.get(address).content.decode()


def test_picked_rows_are_decided_and_taken_back(browser: Client, store: Store) -> None:
    rows = [differing(store, code, ours=7, theirs=10) for code in ("TEE", "MUG", "CAP")]
    by_hand(store, "CAP", 12)
    address = NEW + "?scope=rows&verb=keep-ours&" + "&".join(f"row={row.pk}" for row in rows)

    done = confirm(browser, address)
    batch = Batch.objects.get()
    assert done["Location"] == f"/reconciliation/batches/{batch.pk}/"
    assert browser.get(done["Location"]).context["ended"] == 0
    tasks.run_lane(batches.lane_of(store.channel.pk))
    store.publish()

    page = browser.get(done["Location"], headers={"HX-Request": "true"})
    assert page["HX-Refresh"] == "true"
    results = dict(BatchItem.objects.values_list("discrepancy__listing__external_sku", "state"))
    assert results == {"TEE": "done", "MUG": "done", "CAP": "moved"}
    assert (store.shows("TEE"), store.shows("MUG"), store.shows("CAP")) == (7, 7, 12)
    assert "The channel shows 12 now" in browser.get(f"{done['Location']}?state=moved").content.decode()

    undone = browser.post(f"/reconciliation/batches/{batch.pk}/undo/")
    tasks.run_lane(batches.lane_of(store.channel.pk))
    store.publish()
    assert (store.shows("TEE"), store.shows("MUG")) == (10, 10)
    assert set(Discrepancy.objects.values_list("state", flat=True)) == {"open"}
    again = browser.post(f"/reconciliation/batches/{batch.pk}/undo/", follow=True)
    assert "It was taken back already." in again.content.decode()
    assert undone["Location"] == f"/reconciliation/batches/{Batch.objects.latest('pk').pk}/"


def test_a_row_that_nobody_thought_of_is_refused_and_holds_up_no_other(
    browser: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [differing(store, code, ours=7, theirs=10) for code in ("TEE", "MUG")]
    act = verbs.act

    def unthought_of(row: Discrepancy, *args: Any, **named: Any) -> Any:
        if row.pk == rows[0].pk:
            raise KeyError("units")
        return act(row, *args, **named)

    monkeypatch.setattr(verbs, "act", unthought_of)

    confirm(browser, NEW + "?scope=rows&verb=keep-ours&" + "&".join(f"row={row.pk}" for row in rows))
    tasks.run_lane(batches.lane_of(store.channel.pk))

    results = dict(BatchItem.objects.values_list("discrepancy__listing__external_sku", "state"))
    assert (results, Batch.objects.get().state) == ({"TEE": "refused", "MUG": "done"}, "done")
    assert "KeyError" in BatchItem.objects.get(state="refused").message


def test_what_has_changed_since_it_was_seen_is_shown_once_more(browser: Client, shop: SimpleNamespace) -> None:
    address = f"{NEW}?scope=filter&query=&verb=ignore"
    seen = browser.get(address).context["seen"]
    Discrepancy.objects.filter(pk=shop.over.pk).update(version=2)

    response = browser.post(address, {"seen": seen, "reason": "Display pieces"})

    assert response.status_code == 422
    assert "Look once more." in response.content.decode()
    assert not Batch.objects.exists()
    confirm(browser, address, reason="Display pieces")
    assert Batch.objects.get().total == 4


def test_a_warehouse_that_was_not_shown_is_not_written_to(browser: Client, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=10)
    make_warehouse("BACK").feeds.create(channel=store.channel, priority=200)
    Discrepancy.objects.update(warehouse=None)
    address = f"{NEW}?scope=rows&row={row.pk}&verb=take-theirs"
    seen = browser.get(address).context["seen"]

    response = browser.post(address, {"seen": seen, "warehouse": make_warehouse("BACK").pk, "reason": "Counted"})

    assert response.status_code == 422
    assert response.context["warehouses"] == {"Back warehouse": (3, 0)}
    assert not Movement.objects.filter(kind="adjustment").exists()


def test_it_can_be_stopped_and_what_is_left_stays(browser: Client, store: Store) -> None:
    rows = [differing(store, code, ours=7, theirs=10) for code in ("TEE", "MUG")]
    confirm(browser, NEW + "?scope=rows&verb=keep-ours&" + "&".join(f"row={row.pk}" for row in rows))
    batch = Batch.objects.get()

    response = browser.post(f"/reconciliation/batches/{batch.pk}/stop/", follow=True)
    pass_time(store.channel)
    tasks.run_lane(batches.lane_of(store.channel.pk))

    assert "2 rows were left as they are." in response.content.decode()
    assert store.shows("TEE") == 10
    assert set(batch.items.values_list("state", flat=True)) == {"skipped"}


def test_nothing_to_decide_is_said(browser: Client, shop: SimpleNamespace) -> None:
    for query in (f"scope=rows&row={shop.old.pk}", "scope=rows", "scope=rows&row=x", "scope=rows&row=1&verb=burn"):
        assert browser.get(f"{NEW}?{query}")["Location"] == "/reconciliation/"
