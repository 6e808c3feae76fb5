"""SKUs are merged through the API: looked at first, done once, refused with a reason."""

from __future__ import annotations

import pytest

from inventory.models import Movement
from tests.api.conftest import Api
from tests.factories import make_channel, make_listing, make_sku

pytestmark = pytest.mark.django_db


def test_a_sku_is_merged_into_another_after_a_look(api: Api) -> None:
    old = make_sku("OLD", on_hand=3)
    make_sku("NEW", on_hand=4)
    listing = make_listing(make_channel(), old)

    seen = api.post(f"skus/{old.pk}/merge/preview/", {"into": "NEW"}).json()

    assert (seen["obstacles"], seen["listings"], seen["codes"]) == ([], 1, ["OLD"])
    assert seen["levels"] == [{"warehouse": "MAIN", "on_hand": 7, "reserved": 0, "unsellable": 0, "available": 7}]
    assert seen["quantities"] == [{"listing": listing.pk, "channel": listing.channel_id, "before": 3, "after": 7}]
    assert not Movement.objects.filter(kind="merge").exists()

    done = api.post(f"skus/{old.pk}/merge/", {"into": "NEW"}, key="merge-1")
    again = api.post(f"skus/{old.pk}/merge/", {"into": "NEW"}, key="merge-1")

    assert (done.status_code, done.json()["code"]) == (200, "NEW")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (done.json(), "true")
    assert api.get(f"skus/{old.pk}/").json()["merged_into"] == "NEW"
    moved = {"sku": "OLD", "warehouse": "MAIN", "units": 1}
    assert api.post("stock/receipts/", moved, key="in-1").json()["sku"] == "NEW", "the old code means the other"


def test_a_merge_that_can_t_be_says_why(api: Api) -> None:
    old = make_sku("OLD", on_hand=3)

    answer = api.post(f"skus/{old.pk}/merge/", {"into": "OLD"})

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:evenkeel:problem:cannot-merge"
    assert answer.json()["detail"] == "A SKU can't be merged into itself."
    assert api.post(f"skus/{old.pk}/merge/preview/", {"into": "OLD"}).json()["obstacles"] == [answer.json()["detail"]]
    assert api.post(f"skus/{old.pk}/merge/", {"into": "NOBODY"}).status_code == 400
