"""Tolerances and hold-backs: one table, inherited from above, with the effect shown before anything holds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from channels.models import HoldBack, Listing
from inventory.models import AuditEntry
from reconciliation import grid
from reconciliation.models import LevelDraft, Tolerance
from tests.factories import hold_back

LEVELS = "/reconciliation/levels/"


def typed(browser: Client, texts: dict[str, str]) -> Any:
    """Type texts into cells of the table as it is drawn (``channel-1.hold_back``), and ask what would change."""
    page = browser.get(LEVELS)
    data: dict[str, str] = {}
    for item in (*page.context["broad"], *page.context["rows"]):
        data[f"{item['row'].key}.was"] = item["was"]
        data.update({cell["name"]: cell["value"] for cell in item["cells"]})
    return browser.post(f"{LEVELS}edit/", {**data, **texts})


def cells(page: Any, key: str) -> dict[str, tuple[str, object, str]]:
    """Return what stands in each cell of a row: its own text, what it inherits, and from where."""
    [row] = [item for item in (*page.context["broad"], *page.context["rows"]) if item["row"].key == key]
    return {cell["field"]: (cell["value"], cell["inherited"], cell["origin"]) for cell in row["cells"]}


def test_inherited_values_tell_their_origin(browser: Client, shop: SimpleNamespace) -> None:
    hold_back(2)
    Tolerance.objects.create(channel=shop.north, over_units=5, policy="correct")
    listing = shop.over.listing

    page = browser.get(f"{LEVELS}?level=listing&show=all&q=OVER")

    assert cells(page, f"channel-{shop.north.pk}")["hold_back"] == ("", 2, "everything")
    assert cells(page, f"channel-{shop.north.pk}")["over_units"] == ("5", 0, "")
    row = cells(page, f"listing-{listing.pk}")
    assert row["hold_back"] == ("", 2, "everything")
    assert row["over_units"] == ("", 5, "the channel")
    assert row["policy"] == ("", "Correct it: keep ours", "the channel")
    sku = cells(browser.get(f"{LEVELS}?show=all"), f"sku-{listing.sku_id}")
    assert sku["over_units"] == ("", "…", "by channel")
    assert sku["under_units"] == ("", 0, "")


def test_the_effect_is_seen_before_it_is_saved(browser: Client, shop: SimpleNamespace) -> None:
    to_review = typed(browser, {f"channel-{shop.north.pk}.hold_back": "4", "everything.over_units": "4"})

    review = browser.get(to_review["Location"])
    outlook = review.context["outlook"]
    # North publishes OVER 5, ENDLESS 3, CHEAP 9, OLD 9 and would keep 4 of each back.
    assert (outlook.listings, outlook.quantities, outlook.raised, outlook.lowered) == (4, 4, 0, 4)
    assert outlook.within == 1  # OVER shows 4 too much
    assert [(ls.external_sku, old, new) for ls, old, new in outlook.examples][-1] == ("ENDLESS", 3, 0)
    assert (HoldBack.objects.count(), Tolerance.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)

    browser.post(to_review["Location"])
    assert [(row.channel, row.units) for row in HoldBack.objects.all()] == [(shop.north, 4)]
    assert Tolerance.objects.get().over_units == 4
    trail = AuditEntry.objects.order_by("action").values_list("actor", "action", "subject", "after")
    assert list(trail) == [
        ("user:ana", "hold_back.set", f"channel:{shop.north.pk}", {"units": 4}),
        ("user:ana", "tolerance.change", "everything", {"over_units": 4}),
    ]
    assert Listing.objects.filter(due_at__isnull=False).count() == 4
    assert "saved or dropped already" in browser.get(to_review["Location"], follow=True).content.decode()


def test_an_emptied_cell_inherits_again_and_the_rest_stays(browser: Client, shop: SimpleNamespace) -> None:
    Tolerance.objects.create(sku=shop.over.sku, over_units=0, under_percent=10, policy="correct")

    key = f"sku-{shop.over.sku_id}"
    to_review = typed(browser, {f"{key}.over_units": ""})
    browser.post(to_review["Location"])

    row = Tolerance.objects.get()
    assert (row.over_units, row.under_percent, row.policy) == (None, 10, "correct")
    browser.post(typed(browser, {f"{key}.under_percent": "", f"{key}.policy": ""})["Location"])
    assert not Tolerance.objects.exists()


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("hold_back", "-1", "“-1” is no number of units."),
        ("over_units", "abc", "“abc” is no number of units."),
        ("under_units", "1.5", "“1.5” is no number of units."),
        ("hold_back", "9" * 12, "At most 1,000,000,000."),
        ("over_percent", "101 %", "At most 100."),
        ("under_percent", "-1", "“-1” is no percentage from 0 to 100."),
        ("policy", "burn", "Write one of: correct, leave."),
    ],
)
def test_a_value_that_is_none_is_said_in_its_cell(
    browser: Client, shop: SimpleNamespace, field: str, text: str, words: str
) -> None:
    response = typed(browser, {"everything.over_units": "3", f"everything.{field}": text})

    assert response.status_code == 422
    assert response.context["problems"] == {f"everything.{field}": words}
    html = response.content.decode()
    assert words in html
    assert f'value="{text}"' in html or field == "policy"
    assert not LevelDraft.objects.exists()


def test_what_someone_else_has_changed_meanwhile_is_not_overwritten(browser: Client, shop: SimpleNamespace) -> None:
    to_review = typed(browser, {"everything.hold_back": "4"})
    hold_back(1)

    response = browser.post(to_review["Location"], follow=True)

    assert "Someone has changed one of these meanwhile." in response.content.decode()
    assert HoldBack.objects.get().units == 1


def test_every_row_of_a_filter_is_changed_at_once(browser: Client, shop: SimpleNamespace) -> None:
    address = f"{LEVELS}many/?level=listing&show=all&channel={shop.north.pk}"
    assert "Change 4 listings" in browser.get(address).content.decode()
    assert browser.post(address, {}).status_code == 422
    refused = browser.post(address, {"hold_back_do": "set", "hold_back": "-1"})
    assert refused.context["form"].errors == {"hold_back": ["“-1” is no number of units."]}

    to_review = browser.post(
        address, {"hold_back_do": "set", "hold_back": "2", "policy_do": "set", "policy": "correct"}
    )
    browser.post(to_review["Location"])

    assert list(HoldBack.objects.values_list("listing__channel", "units")) == [(shop.north.pk, 2)] * 4
    assert Tolerance.objects.filter(policy="correct", listing__channel=shop.north).count() == 4


def bring_in(browser: Client, text: str) -> Any:
    return browser.post(f"{LEVELS}import/", {"file": SimpleUploadedFile("levels.csv", text.encode())})


def test_a_file_goes_out_and_comes_back(browser: Client, shop: SimpleNamespace) -> None:
    hold_back(3, sku=shop.over.sku)
    text = browser.get(f"{LEVELS}export/levels.csv").getvalue().decode()
    assert text.startswith("\ufeff")  # for Excel; it comes back with the file
    assert text[1:].splitlines() == [
        ",".join(grid.HEADERS),
        "everything,,,,,,,,,",
        "channel,North,,,,,,,,",
        "channel,South,,,,,,,,",
        "sku,,OVER,,3,,,,,",
    ]

    unchanged = bring_in(browser, text)
    assert unchanged["Location"] == LEVELS
    text = text.replace("sku,,OVER,,3,,,", "sku,,OVER,,,7,,") + f"listing,South,,{shop.under.listing.ref},1,,,,,\n"
    to_review = bring_in(browser, text)
    assert [(name, pairs) for name, _note, pairs in browser.get(to_review["Location"]).context["changes"]] == [
        ("OVER", [("Hold-back", "3", "inherited"), ("Too much, units", "inherited", "7")]),
        ("Product UNDER", [("Hold-back", "inherited", "1")]),
    ]
    browser.post(to_review["Location"])
    assert list(HoldBack.objects.values_list("listing", "units")) == [(shop.under.listing_id, 1)]
    assert Tolerance.objects.get().over_units == 7


def test_of_a_file_with_mistakes_nothing_is_taken_and_each_line_is_told(browser: Client, shop: SimpleNamespace) -> None:
    lines = [
        ",".join(grid.HEADERS),
        "everything,,,,1,,,,,",
        "sku,,NOWHERE,,1,,,,,",
        "channel,North,,,-1,,,,,",
        "everything,,,,2,,,,,",
        "listing,South,,nothing,1,,,,,",
        "shelf,,,,1,,,,,",
        "channel,East,,,,101,,,,",
        "channel,South,,,,,101,,,",
        "sku,,OVER,,=cmd|'/c calc'!A1,,,,,",
    ]

    response = bring_in(browser, "\n".join(lines))

    assert response.status_code == 422
    assert response.context["problems"] == [
        "Line 3: there is no SKU “NOWHERE”",
        "Line 4: hold_back: “-1” is no number of units.",
        "Line 5: it stands on line 2 already",
        "Line 6: the channel has no listing “nothing”",
        "Line 7: the level is one of: everything, channel, sku, listing",
        "Line 8: there is no channel “East”",
        "Line 9: over_percent: At most 100.",
        "Line 10: hold_back: “=cmd|'/c calc'!A1” is no number of units.",
    ]
    assert not LevelDraft.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "Missing columns: level, hold_back"),
        (",".join(grid.HEADERS) + "\n" + "everything,,,,1,,,,,\n" * 20_001, "at most 20000 are taken at once"),
    ],
)
def test_a_file_of_another_kind_is_refused(browser: Client, shop: SimpleNamespace, text: str, words: str) -> None:
    response = bring_in(browser, text)

    assert response.status_code == 422
    assert words in response.content.decode()
