"""Who changed what, and a person's own tokens."""

from __future__ import annotations

from collections.abc import Callable

from api import tokens
from api.models import ApiToken, KeptAnswer
from dashboard.models import User
from inventory.models import Warehouse
from tests.api.conftest import Api


def test_changes_are_listed_and_narrowed(api: Api, main: Warehouse) -> None:
    api.patch(f"warehouses/{main.pk}/", {"name": "Depot", "is_shop": True, "hold_back": 2})

    [row] = api.get("changes/", subject=f"warehouse:{main.pk}", actor="user:ana").json()["results"]

    assert row["action"] == "warehouse.change"
    assert row["before"] == {"name": "Main", "is_shop": False, "hold_back": 0}
    assert row["after"] == {"name": "Depot", "is_shop": True, "hold_back": 2}
    assert api.get("changes/", action="sku.create").json()["results"] == []
    assert api.get(f"changes/{row['id']}/").json() == row


def test_a_token_sees_and_revokes_its_owners_and_makes_none(
    api: Api, caller: Callable[..., Api], user: User, db: None
) -> None:
    tokens.issue(user=User.objects.create_user("ben"), scopes=["stock:read"], name="Ben's")
    other = tokens.issue(user=user, scopes=["stock:read"], name="Old till")

    rows = api.get("tokens/").json()["results"]
    assert [row["name"] for row in rows] == ["Old till", ""]
    assert other not in api.get("tokens/").content.decode()
    assert api.send("DELETE", f"tokens/{rows[0]['id']}/").status_code == 204
    assert Api(other).get("skus/").status_code == 401
    assert api.get("changes/", action="token.revoke").json()["results"][0]["before"]["name"] == "Old till"
    assert [row["name"] for row in api.get("tokens/", revoked="false").json()["results"]] == [""]
    bens = ApiToken.objects.get(name="Ben's")
    assert api.send("DELETE", f"tokens/{bens.pk}/").status_code == 404
    assert api.post("tokens/", {"name": "More", "scopes": ["stock:read"]}).status_code == 405


def test_a_secret_that_was_told_once_is_not_kept_in_the_clear(api: Api) -> None:
    body = {"url": "http://127.0.0.1:9/hook", "kinds": ["order.reserved"]}

    made = api.post("webhooks/", body, key="hook-1").json()

    assert api.post("webhooks/", body, key="hook-1").json() == made
    row = KeptAnswer.objects.extra(select={"raw": "body"}).values_list("raw", flat=True).get()
    assert made["secret"] not in str(row)
