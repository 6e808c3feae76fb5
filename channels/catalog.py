"""A channel's catalogue: read page by page, folded into pools by the platform, kept as listings.

An import is a row that goes on where it stopped. What a full read did not see is looked up directly before it counts
as gone: lists come from an index that lags.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import linking
from channels.contract import (
    BadCredentials,
    ChannelError,
    Platform,
    RateLimited,
    ReportedListing,
    StoreRefused,
    UnreadableProducts,
)
from channels.lanes import Lease, wake
from channels.models import CatalogImport, Channel, Listing, ListingVariant, Location

LOOK_UP_AT_ONCE = 20  # products looked up directly in one round
READ_AGAIN_AFTER = timedelta(minutes=10)  # a product that could not be read
GIVE_UP_AFTER = timedelta(hours=6)  # an import that is not through by then has failed


def lane_of(channel: Channel) -> str:
    return f"catalog:{channel.pk}"


def start_import(*, channel: Channel, now: datetime) -> CatalogImport:
    """Begin a full read of the catalogue, or return the one that is under way, and wake its lane."""
    try:
        with transaction.atomic():
            run = CatalogImport.objects.create(channel=channel, started_at=now, due_at=now)
    except IntegrityError:
        run = CatalogImport.objects.get(channel=channel, state=CatalogImport.State.RUNNING)
    wake(lane_of(channel))
    return run


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Read one page of the running import, or look up what it did not see; tell whether there was anything to do."""
    now = timezone.now()
    run = CatalogImport.objects.filter(channel=channel, state=CatalogImport.State.RUNNING, due_at__lte=now).first()
    if run is None:
        return False
    try:
        if run.cursor == "end":
            _finish(run, platform, now=now)
        else:
            _read_page(run, platform, now=now)
    except ChannelError as error:
        _postpone(run, error, now=now)
        raise
    return True


def _read_page(run: CatalogImport, platform: Platform, *, now: datetime) -> None:
    if not run.cursor:
        refresh_locations(run.channel, platform, now=now)
    page = platform.catalog_page(run.cursor)
    products: dict[str, list[ReportedListing]] = {}
    for listing in page.listings:
        products.setdefault(listing.product_ref, []).append(listing)
    new = 0
    for product_ref, listings in products.items():
        new += apply_product(run.channel, product_ref, listings, now=now, is_complete=False)
    CatalogImport.objects.filter(pk=run.pk).update(
        cursor=page.next_cursor or "end",
        total=page.total,
        products_read=run.products_read + page.products,
        listings_read=run.listings_read + len(page.listings),
        listings_new=run.listings_new + new,
        problem="; ".join([run.problem, *page.problems] if run.problem else page.problems)[:500],
        due_at=now + timedelta(seconds=page.wait_seconds),
    )


def refresh_locations(channel: Channel, platform: Platform, *, now: datetime) -> None:
    """Keep the places where the store has quantities; one that is not told any more sells nothing. Raises ChannelError.

    A warehouse that stands for it keeps doing so: what it says of the past, and of orders on their way, holds.
    """
    if not platform.capabilities.has_locations:
        return
    places = platform.locations()
    for place in places:
        Location.objects.update_or_create(
            channel=channel,
            ref=place.ref,
            defaults={
                "name": place.name[:200],
                "is_usable": place.is_usable,
                "unusable_reason": place.unusable_reason[:300],
                "seen_at": now,
            },
        )
    channel.locations.exclude(ref__in=[place.ref for place in places]).update(
        is_usable=False, unusable_reason=_("The store has no such location any more.")
    )
    usable = [place.ref for place in places if place.is_usable]
    if len(usable) == 1:
        # Nothing to choose: whatever feeds the channel stands for its one location.
        channel.feeds.filter(location_ref="").update(location_ref=usable[0])


def _finish(run: CatalogImport, platform: Platform, *, now: datetime) -> None:
    unseen = (
        Listing.objects.filter(channel=run.channel, state=Listing.State.ACTIVE, seen_at__lt=run.started_at)
        .order_by("product_ref")
        .values_list("product_ref", flat=True)
        .distinct()[:LOOK_UP_AT_ONCE]
    )
    refs = list(unseen)
    if refs:
        refresh_products(run.channel, platform, refs, now=now)
        return
    linking.match(channel=run.channel, now=now)
    CatalogImport.objects.filter(pk=run.pk).update(state=CatalogImport.State.DONE, due_at=None, ended_at=now)


def _postpone(run: CatalogImport, error: ChannelError, *, now: datetime) -> None:
    is_over = isinstance(error, BadCredentials | StoreRefused) or not error.retryable
    if is_over or now - run.started_at > GIVE_UP_AFTER:
        CatalogImport.objects.filter(pk=run.pk).update(
            state=CatalogImport.State.FAILED, problem=str(error)[:500], due_at=None, ended_at=now
        )
        return
    wait = error.wait_seconds if isinstance(error, RateLimited) else 5
    CatalogImport.objects.filter(pk=run.pk).update(problem=str(error)[:500], due_at=now + timedelta(seconds=wait))


def refresh_products(channel: Channel, platform: Platform, refs: Iterable[str], *, now: datetime) -> None:
    """Read products directly and bring their listings up to date; pools that are not there any more are gone."""
    wanted = list(refs)
    try:
        for product_ref, listings in platform.read_products(wanted):
            apply_product(channel, product_ref, listings, now=now, is_complete=True)
    except UnreadableProducts as error:
        keep_unreadable(channel, error.problems, now=now)
    linking.match(channel=channel, now=now, product_refs=wanted)


def keep_unreadable(channel: Channel, problems: Mapping[str, str], *, now: datetime) -> None:
    """Keep on the listings of products that could not be read why: nothing is written to them until one is."""
    for product_ref, problem in sorted(problems.items()):
        Listing.objects.filter(channel=channel, product_ref=product_ref, state=Listing.State.ACTIVE).update_in_order(
            unwritable_reason=problem[:300], seen_at=now, check_due_at=now + READ_AGAIN_AFTER
        )


@transaction.atomic
def apply_product(
    channel: Channel, product_ref: str, reported: Sequence[ReportedListing], *, now: datetime, is_complete: bool
) -> int:
    """Bring one product's listings to what the platform reports and return how many are new.

    ``is_complete``: pools of the product that were not reported are gone. What a person decided about the mapping is
    not touched, nor is ``accounted``, unless the pool comes back from being unlimited or gone.
    """
    # A page that moved while it was read, or a plugin, may tell one pool twice.
    pools = {item.ref: item for item in reported}
    refs = list(pools)
    rows = Listing.objects.filter(Q(ref__in=refs) | Q(product_ref=product_ref), channel=channel)
    # Locked in the order that everyone locks listings in, whatever order the platform reports them in.
    known = {listing.ref: listing for listing in rows.order_by("pk").select_for_update(no_key=True)}
    new = 0
    for item in pools.values():
        listing = known.get(item.ref)
        if listing is None:
            listing = Listing(channel=channel, ref=item.ref)
            new += 1
        was_publishable = listing.is_publishable
        was_apart = listing.state == Listing.State.GONE or listing.tracked is False
        _describe(listing, item, now=now)
        if listing.pk is None:
            listing.save()
        else:
            listing.save(update_fields=_DESCRIBED)
        if listing.accounted is None and item.quantity is not None:
            # For people who map it. Once it is accounted for, only a reading between two polls means anything.
            Listing.objects.filter(pk=listing.pk, accounted=None).update(
                shown=item.quantity, shown_at=now, shown_version=None
            )
        _keep_variants(channel, listing, item)
        if was_apart and listing.tracked:
            # What happened to its number while it was apart nobody told us: it enters publishing anew.
            Listing.objects.filter(pk=listing.pk, accounted__isnull=False).update(
                accounted=None, accounted_version=F("accounted_version") + 1, drift=0, drift_since=None
            )
        if listing.is_publishable and not was_publishable:
            Listing.objects.wake([listing.pk], now=now)
    if is_complete:
        gone = Listing.objects.filter(channel=channel, product_ref=product_ref, state=Listing.State.ACTIVE)
        gone.exclude(ref__in=refs).update(state=Listing.State.GONE, due_at=None, check_due_at=None)
    return new


_DESCRIBED = [
    "product_ref",
    "title",
    "external_sku",
    "barcode",
    "url",
    "price",
    "enabled",
    "location_ref",
    "item_ref",
    "sells_below_zero",
    "state",
    "tracked",
    "unwritable_reason",
    "seen_at",
]


def _describe(listing: Listing, item: ReportedListing, *, now: datetime) -> None:
    listing.product_ref = item.product_ref
    listing.title = item.title[:500]
    listing.external_sku = item.sku[:255]
    listing.barcode = item.barcode[:64]
    listing.url = item.url[:500]
    listing.price = item.price
    listing.enabled = item.enabled
    listing.location_ref, listing.item_ref = item.location_ref, item.item_ref
    listing.sells_below_zero = item.sells_below_zero
    listing.state = Listing.State.ACTIVE
    if item.tracked is not None:
        listing.tracked = item.tracked
    listing.unwritable_reason = item.unwritable_reason[:300]
    listing.seen_at = now


def _keep_variants(channel: Channel, listing: Listing, item: ReportedListing) -> None:
    ListingVariant.objects.bulk_create(
        [
            ListingVariant(
                channel=channel,
                listing=listing,
                ref=variant.ref,
                number=variant.number,
                external_sku=variant.sku[:255],
                options=variant.options[:500],
                title=listing.title,
            )
            for variant in {variant.ref: variant for variant in item.variants}.values()
        ],
        update_conflicts=True,
        unique_fields=["channel", "ref"],
        update_fields=["listing", "number", "external_sku", "options", "title"],
    )
    listing.variants.exclude(ref__in=[variant.ref for variant in item.variants]).delete()
