"""A page offers a person nothing that their role is refused: no link, no form, no button that loads."""

from __future__ import annotations

import contextlib
import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import timezone

from access.roles import Role, Verb, may_role
from access.routes import PUBLIC, ROUTES, verb_of
from api.models import Delivery, Endpoint, Event
from channels.models import InboundEvent, Listing, Order, OrderLine, Push
from dashboard.models import User
from inventory.models import Warehouse
from inventory.sources.models import Source
from reconciliation.models import Run
from tests.factories import make_channel, make_discrepancy, make_listing, make_sku, make_warehouse

GETS = re.compile(r"""<(?:a|form method="get")[^>]*?\s(?:href|action)="([^"]*)"|hx-get="([^"]*)\"""")
POSTS = re.compile(r"""<form[^>]*method="post"[^>]*?action="([^"]*)"|hx-post="([^"]*)\"""")


@pytest.fixture
def pages(db: None) -> list[str]:
    """Make one of everything that has verbs, and return the pages that everyone may see."""
    now = timezone.now()
    owner = User.objects.create_user("owner", role=Role.OWNER)
    main = make_warehouse()
    Warehouse.objects.filter(pk=make_warehouse("SHOP").pk).update(is_shop=True)
    channel = make_channel(halted_at=now, halted_reason="A large wave.")
    observing = make_channel("South", mode="observe")
    make_listing(observing, make_sku("CAP", on_hand=2), quantity=1)
    sku = make_sku(on_hand=5)
    mapped = make_listing(channel, sku, quantity=5, parked_at=now, parked_reason="No such product.")
    unlimited = make_listing(channel, make_sku("ENDLESS"), quantity=None, tracked=False)
    unmapped = make_listing(channel, None, external_sku="TEE-BLK-M")
    make_listing(channel, None, external_sku="TEE-BLK-M")
    ignored = make_listing(channel, None)
    Listing.objects.filter(pk=ignored.pk).update(mapping="ignored")
    order = Order.objects.create(channel=channel, ref="1", number="1", first_seen_at=now, placed_at=now)
    OrderLine.objects.create(order=order, ref="1", variant_ref="p", listing=unmapped, ordered=1, state="waiting")
    event = InboundEvent.objects.create(channel=channel, delivery_id="1", body="{}", received_at=now, state="failed")
    Push.objects.create(channel=channel, listing=mapped, accounted_before=5, target=4, delta=-1, created_at=now)
    row = make_discrepancy(mapped, shows=9)
    endpoint = Endpoint.objects.create(
        owner=owner, url="https://example.com/hook", kinds=["stock.changed"], created_at=now
    )
    told = Event.objects.create(kind="stock.changed", subject="sku:1", occurred_at=now)
    delivery = Delivery.objects.create(endpoint=endpoint, event=told, state="failed", created_at=now)
    source = Source.objects.create(kind="csv", name="Shelf", started_at=now)
    run = Run.objects.create(
        channel=channel, state="running", trigger="request", requested_by="user:owner", started_at=now
    )
    return [
        "/",
        "/skus/",
        "/skus/?q=nothing-like-it",
        f"/skus/{sku.pk}/",
        "/listings/",
        "/listings/unmapped/",
        "/listings/collisions/",
        "/listings/not-pushing/",
        "/listings/pushing-unmapped/",
        "/listings/mapping/",
        "/listings/mapping/history/",
        *(f"/listings/{listing.pk}/" for listing in (mapped, unlimited, unmapped, ignored)),
        "/orders/",
        f"/orders/{order.pk}/",
        "/channels/",
        f"/channels/{channel.uuid}/",
        f"/channels/{observing.uuid}/observe/",
        "/activity/",
        f"/activity/events/{event.pk}/",
        "/activity/pushes/",
        "/activity/changes/",
        "/reconciliation/",
        f"/reconciliation/{row.pk}/",
        "/reconciliation/to-count/",
        "/reconciliation/runs/",
        f"/reconciliation/runs/{run.pk}/",
        "/reconciliation/levels/",
        "/reconciliation/levels/?show=all",
        "/inventory/warehouses/",
        f"/inventory/warehouses/{main.pk}/",
        "/sources/",
        f"/sources/{source.uuid}/",
        f"/shop/{Warehouse.objects.get(is_shop=True).pk}/sales/",
        "/developers/webhooks/",
        f"/developers/webhooks/{endpoint.uuid}/",
        "/developers/events/",
        f"/developers/deliveries/{delivery.pk}/",
        "/developers/tokens/",
    ]


def _without_arguments() -> list[str]:
    """Return the addresses of all pages that everyone may see and that are about no one thing."""
    found = []
    for name, verb in ROUTES.items():
        if verb is Verb.SEE and not name.startswith("api:"):
            with contextlib.suppress(NoReverseMatch):
                found.append(reverse(name))
    return found


def _verb(path: str, method: str) -> Verb | None:
    try:
        name = resolve(urlsplit(unescape(path)).path).view_name
    except Resolver404:
        return None  # a store's own page, an anchor, a file
    return None if name in PUBLIC or name.startswith("api:") else verb_of(name, method)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.MANAGER])
def test_nobody_is_offered_what_they_may_not_do(pages: list[str], role: str, client: Client) -> None:
    client.force_login(User.objects.create_user("ben", role=role))
    wrong = set()

    for page in [*pages, *_without_arguments()]:
        response = client.get(page)
        assert response.status_code in {200, 302}, page
        html = "" if response.streaming else response.content.decode()
        for pattern, method in ((GETS, "GET"), (POSTS, "POST")):
            for found in pattern.finditer(html):
                target = found[1] or found[2] or page
                verb = _verb(target, method)
                if verb and not may_role(role, verb):
                    wrong.add(f"{page}: {method} {target} ({verb.value})")

    assert sorted(wrong) == []
