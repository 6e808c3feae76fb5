"""What the lists of this app can be narrowed by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.forms import HiddenInput
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels import trail
from channels.models import (
    Channel,
    InboundEvent,
    Listing,
    MappingChange,
    MappingLine,
    MappingRun,
    Order,
    OrderLine,
    Push,
)
from channels.obstacles import GROUNDS, OBSTACLES
from inventory.filters import WordsFilter
from inventory.models import AuditEntry


class SinceFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """The rows whose moment lies within the person's today, or within the last week."""

    def __init__(self, path: str, **kwargs: Any) -> None:
        choices = (("today", _("Today")), ("week", _("Last 7 days")))
        super().__init__(choices=choices, empty_label=_("Any time"), **kwargs)
        self.path = path

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        return qs.filter(**{f"{self.path}__gte": today if value == "today" else timezone.now() - timedelta(days=7)})


def _channels(request: HttpRequest | None) -> QuerySet[Channel]:
    return Channel.objects.order_by("name", "pk")


class ChannelChoice(django_filters.ModelChoiceFilter):  # type: ignore[misc]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Channel"), queryset=_channels, empty_label=_("Any"), **kwargs)


class ListingWords(WordsFilter):
    """The search field over listings: what the store calls them, its code and barcode, and the code of the SKU."""

    def filter(self, qs: Any, value: str) -> Any:
        return qs.search(value)


class ListingFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = ListingWords()
    channel = ChannelChoice()
    mapping = django_filters.ChoiceFilter(label=_("Mapping"), choices=Listing.Mapping.choices)
    stock = django_filters.ChoiceFilter(
        label=_("Stock"),
        method="by_stock",
        choices=(("tracked", _("Tracked")), ("unlimited", _("Unlimited")), ("unknown", _("Not told"))),
    )
    state = django_filters.ChoiceFilter(
        label=_("State"),
        method="by_state",
        choices=(
            ("attention", _("Needs attention")),
            ("parked", _("Parked")),
            ("drift", _("Differs")),
            ("due", _("Due")),
            ("unread", _("Not read yet")),
            ("unmapped", _("Unmapped")),
            ("gone", _("Gone")),
        ),
    )

    class Meta:
        model = Listing
        fields: list[str] = []

    def by_stock(self, listings: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        return listings.filter(tracked={"tracked": True, "unlimited": False, "unknown": None}[value])

    def by_state(self, listings: Any, name: str, value: str) -> Any:
        if value == "attention":
            return listings.needing_attention()
        if value == "unmapped":
            return listings.unmapped()
        if value == "gone":
            return listings.filter(state=Listing.State.GONE)
        wanted = {
            "parked": Q(parked_at__isnull=False),
            "drift": ~Q(drift=0),
            "due": Q(due_at__isnull=False),
            "unread": Q(accounted=None, mapping=Listing.Mapping.MAPPED, tracked=True),
        }
        return listings.filter(wanted[value], state=Listing.State.ACTIVE)


class ObservedFilter(django_filters.FilterSet):  # type: ignore[misc]
    """What a channel would be told; of ``observing.observed_listings``."""

    q = ListingWords()
    show = django_filters.ChoiceFilter(
        label=_("Show"),
        method="by_change",
        empty_label=None,
        choices=(
            ("all", _("Everything observed")),
            ("differs", _("What would change")),
            ("up", _("Raised")),
            ("down", _("Lowered")),
            ("zero", _("To zero")),
            ("drift", _("Differs in the store")),
            ("agrees", _("What agrees")),
            ("unknown", _("Not known yet")),
        ),
    )

    class Meta:
        model = Listing
        fields: list[str] = []

    def by_change(self, listings: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        known = Q(accounted__isnull=False, would_show__isnull=False)
        wanted = {
            "all": Q(),
            "differs": known & ~Q(change=0, drift=0),
            "up": known & Q(change__gt=0),
            "down": known & Q(change__lt=0),
            "zero": known & Q(change__lt=0, would_show=0),
            "drift": ~Q(drift=0),
            "agrees": known & Q(change=0, drift=0),
            "unknown": ~known,
        }
        return listings.filter(wanted[value])


class QueueFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The unmapped queue."""

    q = WordsFilter("title", "external_sku", "barcode")
    channel = ChannelChoice()

    class Meta:
        model = Listing
        fields: list[str] = []


class NotPushingFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = ListingWords()
    channel = ChannelChoice()
    obstacle = django_filters.ChoiceFilter(label=_("Why"), choices=OBSTACLES, method="by_obstacle")

    class Meta:
        model = Listing
        fields: list[str] = []

    def by_obstacle(self, listings: Any, name: str, value: str) -> Any:
        # What an obstacle is by itself, beside that it is the first one: that has an index, the order of reasons none.
        own = {
            "unlimited": Q(tracked=False),
            "not-told": Q(tracked=None),
            "read-only": ~Q(unwritable_reason=""),
            "parked": Q(parked_at__isnull=False),
            "unread": Q(accounted=None),
        }
        return listings.filter(own.get(value, Q()), obstacle=value)


class PushingUnmappedFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter("title", "external_sku", "barcode")
    channel = ChannelChoice()
    ground = django_filters.ChoiceFilter(label=_("Why"), choices=GROUNDS)

    class Meta:
        model = Listing
        fields: list[str] = []


class MappingRunFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter("name", "channel__name", "actor")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=MappingRun.Kind.choices)

    class Meta:
        model = MappingRun
        fields: list[str] = []


class MappingChangeFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter("listing__title", "listing__external_sku", "before_sku__code", "after_sku__code")

    class Meta:
        model = MappingChange
        fields: list[str] = []


class MappingLineFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The preview of a file."""

    q = WordsFilter("listing__title", "listing__external_sku", "sku__code", "problem")
    show = django_filters.ChoiceFilter(
        label=_("Show"),
        method="by_kind",
        choices=(
            ("changes", _("What changes")),
            ("quantities", _("Quantities that change")),
            *((kind.value, kind.label) for kind in MappingLine.Action),
        ),
    )

    class Meta:
        model = MappingLine
        fields: list[str] = []

    def by_kind(self, lines: QuerySet[MappingLine], name: str, value: str) -> QuerySet[MappingLine]:
        if value == "changes":
            return lines.exclude(action__in=[MappingLine.Action.NOTHING, MappingLine.Action.BAD])
        if value == "quantities":
            return lines.filter(target__isnull=False).filter(~Q(target=F("shows")) | Q(shows=None))
        return lines.filter(action=value)


class OrderFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter("number", "ref")
    channel = ChannelChoice()
    state = django_filters.ChoiceFilter(label=_("State"), choices=Order.State.choices)
    placed = SinceFilter("placed_at", label=_("Placed"))
    lines = django_filters.ChoiceFilter(
        label=_("Lines"),
        method="by_lines",
        choices=(("waiting", _("Some wait")), ("problem", _("Has a problem"))),
    )

    class Meta:
        model = Order
        fields: list[str] = []

    def by_lines(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        if value == "problem":
            return orders.exclude(problem="")
        return orders.filter(Exists(OrderLine.objects.waiting().filter(order=OuterRef("pk"))))


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter("topic", "delivery_id", "problem", "body")
    channel = ChannelChoice()
    state = django_filters.ChoiceFilter(label=_("State"), choices=InboundEvent.State.choices)

    class Meta:
        model = InboundEvent
        fields: list[str] = []


class PushFilter(django_filters.FilterSet):  # type: ignore[misc]
    q = WordsFilter("listing__title", "listing__external_sku", "listing__sku__code")
    channel = ChannelChoice()
    state = django_filters.ChoiceFilter(label=_("State"), choices=Push.State.choices)
    settled = SinceFilter("settled_at", label=_("Answered"))

    class Meta:
        model = Push
        fields: list[str] = []


class ChangeFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The trail. ``subject`` comes from links only: what was changed of one thing."""

    q = WordsFilter("actor", "action", "subject")
    actor = django_filters.ChoiceFilter(label=_("Person"), choices=trail.actors, empty_label=_("Anybody"))
    kind = django_filters.ChoiceFilter(
        label=_("Of"),
        method="by_kind",
        choices=[(code, kind.label) for code, kind in trail.KINDS.items()],
        empty_label=_("Anything"),
    )
    at = SinceFilter("at", label=_("When"))
    subject = django_filters.CharFilter(widget=HiddenInput())

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def by_kind(self, entries: QuerySet[AuditEntry], name: str, value: str) -> QuerySet[AuditEntry]:
        return entries.filter(Q(subject__startswith=f"{value}:") | Q(subject=value))
