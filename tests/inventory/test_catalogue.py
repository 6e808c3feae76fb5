"""SKUs and warehouses: what is written, what is kept of it in the trail, what is refused."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.exceptions import ValidationError

from inventory import catalogue
from inventory.errors import CodeTaken
from inventory.forms import SkuForm
from inventory.models import AuditEntry, Sku, Warehouse
from tests.factories import make_sku, make_warehouse

pytestmark = pytest.mark.django_db


def trail() -> list[tuple[str, str, dict[str, object], dict[str, object]]]:
    return [(e.action, e.subject, e.before, e.after) for e in AuditEntry.objects.order_by("pk")]


def test_the_trail_keeps_what_was_given_and_then_what_differs() -> None:
    sku = catalogue.create_sku(code="TEE-1", name="Tee", actor="user:ana")
    changed = catalogue.change_sku(sku=sku, code="TEE-2", name="Tee", actor="user:ana")

    assert (changed.pk, changed.code, changed.match_key) == (sku.pk, "TEE-2", "tee2")
    assert Sku.objects.get().match_key == "tee2"
    subject = f"sku:{sku.pk}"
    assert trail() == [
        ("sku.create", subject, {}, {"code": "TEE-1", "name": "Tee"}),
        ("sku.change", subject, {"code": "TEE-1"}, {"code": "TEE-2"}),
    ]


def test_a_change_that_changes_nothing_leaves_no_trail() -> None:
    warehouse = make_warehouse("MAIN")

    catalogue.change_warehouse(warehouse=warehouse, code="MAIN", priority=warehouse.priority, actor="user:ana")

    assert trail() == []


def test_what_another_has_changed_since_stays() -> None:
    sku = make_sku(code="TEE")
    seen = Sku.objects.get(pk=sku.pk)
    catalogue.change_sku(sku=sku, name="New name", actor="user:ana")

    changed = catalogue.change_sku(sku=seen, barcode="400", actor="user:ben")

    assert (changed.name, changed.barcode) == ("New name", "400")


def test_a_taken_code_is_refused_and_changes_nothing() -> None:
    make_sku(code="TEE")
    cap = make_sku(code="CAP")
    make_warehouse("MAIN")

    with pytest.raises(CodeTaken, match="There is a SKU with the code “TEE” already"):
        catalogue.create_sku(code="TEE", actor="user:ana")
    with pytest.raises(CodeTaken):
        catalogue.change_sku(sku=cap, code="TEE", actor="user:ana")
    with pytest.raises(CodeTaken, match="There is a warehouse with the code “MAIN” already"):
        catalogue.create_warehouse(code="MAIN", name="Main", actor="user:ana")

    assert Sku.objects.get(pk=cap.pk).code == "CAP"
    assert (Sku.objects.count(), Warehouse.objects.count(), trail()) == (2, 1, [])


@pytest.mark.parametrize("code", ["", " TEE", "T\tE", "x" * 201])
def test_an_unusable_code_is_refused(code: str) -> None:
    sku = make_sku(code="CAP")

    with pytest.raises(ValidationError):
        catalogue.create_sku(code=code, actor="user:ana")
    with pytest.raises(ValidationError):
        catalogue.change_sku(sku=sku, code=code, actor="user:ana")

    assert (Sku.objects.get().code, trail()) == ("CAP", [])


def test_a_code_taken_since_the_form_looked_stands_beside_its_field() -> None:
    form = SkuForm({"code": "TEE"})
    assert form.is_valid()
    make_sku(code="TEE")

    assert not form.keep(actor="user:ana")

    assert form.errors == {"code": ["There is a SKU with the code “TEE” already."]}


def test_archive_and_restore_are_kept_once(now: datetime) -> None:
    sku = make_sku(code="TEE")

    for _ in range(2):
        assert catalogue.archive_sku(sku=sku, actor="user:ana", now=now).archived_at == now
    for _ in range(2):
        assert catalogue.restore_sku(sku=sku, actor="user:ana").archived_at is None

    assert [action for action, *_ in trail()] == ["sku.archive", "sku.restore"]
