"""What every page shows around its content: the rooms, how much in each waits for a person, and the theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from access.roles import Verb, may
from access.routes import verb_of
from channels import emergency
from channels.models import Channel, Listing, OrderLine
from dashboard import themes
from dashboard.models import Notification
from inventory.models import Warehouse
from inventory.sources.models import Source
from reconciliation.models import Discrepancy, Severity

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One entry of the navigation."""

    label: StrPromise
    icon: str
    url: str
    is_current: bool
    count: int = 0
    count_label: str | StrPromise = ""
    is_urgent: bool = False


# label, icon, url name, and the beginnings of the view names that belong to the room
_PLAN = (
    (_("Overview"), "overview", "dashboard:overview", ("dashboard:overview", "dashboard:setup")),
    (_("SKUs"), "sku", "dashboard:sku_list", ("dashboard:sku", "dashboard:many_skus")),
    (
        _("Listings"),
        "listing",
        "channels:listing_list",
        ("channels:listing", "channels:mapping", "dashboard:many_listings"),
    ),
    (_("Orders"), "order", "channels:order_list", ("channels:order", "dashboard:many_orders")),
    (_("Reconciliation"), "compare", "reconciliation:queue", ("reconciliation:",)),
    (_("Channels"), "channel", "channels:channel_list", ("channels:channel_", "channels:connect_")),
    (
        _("Activity"),
        "activity",
        "channels:activity",
        ("channels:activity", "channels:event", "channels:push", "channels:inbox", "dashboard:many_events"),
    ),
    (_("Shop"), "barcode", "dashboard:shop", ("dashboard:shop",)),
    (_("Warehouses"), "warehouse", "inventory:warehouse_list", ("inventory:warehouse",)),
    (_("Stock sources"), "source", "sources:source_list", ("sources:",)),
    (_("Developers"), "code", "developers:endpoint_list", ("developers:", "api:docs")),
    (_("People"), "people", "people:people_list", ("people:",)),
)


def in_trouble() -> QuerySet[Channel]:
    """Return the channels that stand still until a person has acted."""
    return Channel.objects.filter(disconnected_at=None).filter(
        ~Q(connection=Channel.Connection.OK) | Q(halted_at__isnull=False)
    )


def _waiting() -> tuple[int, StrPromise, bool]:
    found = Discrepancy.objects.open().aggregate(
        all=Count("pk"), oversell=Count("pk", filter=Q(severity__gte=Severity.HIGH))
    )
    return found["all"], _("disagree"), found["oversell"] > 0


def _counts() -> dict[str, tuple[int, StrPromise, bool]]:
    return {
        "channels:listing_list": (Listing.objects.all().unmapped().count(), _("unmapped"), False),
        "channels:order_list": (
            OrderLine.objects.all().waiting().values("order_id").distinct().count(),
            _("waiting"),
            False,
        ),
        "reconciliation:queue": _waiting(),
        "channels:channel_list": (in_trouble().count(), _("need you"), True),
        "sources:source_list": (Source.objects.all().in_trouble().count(), _("need you"), True),
    }


def _rooms(request: HttpRequest) -> list[Room]:
    match = request.resolver_match
    current = match.view_name if match else ""
    counts = _counts()
    rooms = []
    for label, icon, url_name, beginnings in _PLAN:
        if not may(request.user, verb_of(url_name, "GET")):
            continue
        if url_name == "dashboard:shop" and not Warehouse.objects.filter(is_shop=True).exists():
            continue  # most merchants have none, and the first one is made among the warehouses
        try:
            url = reverse(url_name)
        except NoReverseMatch:
            continue
        count, count_label, is_urgent = counts.get(url_name, (0, "", False))
        rooms.append(
            Room(
                label=label,
                icon=icon,
                url=url,
                is_current=current.startswith(beginnings),
                count=count,
                count_label=count_label,
                is_urgent=is_urgent,
            )
        )
    return rooms


def navigation(request: HttpRequest) -> dict[str, object]:
    """Offer to every template ``theme``, ``may`` (what the role of whoever is signed in allows, by verb), and, read
    from the database only by a page that draws them, ``rooms``, the channels that are ``stopped``, and how many
    notifications are ``unread``.
    """
    user = getattr(request, "user", None)  # absent where an error page is drawn before anybody was looked up
    context: dict[str, object] = {
        "theme": themes.chosen(request),
        "may": {verb.value: may(user, verb) for verb in Verb},
    }
    if user is not None and user.is_authenticated:
        context["rooms"] = SimpleLazyObject(lambda: _rooms(request))
        context["unread"] = SimpleLazyObject(lambda: Notification.objects.filter(user=user, read_at=None).count())
        context["stopped"] = SimpleLazyObject(lambda: list(emergency.stopped().defer("credentials", "options")))
    return context
