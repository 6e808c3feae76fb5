"""Listings that were set aside because the platform refused their quantity, and how a person puts them back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from channels import publishing
from channels.lanes import wake
from channels.models import Listing
from inventory import audit


@transaction.atomic
def retry(*, listing: Listing, actor: str, now: datetime) -> bool:
    """Take a parked listing back into publishing; tell whether it was parked. Its quantity goes out with the next wave.

    What made the platform refuse is for the person to have mended: a listing that is refused again is parked again.
    """
    rows = Listing.objects.filter(pk=listing.pk, parked_at__isnull=False)
    if not rows.update(parked_at=None, parked_reason="", failures=0):
        return False
    audit.record(
        actor=actor,
        action="listing.retry",
        subject=f"listing:{listing.pk}",
        before={"parked_reason": listing.parked_reason},
        after={},
    )
    Listing.objects.wake([listing.pk], now=now)
    wake(publishing.lane_of(listing.channel_id))
    listing.refresh_from_db()
    return True
