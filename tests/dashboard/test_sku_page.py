from __future__ import annotations

from types import SimpleNamespace

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import HoldBack, Order
from inventory import operations
from inventory.models import AuditEntry, Movement, Reservation, ReservationLine, Sku
from tests.dashboard.conftest import make_listing, oversell


def test_each_channels_number_is_explained_by_terms_that_sum_to_it(browser: Client, shop: SimpleNamespace) -> None:
    make_listing(shop.north, shop.tee, accounted=10, shown=10)
    HoldBack.objects.create(units=3)

    response = browser.get(f"/skus/{shop.tee.pk}/")

    [shelf] = response.context["shelves"]
    assert shelf.target == 7
    assert shelf.gap == -3
    assert shelf.state == "due"
    assert [term.units for term in shelf.explanation.terms] == [10, -3]
    assert "Why 7?" in response.content.decode()


def test_the_state_of_a_listing_says_why_nothing_goes_out(browser: Client, shop: SimpleNamespace) -> None:
    def state(**facts: object) -> str:
        shop.tee.listings.all().delete()
        make_listing(shop.north, shop.tee, **facts)
        [shelf] = browser.get(f"/skus/{shop.tee.pk}/").context["shelves"]
        return str(shelf.state)

    assert state(accounted=10) == "in-step"
    assert state(accounted=9) == "due"
    assert state(accounted=9, tracked=False) == "untracked"
    assert state(accounted=9, drift=1) == "drift"
    assert state(accounted=9, parked_at=timezone.now(), parked_reason="422") == "parked"
    assert state(accounted=9, unwritable_reason="Managed elsewhere") == "unwritable"
    type(shop.north).objects.filter(pk=shop.north.pk).update(mode="observe")
    assert state(accounted=9) == "observe"
    type(shop.north).objects.filter(pk=shop.north.pk).update(mode="paused")
    assert state(accounted=9) == "paused"


def test_pages_name_who_moved_units_as_people_do(browser: Client, shop: SimpleNamespace) -> None:
    for page in ("/", f"/skus/{shop.tee.pk}/", f"/inventory/warehouses/{shop.main.pk}/movements/"):
        html = browser.get(page).content.decode()

        assert "ana" in html
        assert "user:ana" not in html


def test_who_holds_units_leads_to_the_order(browser: Client, shop: SimpleNamespace) -> None:
    now = timezone.now()
    order = Order.objects.create(channel=shop.north, ref="77", number="1042", first_seen_at=now)
    reservation = Reservation.objects.create(key=order.reservation_key, reference="Order 1042", created_at=now)
    ReservationLine.objects.create(reservation=reservation, sku=shop.tee, warehouse=shop.main, reserved=2)

    [holder] = browser.get(f"/skus/{shop.tee.pk}/").context["holders"]

    assert (holder.order, holder.line.reserved) == (order, 2)


def test_an_oversold_sku_says_so(browser: Client, shop: SimpleNamespace) -> None:
    oversell(shop.mug, shop.main, 5)

    html = browser.get(f"/skus/{shop.mug.pk}/").content.decode()

    assert "Oversold" in html
    assert "−2" in html


def test_movements_come_newest_first_in_pages(browser: Client, shop: SimpleNamespace) -> None:
    for n in range(30):
        operations.receive(
            sku=shop.cap, warehouse=shop.main, units=1, key=f"c{n}", actor="user:ana", now=timezone.now()
        )

    first = browser.get(f"/skus/{shop.cap.pk}/").context["table"]
    second = browser.get(f"/skus/{shop.cap.pk}/?page=2").context["table"]

    assert [row.record.on_hand_after for row in first.paginated_rows] == list(range(30, 5, -1))
    assert [row.record.on_hand_after for row in second.paginated_rows] == list(range(5, 0, -1))


def test_the_number_of_queries_does_not_grow(browser: Client, shop: SimpleNamespace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(f"/skus/{shop.tee.pk}/")
        return len(captured)

    make_listing(shop.north, shop.tee, accounted=1)
    oversell(shop.tee, shop.main, 1)
    few = queries()
    make_listing(shop.south, shop.tee, accounted=1)
    for n in range(10):
        operations.receive(
            sku=shop.tee, warehouse=shop.main, units=1, key=f"q{n}", actor="user:ana", now=timezone.now()
        )

    assert queries() == few


def test_the_live_part_is_only_what_changes(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.get(f"/skus/{shop.tee.pk}/", headers={"HX-Request": "true"})

    html = response.content.decode()
    assert "<html" not in html
    assert 'id="movements"' not in html
    assert "Stock by warehouse" in html
    assert "HX-Request" in response["Vary"]


def test_a_new_sku_is_kept_with_its_trail(browser: Client) -> None:
    response = browser.post("/skus/new/", {"code": "HOOD-L", "name": "Hoodie", "barcode": ""})

    sku = Sku.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/skus/{sku.pk}/"
    assert sku.match_key == "hoodl"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.after["code"]) == ("user:ana", "sku.create", "HOOD-L")


def test_a_code_that_is_taken_is_refused_beside_its_field(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.post("/skus/new/", {"code": "TEE-BLK-M"})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["code"]
    assert 'aria-invalid="true"' in response.content.decode()
    assert Sku.objects.count() == 3


def test_a_sku_is_renamed_and_keeps_its_history(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.post(f"/skus/{shop.tee.pk}/edit/", {"code": "TEE-BLACK-M", "name": shop.tee.name})

    assert response.status_code == 302
    assert Sku.objects.get(pk=shop.tee.pk).code == "TEE-BLACK-M"
    assert Movement.objects.filter(sku=shop.tee).count() == 2
    entry = AuditEntry.objects.get()
    assert entry.before["code"] == "TEE-BLK-M"
    assert entry.after["code"] == "TEE-BLACK-M"


def test_a_refused_rename_keeps_the_old_name_in_the_heading(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.post(f"/skus/{shop.tee.pk}/edit/", {"code": "MUG-11OZ"})

    assert response.status_code == 422
    assert "Edit TEE-BLK-M" in response.content.decode()
    assert not AuditEntry.objects.exists()


def test_archive_and_back(browser: Client, shop: SimpleNamespace) -> None:
    browser.post(f"/skus/{shop.tee.pk}/archive/", {"archived": "yes"})
    assert Sku.objects.get(pk=shop.tee.pk).archived_at is not None
    browser.post(f"/skus/{shop.tee.pk}/archive/", {"archived": "yes"})  # pressed twice: nothing more happens

    browser.post(f"/skus/{shop.tee.pk}/archive/", {"archived": "no"})

    assert Sku.objects.get(pk=shop.tee.pk).archived_at is None
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["sku.archive", "sku.restore"]
