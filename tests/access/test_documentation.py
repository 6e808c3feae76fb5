"""docs/people.md has the table of permissions as the code has it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from access.roles import SENTENCES, Role
from dashboard.people.table import markdown

PAGE = (Path(settings.BASE_DIR) / "docs" / "people.md").read_text()


def test_the_table_is_the_one_that_is_enforced() -> None:
    assert markdown() in PAGE, "docs/people.md: put in what dashboard.people.table.markdown() returns"


def test_each_role_is_said_as_the_pages_say_it() -> None:
    assert all(f"- **{role.label}**. {SENTENCES[role]}" in PAGE for role in Role)
