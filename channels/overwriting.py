"""Sales that a guarded set has overwritten: they fell between its reading and its write, so the platform forgot them.

Nobody can see that when it happens. Once the order is heard of it can be told: it was placed while a write of ours was
on its way, which knew nothing of it. The listing is then read again, and shows too much by exactly such orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, Sum, Value
from django.db.models.functions import Coalesce, Least

from channels.models import Listing, Order, OrderLine, Push

CLOCKS_DIFFER = timedelta(seconds=15)  # the store's clock and ours; orders are told to the second
LOOKS_AFTER = timedelta(seconds=2)
LOOKS_BACK = timedelta(days=1)


def look_soon(order: Order, listing_ids: Iterable[int], *, now: datetime) -> None:
    """Have those of the order's listings read soon that a write of ours was on its way to when it was placed."""
    if order.placed_at is None:
        return
    written = Push.objects.filter(
        listing__in=list(listing_ids),
        state=Push.State.APPLIED,
        created_at__lte=order.placed_at + CLOCKS_DIFFER,
        settled_at__gte=order.placed_at - CLOCKS_DIFFER,
        created_at__lt=order.first_seen_at,
    )
    soon = now + LOOKS_AFTER
    Listing.objects.filter(pk__in=written.values("listing")).update_in_order(
        check_due_at=Least(Coalesce("check_due_at", Value(soon)), Value(soon))
    )


def units(listing: Listing, *, now: datetime) -> int:
    """Return the units of the listing's orders that were placed during a write of ours and heard of after it began."""
    during = Q(pk__in=[])
    pushes = Push.objects.filter(listing=listing, state=Push.State.APPLIED, settled_at__gte=now - LOOKS_BACK)
    for push in pushes.order_by("-pk")[:50]:
        settled_at = push.settled_at or now
        during |= Q(
            order__placed_at__range=(push.created_at - CLOCKS_DIFFER, settled_at + CLOCKS_DIFFER),
            order__first_seen_at__gt=push.created_at,
        )
    taken = OrderLine.objects.filter(during, listing=listing).aggregate(units=Sum("taken"))["units"]
    return taken or 0
