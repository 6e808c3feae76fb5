"""Which listings of an observed channel go live first: a share of them, what a filter finds, or hand-picked ones.

A choice is what stands in a query string, so that a preview can be left and come back to, and so that what a person
agreed to can be compared with what it means a minute later.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import Count, F, Q, Sum
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels import observing
from channels.filters import ObservedFilter
from channels.models import Channel, Listing
from channels.querysets import ListingQuerySet

SHARES = (10, 25, 50)  # percent
_PRIME = 1_000_003


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The listings that were chosen, and ``sentence``, how. They may be half of a large store: they are not read."""

    listings: ListingQuerySet
    sentence: str

    @property
    def size(self) -> int:
        """How many listings were chosen."""
        return self._sums[0]

    @property
    def digest(self) -> str:
        """Tells whether a choice is still the one that was looked at."""
        return hashlib.sha256(",".join(map(str, self._sums)).encode()).hexdigest()

    @cached_property
    def _sums(self) -> tuple[int, int, int]:
        """What the ids of the listings come to; others would hardly come to the same number and both the same sums."""
        found = self.listings.aggregate(size=Count("pk"), sum=Sum("pk"), mixed=Sum(F("pk") * F("pk") % _PRIME))
        return found["size"], found["sum"] or 0, found["mixed"] or 0

    @cached_property
    def listing_ids(self) -> tuple[int, ...]:
        return tuple(self.listings.order_by("pk").values_list("pk", flat=True))

    def held(self) -> Choice:
        """Return the choice of these very listings, whatever comes to be found meanwhile."""
        return replace(self, listings=self.listings.filter(pk__in=self.listing_ids))


def read(channel: Channel, query: QueryDict) -> Choice:
    """Return what ``query`` chooses of the channel's observed listings; none where it says nothing that is known.

    ``share=10``: a tenth of all publishable listings, those with the most units first. ``pick=7&pick=9``: these.
    ``q`` and ``show``: what the list of observed listings shows for them.
    """
    if picked := [int(value) for value in query.getlist("pick") if value.isdecimal()]:
        by_hand = Choice(listings=observing.observed_listings(channel).filter(pk__in=picked), sentence="")
        words = ngettext("%(n)d listing, picked by hand", "%(n)d listings, picked by hand", by_hand.size)
        return replace(by_hand, sentence=words % {"n": by_hand.size})
    percent = next((share for share in SHARES if query.get("share") == str(share)), None)
    if percent is not None:
        words = _("%(percent)d %% of its listings") % {"percent": percent}
        return Choice(listings=_deepest(channel, percent), sentence=words)
    if query.get("q") or query.get("show"):
        found = ObservedFilter(query, observing.observed_listings(channel))
        rows = found.qs if found.is_valid() else Listing.objects.none()
        labels = dict(found.form.fields["show"].choices)
        parts = [query.get("q", ""), str(labels.get(query.get("show", ""), ""))]
        words = _("Those found by %(words)s") % {"words": ", ".join(f"“{part}”" for part in parts if part)}
        return Choice(listings=rows, sentence=words)
    return Choice(listings=Listing.objects.none(), sentence="")


def _deepest(channel: Channel, percent: int) -> ListingQuerySet:
    """Return the listings with the most units, so many that with those live already they are the share of all.

    Where there is much, a number that is wrong does the least harm.
    """
    rows = observing.observed_listings(channel)
    live = channel.listings.all().publishable().filter(is_live=True).count()
    observed = rows.aggregate(all=Count("pk"), known=Count("would_show"))
    wanted = -(-(live + observed["all"]) * percent // 100) - live
    if wanted <= 0:
        return rows.none()
    # By where the last one stands: an index has them in this order, and no id has to be named.
    if wanted <= observed["known"]:
        known = rows.filter(would_show__isnull=False).order_by("-would_show", "pk")
        units, last = known.values_list("would_show", "pk")[wanted - 1]
        return rows.filter(Q(would_show__gt=units) | Q(would_show=units, pk__lte=last))
    unknown = rows.filter(would_show=None).order_by("pk").values_list("pk", flat=True)
    last = unknown[wanted - observed["known"] - 1]
    return rows.filter(Q(would_show__isnull=False) | Q(pk__lte=last))
