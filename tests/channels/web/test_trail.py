"""The trail: who changed what, from what to what, found by person and thing, and taken out as a file."""

from __future__ import annotations

import csv
import io

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels import trail
from channels.models import Channel
from dashboard.models import User
from inventory import audit, operations
from inventory.models import AuditEntry
from tests.factories import make_channel, make_listing, make_sku, make_warehouse

pytestmark = pytest.mark.django_db


def record(subject: str, *, actor: str = "user:ana", action: str = "x.change") -> None:
    audit.record(actor=actor, action=action, subject=subject, before={"mode": "observe"}, after={"mode": "live"})


def file_of(response: object) -> list[dict[str, str]]:
    content = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(content)))


@pytest.mark.parametrize("code", trail.KINDS)
def test_every_kind_names_a_model_a_column_and_a_page_that_are_there(code: str) -> None:
    kind = trail.KINDS[code]

    if kind.model:
        model = apps.get_model(kind.model)
        assert not model._default_manager.values(*filter(None, ["pk", kind.name, kind.key])).exists()
    found = trail.things([AuditEntry(subject=f"{code}:1")])[f"{code}:1"]

    assert found.kind == kind.label
    assert bool(found.url) is not bool(kind.model), "a row that is gone has no page"


def test_entries_say_what_they_are_about_and_lead_there(browser: Client, user: User) -> None:
    channel, sku = make_channel("North"), make_sku("TEE-1")
    listing = make_listing(channel, sku)
    for subject in (f"channel:{channel.pk}", f"sku:{sku.pk}", f"listing:{listing.pk}", f"user:{user.pk}", "sku:99999"):
        record(subject)

    page = browser.get("/activity/changes/").content.decode()

    for url in (f"/channels/{channel.uuid}/", f"/skus/{sku.pk}/", f"/listings/{listing.pk}/", f"/people/{user.pk}/"):
        assert f'href="{url}"' in page
    assert "North" in page
    assert "99999" in page
    assert "observe" in page


def test_it_is_narrowed_by_person_and_thing(browser: Client) -> None:
    north, south = make_channel("North"), make_channel("South")
    record(f"channel:{north.pk}", actor="user:ana", action="a.one")
    record(f"channel:{south.pk}", actor="user:ben", action="a.two")
    record("sku:1", actor="user:ben", action="a.three")

    def actions(query: str) -> list[str]:
        return [row["action"] for row in file_of(browser.get(f"/activity/changes/changes.csv?{query}"))]

    assert actions("") == ["a.three", "a.two", "a.one"]
    assert actions("actor=user:ben") == ["a.three", "a.two"]
    assert actions("kind=channel") == ["a.two", "a.one"]
    assert actions(f"subject=channel:{north.pk}") == ["a.one"]
    assert actions("actor=user:ben&kind=sku") == ["a.three"]
    assert actions("at=today") == ["a.three", "a.two", "a.one"]
    assert (
        "Only what was changed of North"
        in browser.get(f"/activity/changes/?subject=channel:{north.pk}").content.decode()
    )


def test_the_file_holds_who_when_what_and_both_values(browser: Client) -> None:
    record("sku:1", actor="user:ana", action="sku.change")

    [row] = file_of(browser.get("/activity/changes/changes.csv"))

    assert (row["actor"], row["action"], row["subject"]) == ("user:ana", "sku.change", "sku:1")
    assert (row["before"], row["after"]) == ('{"mode": "observe"}', '{"mode": "live"}')
    assert row["at"]
    workbook = browser.get("/activity/changes/changes.xlsx")
    assert workbook.status_code == 200


def test_names_cost_the_same_for_few_entries_and_many(browser: Client) -> None:
    def fill(rows: int) -> None:
        for number in range(rows):
            channel = make_channel(f"C{Channel.objects.count()}-{number}")
            record(f"channel:{channel.pk}")
            record(f"sku:{make_sku(f'S{channel.pk}').pk}")

    fill(1)
    browser.get("/activity/changes/")
    with CaptureQueriesContext(connection) as few:
        browser.get("/activity/changes/")
    fill(12)
    with CaptureQueriesContext(connection) as many:
        browser.get("/activity/changes/")

    assert len(many) == len(few)


def test_tokens_leave_their_trace_and_never_their_secret(browser: Client) -> None:
    page = browser.post("/developers/tokens/new/", {"name": "Till", "scopes": ["stock:read"]}).content.decode()
    secret = page.split('class="secret" translate="no">')[1].split("<")[0]
    made = AuditEntry.objects.get(action="token.make")
    browser.post(f"/developers/tokens/{made.subject.partition(':')[2]}/revoke/")

    assert made.after == {"name": "Till", "starts": secret[:12], "scopes": "stock:read"}
    assert AuditEntry.objects.get(action="token.revoke").before == {"name": "Till", "starts": secret[:12]}
    assert secret not in browser.get("/activity/changes/").content.decode()


def test_stock_by_people_shows_what_people_did_and_nothing_else(browser: Client) -> None:
    main, sku = make_warehouse(), make_sku("TEE-1")
    for actor, units in (("user:ana", 5), ("user:ben", 7), ("channel:North", 9)):
        operations.receive(
            sku=sku,
            warehouse=main,
            units=units,
            key=f"k:{actor}",
            actor=actor,
            now=timezone.now(),
            reason=f"by {actor}",
        )

    everyone = browser.get("/activity/stock/").content.decode()
    bens = browser.get("/activity/stock/?actor=user:ben").content.decode()

    assert "by user:ana" in everyone
    assert "by user:ben" in everyone
    assert "by channel:North" not in everyone
    assert "by user:ana" not in bens
    assert "by user:ben" in bens


def test_entries_are_said_in_words(browser: Client) -> None:
    audit.record(
        actor="user:ana",
        action="user.second_factor",
        subject="user:1",
        before={"second_factor": False, "nothing": None},
        after={"second_factor": True, "kinds": ["a", "b"], "share": {"of_all": 10}},
    )
    record("sku:1", action="something.new")

    page = browser.get("/activity/changes/").content.decode()

    assert "Turned the second factor on or off" in page
    assert "second factor</span> no" in page
    assert "second factor</span> yes" in page
    assert "a, b" in page
    assert "of all 10" in page
    assert "nothing" not in page
    assert "something.new" in page
