"""The unmapped queue and a listing's mapping, as a person works through them."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from channels import availability, catalog
from channels.models import Channel, Listing, MappingRun, OrderLine
from inventory import bundles
from inventory.models import AuditEntry, Sku, StockLevel
from sandbox.ecwid import EcwidSimulator
from tests.channels.web.conftest import listing_of, work
from tests.factories import make_sku

pytestmark = pytest.mark.django_db

QUEUE = "/listings/unmapped/"


@pytest.fixture
def imported(channel: Channel) -> Channel:
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog")
    return channel


def test_the_queue_tells_what_waits_and_why(browser: Client, channel: Channel, sim: EcwidSimulator) -> None:
    make_sku("tee m", name="Tee, medium")
    make_sku("SOMETHING", name="Tee, medium", barcode="4006381333931")
    sim.add_product(sku="", name="Without a code", quantity=1)
    sim.add_product(sku="S-9", name="Mug of blue clay", quantity=1)
    make_sku("MUG-BL", name="Mug, blue clay")
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog")

    html = browser.get(QUEUE).content.decode()

    assert "But something else of it means SOMETHING." in html
    assert "The titles are alike" in html
    assert "The store gives it no SKU." in html
    assert "No SKU has this code." in html
    assert html.count("Link to") >= 3


def test_a_click_links_books_what_waited_and_answers_with_a_row(
    browser: Client, imported: Channel, sim: EcwidSimulator
) -> None:
    sku = make_sku("TEE-MEDIUM", on_hand=9)
    sim.buy(sku="TEE-M", quantity=2)
    Channel.objects.update(next_poll_at=timezone.now())
    work(imported, "inbox")
    listing = listing_of("TEE-M")
    assert OrderLine.objects.get().state == "waiting"

    response = browser.post(f"/listings/{listing.pk}/link/", {"sku": sku.pk}, headers={"HX-Request": "true"})

    html = response.content.decode()
    assert html.startswith("<tr")
    assert "sells TEE-MEDIUM now" in html
    assert "Undo" in html
    assert OrderLine.objects.get().state == "booked"
    assert StockLevel.objects.get(sku=sku).reserved == 2
    assert listing_of("TEE-M").mapping == "mapped"


def test_without_javascript_it_leads_back_to_the_queue(browser: Client, imported: Channel) -> None:
    sku = make_sku("TEE-MEDIUM")
    listing = listing_of("TEE-M")

    response = browser.post(f"/listings/{listing.pk}/link/", {"sku": sku.pk, "next": f"{QUEUE}?q=tee"})

    assert response["Location"] == f"{QUEUE}?q=tee"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_never_leads_elsewhere(browser: Client, imported: Channel, elsewhere: str) -> None:
    listing = listing_of("TEE-M")

    response = browser.post(f"/listings/{listing.pk}/ignore/", {"next": elsewhere})

    assert response["Location"] == f"/listings/{listing.pk}/"


def test_unlink_and_ignore(browser: Client, imported: Channel) -> None:
    sku = make_sku("TEE-MEDIUM")
    listing = listing_of("TEE-M")
    browser.post(f"/listings/{listing.pk}/link/", {"sku": sku.pk})

    browser.post(f"/listings/{listing.pk}/unlink/")
    assert (listing_of("TEE-M").mapping, listing_of("TEE-M").sku) == ("unmapped", None)
    browser.post(f"/listings/{listing.pk}/ignore/")

    assert listing_of("TEE-M").mapping == "ignored"
    trail = AuditEntry.objects.filter(subject=f"listing:{listing.pk}").order_by("pk")
    assert [(entry.actor, entry.action) for entry in trail] == [
        ("user:ana", "listing.link"),
        ("user:ana", "listing.unlink"),
        ("user:ana", "listing.ignore"),
    ]
    assert [row.external_sku for row in browser.get(QUEUE).context["table"].data] == ["MUG", "GIFT"]
    html = browser.get(f"/listings/{listing.pk}/").content.decode()
    assert "Linked to TEE-MEDIUM" in html
    assert "Unlinked from TEE-MEDIUM" in html


def test_a_sku_is_made_from_a_listing(browser: Client, imported: Channel) -> None:
    browser.post(f"/listings/{listing_of('TEE-M').pk}/new-sku/")

    sku = Sku.objects.get()
    assert (sku.code, sku.name, sku.barcode) == ("TEE-M", "Tee, medium", "4006381333931")
    assert listing_of("TEE-M").sku == sku


def test_a_code_that_is_taken_makes_none_and_says_so(browser: Client, imported: Channel) -> None:
    make_sku("TEE-M")
    Listing.objects.filter(external_sku="TEE-M").update(sku=None, mapping="unmapped")
    listing = listing_of("TEE-M")

    part = browser.post(f"/listings/{listing.pk}/new-sku/", headers={"HX-Request": "true"})
    page = browser.post(f"/listings/{listing.pk}/new-sku/", follow=True)

    assert part.status_code == 422
    assert "No SKU can be made of it" in part.content.decode()
    assert "No SKU can be made of it" in page.content.decode()
    assert Sku.objects.count() == 1
    assert listing_of("TEE-M").mapping == "unmapped"


def test_the_missing_skus_are_counted_beforehand(browser: Client, channel: Channel, sim: EcwidSimulator) -> None:
    make_sku("m u g")
    sim.add_product(sku="", name="Without a code", quantity=1)
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog")
    url = f"/listings/unmapped/{channel.pk}/create/"

    before = browser.get(url)
    browser.post(url)

    assert (before.context["count"], before.context["left"]) == (2, 2)
    run = MappingRun.objects.get(kind="create")
    assert (run.state, run.made, run.changed) == ("done", 2, 2)
    assert sorted(Sku.objects.values_list("code", flat=True)) == ["GIFT", "TEE-M", "m u g"]
    assert browser.get(url).context["count"] == 0


def test_a_search_offers_matches_as_a_part(browser: Client, imported: Channel) -> None:
    make_sku("TEE-MEDIUM", on_hand=4)
    make_sku("CAP")
    url = f"/listings/{listing_of('TEE-M').pk}/find/"

    part = browser.get(url, {"q": "tee"}, headers={"HX-Request": "true", "HX-Target": "matches"})
    page = browser.get(url, {"q": "tee"})

    assert part.content.decode().lstrip().startswith("<ul")
    assert [sku.code for sku in page.context["matches"]] == ["TEE-MEDIUM"]
    assert "No SKU matches" in browser.get(url, {"q": "zzz"}).content.decode()


@pytest.mark.parametrize("number", ["", "0", "x", "-1", "9" * 30, "²"])
def test_a_bad_sku_number_links_nothing(browser: Client, imported: Channel, number: str) -> None:
    listing = listing_of("TEE-M")

    assert browser.post(f"/listings/{listing.pk}/link/", {"sku": number}).status_code == 404
    assert listing_of("TEE-M").mapping == "unmapped"
    assert not AuditEntry.objects.filter(subject=f"listing:{listing.pk}").exists()


@pytest.mark.parametrize(
    "code",
    ['a/b"c', "Grün & <b>groß</b>", "🧦-42", "../../etc", "x'; --", "%41%2F", "a b  c"],
)
def test_hostile_codes_are_drawn_linked_and_made(
    browser: Client, channel: Channel, sim: EcwidSimulator, code: str
) -> None:
    sim.add_product(sku=code, name=f"Title {code} " + "x" * 300, quantity=4)
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog")
    listing = listing_of(code)

    for url in (QUEUE, "/listings/", f"/listings/{listing.pk}/", f"/listings/{listing.pk}/find/"):
        response = browser.get(url, {"q": code} if url != QUEUE else {})
        assert response.status_code == 200
        assert "<b>gro" not in response.content.decode()
    browser.post(f"/listings/{listing.pk}/new-sku/")

    assert listing_of(code).sku == Sku.objects.get(code=code)
    assert len(Sku.objects.get(code=code).name) <= 300
    assert browser.get(f"/listings/{listing.pk}/").status_code == 200


def test_products_beside_their_variations_leave_the_queue_together(
    browser: Client, channel: Channel, sim: EcwidSimulator
) -> None:
    sim.add_product(
        sku="SOCK",
        name="Sock",
        variations=[
            {"sku": "SOCK-S", "options": {"Size": "S"}, "quantity": 3},
            {"sku": "SOCK-L", "options": {"Size": "L"}, "quantity": 4},
        ],
    )
    sim.add_product(sku="ALONE", name="Alone", quantity=1)
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog")
    beside = set(Listing.objects.all().beside_variations().values_list("external_sku", flat=True))
    assert "SOCK" in beside
    assert not beside & {"SOCK-S", "SOCK-L", "ALONE"}
    assert "sells only what matches none of them" in browser.get(QUEUE).content.decode()

    response = browser.post(f"{QUEUE}beside/")

    assert response.status_code == 302
    assert listing_of("SOCK").mapping == "ignored"
    assert {listing_of(code).mapping for code in ("SOCK-S", "SOCK-L", "ALONE")} == {"unmapped"}
    assert "There is none" in browser.get(f"{QUEUE}beside/").content.decode()


def test_a_file_is_checked_shown_applied_and_undone_in_the_browser(browser: Client, imported: Channel) -> None:
    make_sku("TEE-MEDIUM", on_hand=4)
    listing = listing_of("TEE-M")
    file = SimpleUploadedFile("map.csv", f"listing,sku\n{listing.ref},TEE-MEDIUM\nnone,TEE-MEDIUM\n".encode())

    page = browser.post("/listings/mapping/file/", {"file": file}, follow=True)

    html = page.content.decode()
    assert "Change 1 mapping" in html
    assert "has no listing “none”" in html
    assert listing_of("TEE-M").mapping == "unmapped"
    run = MappingRun.objects.get(kind="file")
    browser.post(f"/listings/mapping/{run.pk}/apply/")
    assert listing_of("TEE-M").mapping == "mapped"
    assert "map.csv, line 2" in browser.get(f"/listings/{listing.pk}/").content.decode()
    assert "1 listing gets the mapping back" in browser.get(f"/listings/mapping/{run.pk}/undo/").content.decode()
    browser.post(f"/listings/mapping/{run.pk}/undo/")
    assert listing_of("TEE-M").mapping == "unmapped"
    assert browser.post("/listings/mapping/file/", {"file": SimpleUploadedFile("x.csv", b"a\n1\n")}).status_code == 422


def test_a_bundle_is_made_of_a_listing_and_linked(browser: Client, imported: Channel, sim: EcwidSimulator) -> None:
    tee, mug = make_sku("TEE-RED", on_hand=6), make_sku("MUG-RED", on_hand=9)
    listing = listing_of("TEE-M")
    page = f"/listings/{listing.pk}/bundle/"
    assert "What is Tee, medium made of?" in browser.get(page).content.decode()
    nothing = browser.post(page, {"code_0": "", "units_0": ""})
    assert (nothing.status_code, Sku.objects.filter(code="TEE-M").exists()) == (422, False)
    assert browser.post(page, {"code_0": "NOBODY", "units_0": "1"}).status_code == 422

    browser.post(page, {"code_0": "TEE-RED", "units_0": "1", "code_1": "MUG-RED", "units_1": "4"})

    listing.refresh_from_db()
    assert listing.sku is not None
    assert (listing.sku.code, listing.sku.is_bundle) == ("TEE-M", True)
    assert bundles.components_of([listing.sku.pk])[listing.sku.pk] == {tee.pk: 1, mug.pk: 4}
    assert availability.targets([listing]) == {listing.pk: 2}
    assert browser.get(page).status_code == 404, "it waits no more"


def test_what_waits_is_matched_again_but_what_was_taken_away_stays_so(browser: Client, imported: Channel) -> None:
    tee, mug = listing_of("TEE-M"), listing_of("MUG")
    browser.post(f"/listings/{mug.pk}/link/", {"sku": make_sku("MUG").pk})
    browser.post(f"/listings/{mug.pk}/unlink/")
    sku = make_sku("TEE-M")

    answer = browser.post("/listings/match-again/", follow=True)

    assert "1 listing was linked." in answer.content.decode()
    tee.refresh_from_db()
    mug.refresh_from_db()
    assert (tee.sku, mug.sku) == (sku, None)
    assert "Match again" in answer.content.decode()
