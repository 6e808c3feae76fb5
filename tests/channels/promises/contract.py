"""The contract of a platform as tests: one class per concern, subclassed by every platform.

They say what the core relies on, whatever the platform: a delta applied to what is there, an outcome that is never
told better than it is known, an order that says what it holds.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partialmethod

import pytest
import requests

from channels import limiter
from channels.contract import (
    BadCredentials,
    BadPayload,
    BadSignature,
    ChannelError,
    EventKind,
    KnownLine,
    OrderSnapshot,
    Outcome,
    OutcomeKind,
    QuantityChange,
    RateLimited,
    ReportedListing,
    Unreachable,
)
from tests.channels.promises.shop import Shop

DONE = {OutcomeKind.APPLIED, OutcomeKind.ACCEPTED}
LONG_AGO = datetime.now(UTC) - timedelta(days=1)


def change(ref: str, accounted: int, target: int) -> QuantityChange:
    return QuantityChange(ref=ref, accounted=accounted, target=target, key=str(uuid.uuid4()))


def sent(shop: Shop, *changes: QuantityChange) -> list[OutcomeKind]:
    """Send the changes; a call that fails as a whole is the same outcome for each."""
    try:
        outcomes: Sequence[Outcome] = shop.platform.change_quantities(changes)
    except Unreachable as error:
        kind = OutcomeKind.UNKNOWN if error.may_have_applied else OutcomeKind.NOT_APPLIED
        return [kind] * len(changes)
    assert [outcome.ref for outcome in outcomes] == [wanted.ref for wanted in changes]
    return [outcome.kind for outcome in outcomes]


def whole_catalogue(shop: Shop) -> list[ReportedListing]:
    found: list[ReportedListing] = []
    cursor = ""
    for _ in range(50):
        page = shop.platform.catalog_page(cursor)
        assert page.problems == ()
        found += page.listings
        cursor = page.next_cursor
        if not cursor:
            return found
    raise AssertionError("The catalogue has no end.")


# What proxies, plugins and page builders send where JSON was due, and JSON that is not the answer.
ODD_BODIES = (
    "1.234,00 kr",
    '"1.234,00 kr"',
    "<html><body>Down for maintenance</body></html>",
    "",
    "null",
    "[]",
    "{}",
    '{"errors": 5, "data": 7}',
    '{"items": "1.234,00 kr", "orders": {}, "total": "many"}',
    "[[1], null, 7]",
    '{"data": {"orders": [], "nodes": {}}}',
)


def _answer(adapter: object, request: requests.PreparedRequest, *, body: str, **kwargs: object) -> requests.Response:
    response = requests.Response()
    response.status_code, response.reason, response.url = 200, "OK", request.url or ""
    response.headers["Content-Type"] = "text/html"
    response._content, response.request = body.encode(), request
    return response


def _fails_in_words(call: Callable[[], object]) -> bool:
    """Tell whether a call raises one of the contract's errors, with a sentence; any other exception is let through."""
    try:
        call()
    except ChannelError as error:
        return str(error).endswith((".", "!", "?", ")", "…"))
    return False


class PublishingContract:
    def test_a_change_is_applied_to_each_listing(self, promised: Shop) -> None:
        down, up = promised.add("DOWN-1", 5), promised.add("UP-1", 2)

        kinds = sent(promised, change(down, 5, 3), change(up, 2, 9))

        assert set(kinds) <= DONE
        assert (promised.shows(down), promised.shows(up)) == (3, 9)

    def test_a_sale_that_was_not_heard_of_is_not_pushed_over(self, promised: Shop) -> None:
        ref = promised.add("SOLD-1", 5)
        promised.buy(ref, 1)

        kinds = sent(promised, change(ref, 5, 3))

        assert set(kinds) <= DONE
        assert promised.shows(ref) == 2

    def test_nothing_is_raised_above_what_the_sales_leave(self, promised: Shop) -> None:
        ref = promised.add("RAISE-1", 5)
        promised.buy(ref, 2)

        sent(promised, change(ref, 5, 10))

        assert promised.shows(ref) == 8

    def test_a_listing_that_is_gone_does_not_stop_the_others(self, promised: Shop) -> None:
        gone, stays = promised.add("GONE-1", 5), promised.add("STAYS-1", 5)
        promised.remove(gone)

        kinds = sent(promised, change(gone, 5, 1), change(stays, 5, 4))

        assert kinds[0] in {OutcomeKind.GONE, OutcomeKind.REJECTED}
        assert kinds[1] in DONE
        assert promised.shows(stays) == 4

    def test_an_untracked_listing_is_never_written(self, promised: Shop) -> None:
        ref = promised.add_untracked("ENDLESS-1")

        assert sent(promised, change(ref, 0, 4)) == [OutcomeKind.REJECTED]
        assert promised.shows(ref) is None

    @pytest.mark.parametrize("fault", ["error_before", "error_after", "timeout_after", "html"])
    def test_an_outcome_is_never_told_better_than_it_is_known(self, promised: Shop, fault: str) -> None:
        ref = promised.add("FAULT-1", 5)
        promised.break_next(fault)

        [kind] = sent(promised, change(ref, 5, 3))

        shown = promised.shows(ref)
        assert shown in {3, 5}
        assert kind not in {OutcomeKind.REJECTED, OutcomeKind.GONE}
        assert not (kind in DONE and shown == 5)
        assert not (kind == OutcomeKind.NOT_APPLIED and shown == 3)


class ReadingContract:
    def test_the_catalogue_tells_every_listing_once(self, promised: Shop) -> None:
        refs = {promised.add(f"READ-{number}", number): number for number in range(7)}
        endless = promised.add_untracked("READ-ENDLESS")

        listings = {listing.ref: listing for listing in whole_catalogue(promised)}

        assert {ref: listings[ref].quantity for ref in refs} == refs
        assert all(listings[ref].tracked for ref in refs)
        assert (listings[endless].tracked, listings[endless].quantity) == (False, None)
        assert len({variant.ref for listing in listings.values() for variant in listing.variants}) == sum(
            len(listing.variants) for listing in listings.values()
        )

    def test_a_product_is_read_directly_as_it_is_now(self, promised: Shop) -> None:
        ref, gone = promised.add("NOW-1", 5), promised.add("NOW-2", 5)
        promised.set_by_hand(ref, 0)
        refs = [promised.product_ref(ref), promised.product_ref(gone)]
        promised.remove(gone)

        read = dict(promised.platform.read_products(refs))

        assert [(listing.ref, listing.quantity) for listing in read[refs[0]]] == [(ref, 0)]
        assert list(read[refs[1]]) == []


class OrdersContract:
    def test_an_order_says_what_it_holds_and_gives_it_back(self, promised: Shop) -> None:
        ref = promised.add("ORDER-1", 5)
        order_ref = promised.buy(ref, 2)

        [line] = self._snapshot(promised, order_ref, {}).lines
        known = {line.ref: KnownLine(ref=line.ref, ordered=line.ordered, sold=2, taken=2, is_held=line.is_held)}
        promised.cancel(order_ref)
        cancelled = self._snapshot(promised, order_ref, known)

        assert (line.ordered, line.sold, line.fulfilled, line.taken, line.problem) == (2, 2, 0, 2, "")
        assert [(line.sold, line.taken) for line in cancelled.lines] == [(0, 0)]
        assert promised.shows(ref) == 5

    def test_its_line_names_what_the_catalogue_offers(self, promised: Shop) -> None:
        ref = promised.add("ORDER-2", 5)
        [line] = self._snapshot(promised, promised.buy(ref, 1), {}).lines

        variants = {variant.ref: listing.ref for listing in whole_catalogue(promised) for variant in listing.variants}

        assert variants[line.variant_ref] == ref

    def test_seeing_an_order_again_changes_nothing(self, promised: Shop) -> None:
        order_ref = promised.buy(promised.add("ORDER-3", 5), 2)
        first = self._snapshot(promised, order_ref, {})
        known = {
            line.ref: KnownLine(
                ref=line.ref, ordered=line.ordered, sold=line.sold, taken=line.taken, is_held=line.is_held
            )
            for line in first.lines
        }

        assert self._snapshot(promised, order_ref, known) == first

    def test_the_poll_finds_every_order(self, promised: Shop) -> None:
        ref = promised.add("ORDER-4", 50)
        orders = {promised.buy(ref, 1) for _ in range(7)}

        pages = list(promised.platform.order_pages(since=LONG_AGO))

        assert orders <= {raw.ref for page in pages for raw in page}

    def test_polls_of_spans_that_meet_leave_nothing_out(self, promised: Shop) -> None:
        order_ref = promised.buy(promised.add("ORDER-7", 5), 1)
        raw = promised.platform.fetch_orders([order_ref])[order_ref]
        assert raw is not None
        assert raw.changed_at is not None
        before = raw.changed_at - timedelta(seconds=3)

        earlier = list(promised.platform.order_pages(since=LONG_AGO, until=before))
        pages = [
            *promised.platform.order_pages(since=before, until=raw.changed_at),
            *promised.platform.order_pages(since=raw.changed_at),
        ]

        assert order_ref not in {raw.ref for page in earlier for raw in page}
        assert order_ref in {raw.ref for page in pages for raw in page}

    def test_an_order_that_does_not_exist_is_none(self, promised: Shop) -> None:
        order_ref = promised.buy(promised.add("ORDER-5", 5), 1)
        unknown = "999" + order_ref[3:]

        assert promised.platform.fetch_orders([unknown])[unknown] is None

    def test_no_data_of_the_buyer_is_kept(self, promised: Shop) -> None:
        order_ref = promised.buy(promised.add("ORDER-6", 5), 1)

        raw = promised.platform.fetch_orders([order_ref])[order_ref]

        assert raw is not None
        assert not [word for word in ("email", "phone", "address", "firstname") if word in str(raw.payload).lower()]

    @staticmethod
    def _snapshot(shop: Shop, order_ref: str, known: dict[str, KnownLine]) -> OrderSnapshot:
        raw = shop.platform.fetch_orders([order_ref])[order_ref]
        assert raw is not None
        return shop.platform.snapshot(raw.payload, known)


class HearingContract:
    def test_a_sale_is_told_and_names_its_order(self, promised: Shop) -> None:
        order_ref = promised.buy(promised.add("HEAR-1", 5), 1)

        told = [event for event in promised.told() if event.kind == EventKind.ORDER]

        assert order_ref in {promised.platform.order_ref(event.ref) for event in told}


class WebhookContract(HearingContract):
    def test_a_webhook_that_was_tampered_with_is_refused(self, promised: Shop) -> None:
        promised.buy(promised.add("HOOK-1", 5), 1)
        headers, body = promised.webhooks()[-1]
        lower = {name.lower(): value for name, value in headers.items()}
        promised.platform.check_signature(lower, body)

        with pytest.raises(BadSignature):
            promised.platform.check_signature(lower, body.replace(b"1", b"2"))
        with pytest.raises(BadSignature):
            promised.platform.check_signature({}, body)

    def test_every_delivery_has_an_id_of_its_own(self, promised: Shop) -> None:
        ref = promised.add("HOOK-2", 9)
        promised.buy(ref, 1)
        promised.buy(ref, 1)

        ids = []
        for headers, body in promised.webhooks():
            lower = {name.lower(): value for name, value in headers.items()}
            delivery = promised.platform.read_delivery(lower, body)
            if not delivery.is_ping:
                ids.append(delivery.delivery_id)

        assert len(ids) >= 2
        assert len(set(ids)) == len(ids)

    def test_what_is_no_webhook_is_refused(self, promised: Shop) -> None:
        with pytest.raises(BadPayload):
            promised.platform.read_delivery({}, b"[")


class LimitsContract:
    def test_being_asked_to_wait_is_told_and_applies_nothing(self, promised: Shop) -> None:
        ref = promised.add("LIMIT-1", 5)
        promised.break_next("rate_limited")

        waits, kinds = 0.0, {OutcomeKind.NOT_APPLIED}
        try:
            kinds = set(sent(promised, change(ref, 5, 3)))
        except RateLimited as error:
            waits = error.wait_seconds

        # Either the core is told to wait, or the client has waited and gone on.
        assert (waits > 0) == (promised.shows(ref) == 5)
        assert waits > 0 or kinds <= DONE
        # Where calls rest, the channel's page says until when.
        assert (waits > 0) == (limiter.blocked_until(promised.platform.budget_keys()) is not None)


class ErrorsContract:
    def test_a_dead_access_says_reconnect_whatever_is_called(self, promised: Shop) -> None:
        ref = promised.add("DEAD-1", 5)
        promised.kill_access()

        with pytest.raises(BadCredentials) as refused:
            promised.platform.check_connection()
        with pytest.raises(BadCredentials):
            list(promised.platform.order_pages(since=LONG_AGO))
        with pytest.raises(BadCredentials):
            promised.platform.change_quantities([change(ref, 5, 3)])

        assert promised.shows(ref) == 5
        assert not [secret for secret in promised.secrets if secret in str(refused.value)]

    @pytest.mark.parametrize("fault", ["error_reads", "html"])
    def test_a_page_that_fails_can_be_read_later(self, promised: Shop, fault: str) -> None:
        ref = promised.add("LATER-1", 5)
        product_ref = promised.product_ref(ref)
        promised.break_next(fault)

        with pytest.raises(ChannelError) as failed:
            dict(promised.platform.read_products([product_ref]))

        assert failed.value.retryable
        assert [listing.ref for listing in dict(promised.platform.read_products([product_ref]))[product_ref]] == [ref]

    @pytest.mark.parametrize("body", ODD_BODIES)
    def test_an_answer_that_is_none_is_an_error_in_words_and_changes_nothing(
        self, promised: Shop, body: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ref = promised.add("ODD-1", 5)
        product_ref = promised.product_ref(ref)
        order_ref = promised.buy(ref, 1)
        platform = promised.platform
        calls: dict[str, Callable[[], object]] = {
            "check": platform.check_connection,
            "catalogue": lambda: platform.catalog_page(""),
            "products": lambda: dict(platform.read_products([product_ref])),
            "orders": lambda: list(platform.order_pages(since=LONG_AGO)),
            "order": lambda: platform.fetch_orders([order_ref]),
        }

        with monkeypatch.context() as patched:
            patched.setattr(requests.adapters.HTTPAdapter, "send", partialmethod(_answer, body=body))
            taken = [name for name, call in calls.items() if not _fails_in_words(call)]
            kinds = set(sent(promised, change(ref, 4, 3)))

        # Where a platform answers with a list, a list of nothing or of anything is one; it is no proof of absence.
        assert set(taken) <= ({"catalogue", "orders"} if body.startswith("[") else set())
        assert kinds <= {OutcomeKind.UNKNOWN, OutcomeKind.NOT_APPLIED, OutcomeKind.REJECTED}
        assert promised.shows(ref) == 4

    def test_no_secret_is_in_what_is_printed(self, promised: Shop) -> None:
        printed = repr(promised.platform) + repr(vars(promised.platform))

        assert not [secret for secret in promised.secrets if secret in printed]
