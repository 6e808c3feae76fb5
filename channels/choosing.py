"""Which listings of an observed channel go live first: a share of them, what a filter finds, or hand-picked ones.

A choice is what stands in a query string, so that a preview can be left and come back to, and so that what a person
agreed to can be compared with what it means a minute later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels import observing
from channels.filters import ObservedFilter
from channels.models import Channel

SHARES = (10, 25, 50)  # percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The listings that were chosen, and ``sentence``, how."""

    listing_ids: tuple[int, ...]
    sentence: str

    @property
    def digest(self) -> str:
        """Tells whether a choice is still the one that was looked at."""
        return hashlib.sha256(",".join(map(str, self.listing_ids)).encode()).hexdigest()


def read(channel: Channel, query: QueryDict) -> Choice:
    """Return what ``query`` chooses of the channel's observed listings; none where it says nothing that is known.

    ``share=10``: a tenth of all publishable listings, those with the most units first. ``pick=7&pick=9``: these.
    ``q`` and ``show``: what the list of observed listings shows for them.
    """
    if picked := [int(value) for value in query.getlist("pick") if value.isdecimal()]:
        rows = observing.observed_listings(channel).filter(pk__in=picked)
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        words = ngettext("%(n)d listing, picked by hand", "%(n)d listings, picked by hand", len(ids)) % {"n": len(ids)}
        return _choice(ids, words)
    percent = next((share for share in SHARES if query.get("share") == str(share)), None)
    if percent is not None:
        return _choice(_deepest(channel, percent), _("%(percent)d %% of its listings") % {"percent": percent})
    if query.get("q") or query.get("show"):
        found = ObservedFilter(query, observing.observed_listings(channel))
        ids = list(found.qs.order_by().values_list("pk", flat=True)) if found.is_valid() else []
        labels = dict(found.form.fields["show"].choices)
        parts = [query.get("q", ""), str(labels.get(query.get("show", ""), ""))]
        return _choice(ids, _("Those found by %(words)s") % {"words": ", ".join(f"“{part}”" for part in parts if part)})
    return _choice([], "")


def _choice(ids: Sequence[int], sentence: str) -> Choice:
    return Choice(listing_ids=tuple(sorted(ids)), sentence=sentence)


def _deepest(channel: Channel, percent: int) -> list[int]:
    """Return the listings with the most units, so many that with those live already they are the share of all.

    Where there is much, a number that is wrong does the least harm.
    """
    rows = observing.observed_listings(channel)
    live = channel.listings.all().publishable().filter(is_live=True).count()
    observed = rows.count()
    wanted = -(-(live + observed) * percent // 100) - live
    if wanted <= 0:
        return []
    deepest = rows.order_by(F("would_show").desc(nulls_last=True), "pk")
    return list(deepest.values_list("pk", flat=True)[:wanted])
