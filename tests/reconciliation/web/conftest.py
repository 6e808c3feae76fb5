"""A signed-in person, and a shop whose channels disagree with the ledger."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels.models import Channel
from dashboard.models import User
from reconciliation.models import Cause, Discrepancy, Severity, Verb
from tests.channels.core.conftest import at_full_speed, sim, store
from tests.factories import make_channel, make_discrepancy, make_listing, make_sku, make_warehouse

__all__ = ["at_full_speed", "sim", "store"]


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner")


@pytest.fixture
def browser(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def shop(user: User) -> SimpleNamespace:
    """Two channels, two warehouses, and five discrepancies that differ in everything they can be filtered by."""
    now = timezone.now()
    main, back = make_warehouse(), make_warehouse("BACK")
    north, south = make_channel("North"), make_channel("South", warehouses=[back])

    def row(code: str, channel: Channel, says: int, shows: int | None, hours: float, **columns: Any) -> Discrepancy:
        listing = make_listing(channel, make_sku(code, on_hand=says), quantity=says, price="20.00")
        return make_discrepancy(
            listing, shows=shows, first_seen_at=now - timedelta(hours=hours), read_at=now, **columns
        )

    return SimpleNamespace(
        now=now,
        main=main,
        back=back,
        north=north,
        south=south,
        over=row("OVER", north, 5, 9, 2, severity=Severity.HIGH),
        under=row("UNDER", south, 9, 7, 30, cause=Cause.LOST_PUSH, assignee=user),
        endless=row("ENDLESS", north, 3, None, 0.5, cause=Cause.TRACKING_SWITCHED, severity=Severity.CRITICAL),
        cheap=row("CHEAP", north, 9, 8, 400, proposal=Verb.TAKE_THEIRS),
        asleep=row("ASLEEP", south, 9, 4, 60, state="snoozed", snoozed_until=now + timedelta(days=1)),
        old=row("OLD", north, 9, 6, 900, state="resolved", resolution="keep-ours", resolved_at=now),
    )


def codes(response: object) -> list[str]:
    """Return the SKUs of the queue as it is shown."""
    table = response.context["table"]  # type: ignore[attr-defined]
    return [row.record.sku.code for row in table.paginated_rows]
