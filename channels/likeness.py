"""How alike two products' codes, barcodes and titles are. Pure functions over what stores write."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

_CANDIDATES = 40  # names that are compared letter by letter for one title
_POSTINGS = 4000  # entries of the index that are looked at for one title


def gtin(text: str) -> str:
    """Return the 14 digits of an EAN, UPC, GTIN or ISBN-10, or "" where its length or check digit is wrong."""
    digits = re.sub(r"[\s\-]+", "", text)
    if re.fullmatch(r"\d{9}[\dXx]", digits):
        total = sum((10 - place) * (10 if d in "Xx" else int(d)) for place, d in enumerate(digits))
        if total % 11 == 0:
            body = "978" + digits[:9]
            return "0" + body + _check_digit(body)
    if not digits.isascii() or not digits.isdecimal() or len(digits) not in (8, 12, 13, 14) or not int(digits):
        return ""
    return digits.zfill(14) if digits[-1] == _check_digit(digits[:-1]) else ""


def _check_digit(body: str) -> str:
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def is_of_a_shop(number: str) -> bool:
    """Tell whether a GTIN of 14 digits is of the ranges that every shop numbers for itself (GS1: 02, 04, 20 to 29)."""
    return number.startswith(("02", "002", "004", "0000000", "0000002"))


def is_respelling(one: str, other: str) -> bool:
    """Tell whether two codes differ in case and separators only, and no digits have moved across a separator.

    AB-1 23 may be AB-123 or not, and AB-12-3 is another thing than AB-1-23.
    """
    return _spelled(one) == _spelled(other)


def _spelled(code: str) -> str:
    # Separators between two digits are kept, as one dash: they part numbers.
    kept = re.sub(r"(?<=\d)[\s\-_./]+(?=\d)", "|", code.strip())
    return re.sub(r"[\s\-_./]+", "", kept).casefold()


# Titles -----------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)
_PACKS = re.compile(
    r"\b(?:pack|set|box|case|lot|bundle|paquete|lote|confezione)\s+(?:of\s+|aus\s+|von\s+|de\s+|da\s+)?(\d{1,4})\b"
    r"|\b(\d{1,4})\s*-?\s*(?:packs?|pk|pcs?|pieces|count|ct|stück|stk|pezzi|piezas|er[ -]?(?:pack|set))\b"
    r"|\b(\d{1,3})\s*[x×]\s+(?=[^\W\d])|(?<=\s)[x×]\s?(\d{1,3})$",
    re.IGNORECASE,
)
_CONDITIONS = {
    "used": r"used|second[- ]?hand|gebraucht|occasion|usado|usato",
    "refurbished": r"refurbished|renewed|reconditioned|generalüberholt|reconditionné",
    "seconds": r"seconds|[bc][- ]?(?:ware|stock|grade)|factory seconds",
    "opened": r"open[- ]?box|like new|neuwertig",
    "damaged": r"damaged|defekt|for parts",
    "tester": r"tester|sample|muster",
}
_CONDITION = re.compile("|".join(rf"\b(?P<{name}>{words})\b" for name, words in _CONDITIONS.items()), re.IGNORECASE)
_SIZES = {
    "xxs": "xxs", "xs": "xs", "s": "s", "small": "s", "m": "m", "medium": "m", "l": "l", "large": "l", "xl": "xl",
    "xxl": "xxl", "2xl": "xxl", "xxxl": "xxxl", "3xl": "xxxl", "4xl": "4xl", "5xl": "5xl",
}  # fmt: skip


def words(title: str) -> list[str]:
    return _TOKEN.findall(title.casefold())


def titles(one: str, other: str, *, codes: Sequence[str] = ()) -> int | None:
    """Return how alike two titles are, of 100; None where one says nothing, or nothing but one of ``codes``."""
    known = {word for code in codes for word in words(code)}
    a, b = ([word for word in words(title) if word not in known] for title in (one, other))
    if not a or not b:
        return None
    first, second = " ".join(sorted(a)), " ".join(sorted(b))
    # The set ratio forgives what one adds to the other, the plain one sees it.
    return round(0.5 * fuzz.ratio(first, second) + 0.5 * fuzz.token_set_ratio(first, second))


def contradiction(one: str, other: str) -> str:
    """Return the sentence that says in what two titles exclude each other: pack, condition, size or numbers."""
    if not one or not other:
        return ""
    if _pack(one) != _pack(other):
        return _("But the packs differ: %(one)d and %(other)d.") % {"one": _pack(one), "other": _pack(other)}
    if _conditions(one) != _conditions(other):
        return _("But their conditions differ.")
    a, b = set(words(one)), set(words(other))
    sizes, others = {_SIZES[w] for w in a & _SIZES.keys()}, {_SIZES[w] for w in b & _SIZES.keys()}
    if sizes and others and sizes != others:
        return _("But their sizes differ.")
    numbers, their = {w for w in a if any(c.isdigit() for c in w)}, {w for w in b if any(c.isdigit() for c in w)}
    if numbers and their and not (numbers <= their or their <= numbers):
        return _("But their numbers differ.")
    return ""


def _pack(title: str) -> int:
    found = _PACKS.search(title)
    return int(next(group for group in found.groups() if group)) if found else 1


def _conditions(title: str) -> set[str | None]:
    return {found.lastgroup for found in _CONDITION.finditer(title)}


class TitleIndex:
    """Finds names like a title among very many: by their rarest words first, then letter by letter."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names
        self._postings: dict[str, list[int]] = defaultdict(list)
        for number, name in names.items():
            for word in set(words(name)):
                self._postings[word].append(number)

    def nearest(self, title: str, *, limit: int, at_least: int = 55) -> list[tuple[int, int]]:
        """Return (id, score of 100) of the names most like ``title``, best first."""
        weights: dict[int, float] = defaultdict(float)
        looked_at = 0
        for word in sorted(set(words(title)), key=lambda w: len(self._postings.get(w, ()))):
            numbers = self._postings.get(word, ())
            if not numbers or (weights and looked_at + len(numbers) > _POSTINGS):
                continue
            looked_at += len(numbers)
            weight = math.log(1 + len(self._names) / len(numbers))
            for number in numbers[:_POSTINGS]:
                weights[number] += weight
        scored = []
        for number in sorted(weights, key=lambda n: (-weights[n], n))[:_CANDIDATES]:
            score = titles(title, self._names[number]) or 0
            if contradiction(title, self._names[number]):
                score -= 15
            if score >= at_least:
                scored.append((number, score))
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:limit]
