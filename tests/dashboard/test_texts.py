"""No template holds a text that gettext does not see."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR) / "templates"
# The product's name, formats, and what programs read stay as they are in every language.
UNTRANSLATED = {
    "Evenkeel",
    "Zapier",
    "Make",
    "CSV",
    "XLSX",
    "Authorization",
    "Bearer",
    "evk",
    "user",
    "ana",
    "North",
    "TEE",
    "BLK",
}

_DROPPED = (
    re.compile(r"{% comment %}.*?{% endcomment %}", re.DOTALL),
    re.compile(r"{% blocktranslate.*?{% endblocktranslate %}", re.DOTALL),
    re.compile(r"{% block page_class %}.*?{% endblock %}", re.DOTALL),
    re.compile(r"<(script|style|svg|code|kbd)\b.*?</\1>|<[^>]*class=\"code\"[^>]*>[^<]*(?=<)", re.DOTALL),
    re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL),
)
_SPOKEN = re.compile(r"""\s(?:aria-label|title|placeholder|alt)=["']([^"']*)["']""")


def _bare(path: Path) -> list[str]:
    text = path.read_text()
    for pattern in _DROPPED:
        text = pattern.sub(" ", text)
    shown = re.sub(r"<[^>]*>", " ", text) + " ".join(_SPOKEN.findall(text))
    return sorted(set(re.findall(r"[A-Za-z][A-Za-z’']+", shown)) - UNTRANSLATED)


def test_every_word_of_a_template_can_be_translated() -> None:
    found = {str(path.relative_to(ROOT)): _bare(path) for path in sorted(ROOT.rglob("*.html"))}

    assert len(found) > 150
    assert {path: words for path, words in found.items() if words} == {}
