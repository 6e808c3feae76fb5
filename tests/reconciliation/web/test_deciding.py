"""One discrepancy: what a verb writes is said before, done only to what was seen, and can be taken back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from channels.models import Channel, InboundEvent, Order
from dashboard.models import User
from inventory.models import Movement, Sku
from reconciliation.models import CountTask, Discrepancy, Run
from tests.channels.core.world import Store
from tests.factories import make_sku, make_warehouse
from tests.reconciliation.believable import tell_a_story
from tests.reconciliation.world import by_hand, differing

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/reconciliation/?cause=hand-edit"}


def decide(browser: Client, row: Discrepancy, verb: str, **fields: object) -> object:
    return browser.post(f"/reconciliation/{row.pk}/decide/{verb}/", {"version": row.version, **fields})


def test_the_page_shows_numbers_picture_and_what_each_verb_would_write(browser: Client, shop: SimpleNamespace) -> None:
    tell_a_story(shop.over, now=timezone.now(), warehouse=shop.main)

    response = browser.get(f"/reconciliation/{shop.over.pk}/?channel={shop.north.pk}")

    html = response.content.decode()
    effects = {
        str(item["verb"]): [effect.sentence for effect in item["effects"]] for item in response.context["decisions"]
    }
    assert effects["take-theirs"][0] == "Main warehouse: +4 on hand of OVER."
    assert "Order 1041: 2 units" in html
    assert "Webhook product.updated" in html
    assert "Push 10 → 30: applied" in html
    assert html.count('<svg class="picture ') == 2
    ours, theirs = response.context["history"].ours, response.context["history"].theirs
    assert (ours[-1].units, theirs[-1].units) == (5, 9)
    # The rows before and after it in the queue as it is filtered.
    assert (response.context["before"], response.context["after"]) == (shop.endless.pk, shop.cheap.pk)


def test_the_evidence_leads_to_its_rows(browser: Client, shop: SimpleNamespace) -> None:
    row, now = shop.over, timezone.now()
    event = InboundEvent.objects.create(channel=shop.north, delivery_id="e1", topic="t", body="{}", received_at=now)
    order = Order.objects.create(channel=shop.north, ref="O1", number="O1", first_seen_at=now, placed_at=now)
    run = Run.objects.create(channel=shop.north, started_at=now)
    kinds = {"event": event.pk, "order": order.pk, "push": 5, "listing": row.listing_id, "reading": None}
    said = [{"kind": kind, "id": pk, "sentence": f"About the {kind}."} for kind, pk in kinds.items()]
    gone = [{"kind": "event", "id": 10**6, "sentence": "About an event that is forgotten."}]
    Discrepancy.objects.filter(pk=row.pk).update(evidence=said + gone, run=run)

    shown = dict(browser.get(f"/reconciliation/{row.pk}/").context["evidence"])

    assert shown == {
        "About the event.": f"/activity/events/{event.pk}/",
        "About the order.": f"/orders/{order.pk}/",
        "About the push.": f"/listings/{row.listing_id}/#pushes-title",
        "About the listing.": f"/listings/{row.listing_id}/",
        "About the reading.": f"/reconciliation/runs/{run.pk}/",
        "About an event that is forgotten.": "",
    }
    for address in filter(None, shown.values()):
        assert browser.get(address).status_code == 200


def test_ours_is_kept_and_taken_back(browser: Client, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=10)
    asked = browser.get(f"/reconciliation/{row.pk}/decide/keep-ours/")
    assert [effect.sentence for effect in asked.context["preview"].effects] == ["North: 10 → 7 (−3)."]

    answer = browser.post(f"/reconciliation/{row.pk}/decide/keep-ours/", {"version": row.version}, headers=HTMX)
    assert answer["HX-Redirect"] == "/reconciliation/?cause=hand-edit"
    store.publish()
    assert store.shows("TEE") == 7

    html = browser.get(f"/reconciliation/{row.pk}/").content.decode()
    assert "Take it back" in html
    browser.post(f"/reconciliation/{row.pk}/undo/")
    store.publish()
    row.refresh_from_db()
    assert (row.state, store.shows("TEE")) == ("open", 10)


def test_a_number_that_moved_shows_the_new_picture_instead_of_acting(browser: Client, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=10)
    by_hand(store, "TEE", 12)

    refused = decide(browser, row, "keep-ours")

    assert refused.status_code == 422  # type: ignore[attr-defined]
    html = refused.content.decode()  # type: ignore[attr-defined]
    assert "The channel shows 12 now" in html
    assert "the channel shows 12." in html
    assert (store.shows("TEE"), store.accounted("TEE")) == (12, 7)
    row.refresh_from_db()
    assert f'name="version" value="{row.version}"' in html
    decide(browser, row, "keep-ours")
    store.publish()
    assert store.shows("TEE") == 7


def test_of_two_people_the_second_is_told(browser: Client, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=10)
    decide(browser, row, "take-theirs", warehouse=make_warehouse().pk, reason="Counted in the shop")

    second = decide(browser, row, "ignore", reason="No idea")

    assert second.status_code == 302  # type: ignore[attr-defined]
    assert "It is decided already: resolved." in browser.get(f"/reconciliation/{row.pk}/").content.decode()
    assert [m.on_hand_delta for m in Movement.objects.filter(kind="adjustment")] == [3]


@pytest.mark.parametrize(
    ("verb", "fields", "words"),
    [
        ("take-theirs", {"warehouse": ""}, "This field is required."),
        ("take-theirs", {"warehouse": "999999", "reason": "x"}, "Select a valid choice."),
        ("ignore", {"reason": " "}, "This field is required."),
        ("snooze", {"until": "on", "on": ""}, "Say which day."),
        ("snooze", {"until": "on", "on": "2020-01-01"}, "That time has passed"),
        ("change-mapping", {"sku": "NOWHERE"}, "There is no SKU “NOWHERE”."),
        ("change-mapping", {"sku": "OVER"}, "It is linked to OVER"),
        ("recount", {"version": "-1"}, ""),
    ],
)
def test_what_is_missing_is_said_beside_the_field(
    browser: Client, shop: SimpleNamespace, verb: str, fields: dict[str, str], words: str
) -> None:
    response = decide(browser, shop.over, verb, **fields)

    assert response.status_code == 422  # type: ignore[attr-defined]
    assert words in response.content.decode()  # type: ignore[attr-defined]
    shop.over.refresh_from_db()
    assert (shop.over.state, shop.over.version) == ("open", 1)


def test_a_row_of_an_archived_sku_is_not_taken_over(browser: Client, shop: SimpleNamespace) -> None:
    Sku.objects.filter(pk=shop.over.sku_id).update(archived_at=timezone.now())

    response = decide(browser, shop.over, "take-theirs", warehouse=shop.main.pk, reason="Counted")

    assert response.status_code == 422  # type: ignore[attr-defined]
    assert "is archived: its stock is not kept any more." in response.content.decode()  # type: ignore[attr-defined]


def test_a_store_that_cant_be_asked_changes_nothing(browser: Client, shop: SimpleNamespace) -> None:
    response = decide(browser, shop.over, "keep-ours")

    assert response.status_code == 422  # type: ignore[attr-defined]
    assert "Nothing was done: the store could not be asked." in response.content.decode()  # type: ignore[attr-defined]
    shop.over.refresh_from_db()
    assert shop.over.state == "open"


def test_harmless_verbs_work_while_the_store_is_away_and_come_back(browser: Client, shop: SimpleNamespace) -> None:
    Channel.objects.update(connection="refused")
    decide(browser, shop.over, "recount", warehouse=shop.main.pk, reason="Shelf 4")

    assert "Shelf 4" in browser.get("/reconciliation/to-count/").content.decode()
    browser.post(f"/reconciliation/{shop.over.pk}/undo/")
    shop.over.refresh_from_db()
    assert (shop.over.state, CountTask.objects.get().state) == ("open", "cancelled")


def test_a_changed_field_draws_the_preview_anew(browser: Client, shop: SimpleNamespace) -> None:
    make_sku("OTHER", on_hand=2)

    response = browser.get(
        f"/reconciliation/{shop.over.pk}/decide/change-mapping/?version=1&sku=OTHER", headers={"HX-Request": "true"}
    )

    sentences = [effect.sentence for effect in response.context["preview"].effects]
    assert sentences == [
        "“Product OVER” on North sells OTHER from now on; orders booked before stay as they are.",
        "North: 9 → 2 (−7).",
    ]


def test_it_is_given_to_someone_and_noted(browser: Client, shop: SimpleNamespace) -> None:
    ben = User.objects.create_user("ben", role="owner")

    browser.post(f"/reconciliation/{shop.over.pk}/assign/", {"assignee": str(ben.pk)})
    browser.post(f"/reconciliation/{shop.over.pk}/note/", {"text": "Asked the shop <b>"})
    browser.post(f"/reconciliation/{shop.over.pk}/note/", {"text": " "})

    shop.over.refresh_from_db()
    assert shop.over.assignee == ben
    assert [note.text for note in shop.over.notes.all()] == ["Asked the shop <b>"]
    assert "Asked the shop &lt;b&gt;" in browser.get(f"/reconciliation/{shop.over.pk}/").content.decode()


@pytest.mark.parametrize("path", ["", "7/", "7/decide/keep-ours/", "runs/", "levels/", "mail/", "to-count/"])
def test_strangers_are_asked_to_sign_in(client: Client, path: str) -> None:
    assert client.get(f"/reconciliation/{path}")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", [f"{10**30}/", "1/decide/burn/", f"{10**30}/undo/", "runs/99/", "batches/99/"])
def test_what_is_not_there_is_not_found(browser: Client, path: str) -> None:
    assert browser.get(f"/reconciliation/{path}").status_code == 404
