"""The catalogue comes in whole, whatever the store does meanwhile, and only what is certain links by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from channels import catalog, mapping, suggesting, tasks
from channels.contract import ReportedListing, ReportedVariant
from channels.models import CatalogImport, Listing, ListingVariant
from channels.platforms.ecwid import catalog_scan
from channels.platforms.ecwid import writes as ecwid_writes
from channels.platforms.ecwid.mapping import UnreadableProduct
from channels.platforms.ecwid.platform import EcwidPlatform
from tests import factories
from tests.channels.core.world import Store, adjust, pass_time, sell


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_scan, "PAGE", 5)


def run(store: Store) -> CatalogImport:
    """Go on with the running import until nothing is due."""
    CatalogImport.objects.filter(state="running").update(due_at=timezone.now())
    tasks.run_lane(catalog.lane_of(store.channel))
    return CatalogImport.objects.get()


def test_an_import_reads_every_page(store: Store) -> None:
    for number in range(12):
        store.sim.add_product(sku=f"SKU-{number:02}", quantity=number)

    store.import_catalogue()

    done = CatalogImport.objects.get()
    assert (done.state, done.total, done.products_read, done.listings_new, done.problem) == ("done", 12, 12, 12, "")
    assert Listing.objects.filter(state="active").count() == 12
    assert set(Listing.objects.values_list("accounted", flat=True)) == {None}


def test_an_import_that_meets_errors_goes_on_where_it_stopped(store: Store) -> None:
    for number in range(12):
        store.sim.add_product(sku=f"SKU-{number:02}", quantity=number)
    catalog.start_import(channel=store.channel, now=timezone.now())
    with store.platform() as platform:
        from channels import lanes

        with lanes.held(catalog.lane_of(store.channel)) as lease:
            assert lease is not None
            assert catalog.work(store.channel, platform, lease) is True
    store.sim.faults.set("error_reads", next=1)

    stopped = run(store)
    assert (stopped.state, stopped.products_read) == ("running", 5)
    assert stopped.due_at is not None
    assert stopped.due_at > timezone.now()
    assert stopped.problem != ""

    done = run(store)
    assert (done.state, done.products_read, Listing.objects.count()) == ("done", 12, 12)


@pytest.mark.parametrize("shifts", [1, 3])
def test_pages_that_shift_while_they_are_read_lose_nothing(store: Store, shifts: int) -> None:
    for number in range(17):
        store.sim.add_product(sku=f"SKU-{number:02}", quantity=number)
    store.sim.faults.set("shift_page", next=shifts)

    store.import_catalogue()

    assert CatalogImport.objects.get().state == "done"
    found = set(
        Listing.objects.filter(state="active", external_sku__startswith="SKU-").values_list("external_sku", flat=True)
    )
    assert found == {f"SKU-{number:02}" for number in range(17)}


def test_only_one_import_runs_at_a_time(store: Store) -> None:
    first = catalog.start_import(channel=store.channel, now=timezone.now())

    assert catalog.start_import(channel=store.channel, now=timezone.now()) == first


def test_a_dead_token_ends_the_import_with_words(store: Store) -> None:
    store.sim.access.expire()

    store.import_catalogue()

    ended = CatalogImport.objects.get()
    assert (ended.state, ended.due_at, ended.ended_at is None) == ("failed", None, False)
    assert "INVALID_API_TOKEN" in ended.problem
    assert store.fresh().connection == "reconnect"


def test_what_a_lagging_list_does_not_show_is_looked_up_before_it_is_gone(store: Store) -> None:
    sell(store, "TEE", 10)
    sell(store, "CAP", 10)
    cap, _ = store.sim.store.find_sku("CAP")
    store.sim.delete_product(cap.id)

    store.import_catalogue()

    assert dict(Listing.objects.values_list("external_sku", "state")) == {"TEE": "active", "CAP": "gone"}
    direct = [call.path for call in store.sim.requests if call.path == f"/products/{cap.id}"]
    assert len(direct) >= 1


def test_a_recreated_variation_is_a_new_listing_that_links_again(store: Store) -> None:
    medium = factories.make_sku("TEE-M", on_hand=4)
    product = store.sim.add_product(
        sku="TEE", quantity=0, variations=[{"sku": "TEE-M", "options": {"Size": "M"}, "quantity": 4}]
    )
    store.import_catalogue()
    store.publish()
    old = store.listing("TEE-M")

    store.sim.recreate_variation(product.id, product.variations[0].id)
    store.import_catalogue()
    store.publish()

    old.refresh_from_db()
    new = store.listing("TEE-M")
    assert (old.state, new.state, new.sku, old.pk == new.pk) == ("gone", "active", medium, False)
    assert (store.accounted("TEE-M"), store.shows("TEE-M")) == (4, 4)
    adjust(medium, -1)
    store.publish()
    assert (store.shows("TEE-M"), store.writes()) == (3, [b'{"quantityDelta": -1}'])


def test_a_sku_that_repeats_in_a_store_is_not_guessed(open_store: Any) -> None:
    store = open_store(non_unique_skus=True)
    factories.make_sku("TEE", on_hand=4)
    for _ in range(2):
        store.sim.add_product(sku="TEE", quantity=4)

    store.import_catalogue()

    assert (
        list(Listing.objects.values_list("mapping", "mapping_reason"))
        == [("unmapped", "Several listings of this store carry this SKU: choose which one sells it.")] * 2
    )


@pytest.mark.parametrize("code", ["tee-1", " TEE-1", "TEE 1", "TEE1", "0TEE-1"])
def test_a_sku_that_differs_a_little_is_only_suggested(store: Store, code: str) -> None:
    tee = factories.make_sku("TEE-1", on_hand=4)
    store.sim.add_product(sku=code, quantity=4)

    store.import_catalogue()

    listing = Listing.objects.get()
    assert (listing.mapping, listing.sku) == ("unmapped", None)
    assert [each.sku for each in suggesting.suggest([listing])[listing.pk]] == [tee]


@pytest.mark.parametrize("code", ["TEE/1", 'O\'NEIL "XL"', "🧢-1", "a&b=c;<i>", "100%"])
def test_odd_skus_are_kept_to_the_letter_and_sold(store: Store, code: str) -> None:
    sku = sell(store, code, 10)
    adjust(sku, -3)
    store.sim.buy(sku=code)

    store.hear()
    store.publish()

    assert (store.listing(code).sku, store.shows(code), store.accounted(code)) == (sku, 6, 6)


def test_a_listing_that_a_person_took_away_is_not_linked_again_by_itself(store: Store) -> None:
    sell(store, "TEE", 10)
    mapping.unlink(listing=store.listing("TEE"), actor="user:ana", now=timezone.now())

    store.import_catalogue()

    assert (store.listing("TEE").mapping, store.listing("TEE").sku) == ("unmapped", None)


# Products that can't be read


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Products, by id, that the platform's client can't make sense of."""
    refs: set[str] = set()
    read = ecwid_writes.read_product

    def read_or_not(client: Any, product_id: int | str) -> Any:
        if str(product_id) in refs:
            raise UnreadableProduct(f"Product {product_id}: its quantity is “many”, which is not a whole number.")
        return read(client, product_id)

    monkeypatch.setattr("channels.platforms.ecwid.writes.read_product", read_or_not)
    return refs


def test_one_unreadable_product_keeps_its_words_and_postpones_no_other(store: Store, broken: set[str]) -> None:
    codes = ["BAD", "GOOD"]
    skus = {code: factories.make_sku(code, on_hand=5) for code in codes}
    products = {code: store.sim.add_product(sku=code, quantity=10) for code in codes}
    store.import_catalogue()
    broken.add(str(products["BAD"].id))

    store.publish()

    bad = store.listing("BAD")
    assert bad.unwritable_reason == (
        f"Product {products['BAD'].id}: its quantity is “many”, which is not a whole number."
    )
    assert (bad.accounted, bad.is_publishable) == (None, False)
    assert (store.shows("GOOD"), store.shows("BAD")) == (5, 10)

    broken.clear()
    pass_time(store.channel)
    tasks.run_lane(f"check:{store.channel.pk}")
    store.publish()
    assert (store.listing("BAD").unwritable_reason, store.shows("BAD")) == ("", 5)
    assert skus["BAD"].levels.get().on_hand == 5


def test_an_import_ends_in_spite_of_an_unreadable_product(store: Store, broken: set[str]) -> None:
    sell(store, "BAD", 10)
    sell(store, "GOOD", 10)
    bad, _ = store.sim.store.find_sku("BAD")
    broken.add(str(bad.id))
    Listing.objects.update(seen_at=timezone.now() - timedelta(days=1))
    catalog.start_import(channel=store.channel, now=timezone.now() - timedelta(hours=1))
    CatalogImport.objects.filter(state="running").update(cursor="end", started_at=timezone.now() - timedelta(hours=1))

    tasks.run_lane(catalog.lane_of(store.channel))

    assert CatalogImport.objects.order_by("-pk")[0].state == "done"
    assert store.listing("BAD").unwritable_reason.startswith(f"Product {bad.id}")
    assert store.listing("GOOD").unwritable_reason == ""


def test_an_unreadable_product_decides_no_push(store: Store, broken: set[str]) -> None:
    from tests.channels.core.test_unknown_outcomes import crash

    tee = sell(store, "TEE", 10)
    adjust(tee, -3)
    push = crash(store, "TEE", target=7, called=True)
    product, _ = store.sim.store.find_sku("TEE")
    broken.add(str(product.id))

    store.settle()
    push.refresh_from_db()
    assert (push.state, store.accounted("TEE")) == ("unknown", 10)

    broken.clear()
    pass_time(store.channel)
    tasks.run_lane(f"check:{store.channel.pk}")
    store.settle()
    push.refresh_from_db()
    assert (push.state, store.accounted("TEE"), store.shows("TEE"), store.writes()) == ("applied", 7, 7, [])


def test_a_page_with_a_product_that_can_not_be_read_brings_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        store.sim.add_product(sku=f"SKU-{number}", quantity=number)
    page = EcwidPlatform.catalog_page

    def with_a_problem(self: EcwidPlatform, cursor: str) -> Any:
        from dataclasses import replace

        found = page(self, cursor)
        return replace(found, listings=found.listings[1:], problems=("Product 1: its quantity is “many”.",))

    monkeypatch.setattr(EcwidPlatform, "catalog_page", with_a_problem)

    store.import_catalogue()

    done = CatalogImport.objects.get()
    assert (done.state, done.problem, Listing.objects.count()) == ("done", "Product 1: its quantity is “many”.", 2)


def test_variants_move_with_their_pool(store: Store) -> None:
    product = store.sim.add_product(sku="CANDLE", quantity=5, variations=[{"options": {"Scent": "Fig"}}])
    store.import_catalogue()
    base = store.listing("CANDLE")
    assert [variant.listing_id for variant in ListingVariant.objects.all()] == [base.pk, base.pk]
    assert {variant.title for variant in ListingVariant.objects.all()} == {base.title}

    answer = requests.put(
        f"{store.sim.base_url}/1003/products/{product.id}/combinations/{product.variations[0].id}",
        json={"sku": "CANDLE-FIG", "quantity": 2},
        headers={"Authorization": f"Bearer {store.sim.token}"},
        timeout=5,
    )
    assert answer.status_code == 200
    store.import_catalogue()

    own = store.listing("CANDLE-FIG")
    variant = ListingVariant.objects.get(ref=own.ref)
    assert (variant.listing, base.variants.count()) == (own, 1)


def test_a_pool_or_a_variant_that_is_told_twice_is_kept_once_as_it_was_told_last(store: Store) -> None:
    variants = (ReportedVariant(ref="p1-c1", sku="TEE"), ReportedVariant(ref="p1-c1", sku="TEE", options="Size: M"))
    early, late = (
        ReportedListing(
            ref="p1", product_ref="1", title="Tee", sku="TEE", tracked=True, quantity=units, variants=variants
        )
        for units in (4, 3)
    )

    for new in (1, 0):
        made = catalog.apply_product(store.channel, "1", [early, late], now=timezone.now(), is_complete=True)

        assert made == new
        assert Listing.objects.get().shown == 3
        assert ListingVariant.objects.get().options == "Size: M"
