"""Warehouses and SKUs: made, read, changed, archived; never deleted."""

from __future__ import annotations

import pytest

from inventory.models import AuditEntry, Sku, Warehouse
from tests.api.conftest import Api, make_sku

ODD_CODES = ["A/B", 'say "hi"', "it's", "👕-1", "TEE 1", "tee-blk-m", "50%&x=1#y", "00123", "1E5", "a+b", "{0}", "\\d"]


def test_a_warehouse_is_made_read_and_changed(api: Api) -> None:
    made = api.post("warehouses/", {"code": "MAIN", "name": "Main"})
    assert made.status_code == 201
    assert made.json()["priority"] == 100
    address = f"warehouses/{made.json()['id']}/"

    changed = api.patch(address, {"priority": 5})

    assert changed.status_code == 200
    assert changed.json() == {**made.json(), "priority": 5}
    assert api.get(address).json() == changed.json()
    assert api.get("warehouses/", code="MAIN").json()["results"] == [changed.json()]
    assert AuditEntry.objects.get(action="warehouse.change").before == {"priority": 100}


def test_a_sku_is_made_changed_archived_and_restored(api: Api) -> None:
    made = api.post("skus", {"code": "TEE", "name": "Tee", "barcode": "400"})
    assert made.status_code == 201
    address = f"skus/{made.json()['id']}"

    assert api.patch(address, {"name": "Black tee"}).json()["name"] == "Black tee"
    archived = api.post(f"{address}/archive")
    assert archived.status_code == 200
    assert archived.json()["archived_at"] is not None
    assert api.post(f"{address}/archive").json() == archived.json()
    assert api.get("skus", archived="false").json()["results"] == []
    assert len(api.get("skus", archived="true").json()["results"]) == 1
    assert api.post(f"{address}/restore").json()["archived_at"] is None
    trail = AuditEntry.objects.filter(action__startswith="sku.").order_by("pk")
    actions = list(trail.values_list("action", "actor"))
    names = ["sku.create", "sku.change", "sku.archive", "sku.restore"]
    assert actions == [(name, "user:ana") for name in names]


def test_a_new_code_moves_the_match_key_and_nothing_else(api: Api) -> None:
    sku = make_sku("OLD-1")

    assert api.patch(f"skus/{sku.pk}/", {"code": "NEW-2"}).status_code == 200

    sku.refresh_from_db()
    assert (sku.code, sku.match_key, sku.name) == ("NEW-2", "new2", "Name of OLD-1")


@pytest.mark.parametrize("code", ODD_CODES)
def test_an_odd_code_is_one_code_everywhere(api: Api, code: str) -> None:
    make_sku("TEE-BLK-M")
    made = api.post("skus/", {"code": code})

    assert made.status_code == 201
    assert made.json()["code"] == code
    assert [row["code"] for row in api.get("skus/", code=code).json()["results"]] == [code]


@pytest.mark.parametrize("code", [" TEE", "TEE ", "T\tE", "T\x00E", "", 5, True, None, ["TEE"], "x" * 201, "\ud800"])
def test_an_unusable_code_is_refused_by_name(api: Api, code: object) -> None:
    answer = api.post("skus/", {"code": code})

    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"code"}
    assert not Sku.objects.exists()


def test_a_space_at_the_end_of_a_filter_counts(api: Api) -> None:
    make_sku("TEE")

    assert api.get("skus/", code="TEE ").json()["results"] == []
    assert api.get("skus/", code="tee").json()["results"] == []


def test_a_taken_code_is_a_conflict_that_names_it(api: Api) -> None:
    make_sku("TEE")
    other = make_sku("CAP")

    for answer in (api.post("skus/", {"code": "TEE"}), api.patch(f"skus/{other.pk}/", {"code": "TEE"})):
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:evenkeel:problem:code-taken"
        assert answer.json()["errors"] == [{"field": "code", "message": "There is a SKU with the code “TEE” already."}]
    other.refresh_from_db()
    assert other.code == "CAP"
    assert not AuditEntry.objects.exclude(action="token.make").exists()


def test_a_field_that_does_not_exist_or_can_only_be_read_is_refused(api: Api) -> None:
    answer = api.post("skus/", {"code": "TEE", "nmae": "Tee", "archived_at": None})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["nmae", "archived_at"]
    assert not Sku.objects.exists()


@pytest.mark.parametrize("priority", [-1, 1.5, "5", True, 32768, None, 10**30])
def test_a_priority_is_a_small_whole_number(api: Api, priority: object) -> None:
    answer = api.post("warehouses/", {"code": "MAIN", "name": "Main", "priority": priority})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["priority"]
    assert not Warehouse.objects.exists()


def test_search_finds_by_code_name_and_barcode(api: Api) -> None:
    make_sku("TEE")
    make_sku("CAP")

    assert [row["code"] for row in api.get("skus/", search="ca").json()["results"]] == ["CAP"]
    assert [row["code"] for row in api.get("skus/", search="name of").json()["results"]] == ["CAP", "TEE"]


def test_nothing_is_deleted(api: Api) -> None:
    sku = make_sku("TEE")

    assert api.send("DELETE", f"skus/{sku.pk}/").status_code == 405
    assert api.send("PUT", f"skus/{sku.pk}/", {"code": "X"}).status_code == 405
    assert Sku.objects.get().code == "TEE"


def test_a_sku_is_made_a_bundle_and_plain_again(api: Api) -> None:
    box, mug = make_sku("BOX"), make_sku("MUG")
    address = f"skus/{box.pk}/components"
    made_of = {"components": [{"sku": "MUG", "units": 2}]}

    assert api.send("PUT", address, made_of).json() == made_of
    assert api.get(address).json() == made_of
    assert api.get(f"skus/{box.pk}").json()["is_bundle"] is True
    nested = api.send("PUT", f"skus/{mug.pk}/components", {"components": [{"sku": "BOX", "units": 1}]})
    assert nested.status_code == 400
    assert "not nested" in nested.content.decode()
    assert AuditEntry.objects.get(action="sku.set_components").after == {"components": {"MUG": 2}}
    assert api.send("PUT", address, {"components": []}).json() == {"components": []}
    assert api.get(f"skus/{box.pk}").json()["is_bundle"] is False
