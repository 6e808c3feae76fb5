from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.models import User
from inventory import operations
from inventory.models import AuditEntry, Sku, Warehouse


@pytest.fixture
def browser(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner"))
    return client


@pytest.fixture
def main(db: None) -> Warehouse:
    return Warehouse.objects.create(code="MAIN", name="Main", priority=10)


def stock(warehouse: Warehouse, code: str, units: int) -> Sku:
    sku = Sku.objects.create(code=code, name=f"Name of {code}")
    operations.receive(sku=sku, warehouse=warehouse, units=units, key=f"k-{code}", actor="user:ana", now=timezone.now())
    return sku


def test_the_list_has_totals(browser: Client, main: Warehouse) -> None:
    stock(main, "A", 3)
    stock(main, "B", 4)
    Warehouse.objects.create(code="BACK", name="Back room", priority=20)

    rows = [row.record for row in browser.get("/inventory/warehouses/").context["table"].paginated_rows]

    assert [(w.code, w.skus, w.on_hand, w.available) for w in rows] == [("MAIN", 2, 7, 7), ("BACK", 0, 0, 0)]


def test_none_yet_says_what_to_do(browser: Client) -> None:
    html = browser.get("/inventory/warehouses/").content.decode()

    assert "No warehouse yet" in html
    assert 'href="/inventory/warehouses/new/"' in html


def test_a_new_one_is_kept_with_its_trail(browser: Client) -> None:
    response = browser.post("/inventory/warehouses/new/", {"code": "MAIN", "name": "Main", "priority": 5})

    warehouse = Warehouse.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/inventory/warehouses/{warehouse.pk}/"
    assert [entry.action for entry in AuditEntry.objects.all()] == ["warehouse.create"]


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({"code": "MAIN", "name": "Twin", "priority": 1}, ["code"]),
        ({"code": " B", "name": "", "priority": -1}, ["name", "priority"]),
    ],
)
def test_a_refused_one_changes_nothing(
    browser: Client, main: Warehouse, data: dict[str, object], fields: list[str]
) -> None:
    response = browser.post("/inventory/warehouses/new/", data)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == fields
    assert Warehouse.objects.count() == 1


def test_edit_keeps_before_and_after(browser: Client, main: Warehouse) -> None:
    url = f"/inventory/warehouses/{main.pk}/edit/"

    response = browser.post(url, {"code": "MAIN", "name": "Hall 1", "priority": 10})

    assert response.status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.before, entry.after) == ({"name": "Main"}, {"name": "Hall 1"})


def test_its_stock_is_searched_sorted_and_narrowed(browser: Client, main: Warehouse) -> None:
    stock(main, "A", 3)
    stock(main, "B", 4)
    empty = stock(main, "C", 1)
    operations.adjust(
        sku=empty, warehouse=main, units=-1, key="c2", actor="user:ana", now=timezone.now(), reason="Broken"
    )

    def codes(query: str) -> list[str]:
        table = browser.get(f"/inventory/warehouses/{main.pk}/{query}").context["table"]
        return [row.record.sku.code for row in table.paginated_rows]

    assert codes("") == ["A", "B", "C"]
    assert codes("?sort=-on_hand") == ["B", "A", "C"]
    assert codes("?q=name+of+b") == ["B"]
    assert codes("?state=out-of-stock") == ["C"]


def test_its_movements_can_be_narrowed_by_kind(browser: Client, main: Warehouse) -> None:
    sku = stock(main, "A", 3)
    operations.adjust(
        sku=sku, warehouse=main, units=-1, key="a2", actor="user:ana", now=timezone.now(), reason="Broken"
    )
    url = f"/inventory/warehouses/{main.pk}/movements/"

    everything = browser.get(url).context["table"]
    receipts = browser.get(f"{url}?kind=receipt").context["table"]

    assert [row.record.kind for row in everything.paginated_rows] == ["adjustment", "receipt"]
    assert [row.record.kind for row in receipts.paginated_rows] == ["receipt"]


@pytest.mark.parametrize("page", ["", "movements/"])
def test_the_number_of_queries_does_not_grow(browser: Client, main: Warehouse, page: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(f"/inventory/warehouses/{main.pk}/{page}")
        return len(captured)

    stock(main, "A", 1)
    few = queries()
    for n in range(15):
        stock(main, f"S-{n}", 1)

    assert queries() == few
