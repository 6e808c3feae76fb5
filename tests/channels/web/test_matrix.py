"""The table of platforms: the docs and the connect page say what the code declares."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from channels.registry import PLATFORMS


def test_the_docs_have_what_the_code_declares(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("platforms")

    page = Path(__file__).parents[3] / "docs" / "platforms.md"
    assert page.read_text() == capsys.readouterr().out, "run: python manage.py platforms > docs/platforms.md"


def test_every_platform_says_what_a_person_needs_to_know() -> None:
    for platform in PLATFORMS.values():
        capabilities = platform.capabilities
        assert capabilities.where_to_find
        assert capabilities.app_may
        assert capabilities.app_may_not
        assert capabilities.reads
        assert capabilities.hears_of_sales


@pytest.mark.django_db
def test_the_connect_page_shows_the_table(browser: Client) -> None:
    page = browser.get("/channels/connect/").content.decode()

    for platform in PLATFORMS.values():
        assert platform.capabilities.hears_of_sales in page
