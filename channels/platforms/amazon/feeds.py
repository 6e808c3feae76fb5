"""Waves of changes as one JSON_LISTINGS_FEED, and what became of them.

https://developer-docs.amazon.com/sp-api/docs/feeds-api-v2021-06-30-use-case-guide . A feed is worked on for minutes up
to hours, and tells which of its messages were refused; what was not is confirmed by reading, like any change.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from channels.contract import (
    BadPayload,
    ChannelError,
    NotListed,
    Outcome,
    OutcomeKind,
    QuantityChange,
    RateLimited,
    Rejected,
    Unreachable,
)
from channels.platforms.amazon import operations
from channels.platforms.amazon.answers import LONGEST_WORDS, decode
from channels.platforms.amazon.catalogue import content_of
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.items import in_searches, search
from channels.platforms.amazon.mapping import STOCK_ONLY, is_listed_in
from channels.platforms.amazon.values import Json, entries, iso, moment, section, text, whole
from channels.platforms.amazon.writes import (
    ANY_PRODUCT,
    Wanted,
    change_one_by_one,
    issues_in_words,
    not_sent,
    patch_of,
    weigh,
    work_out,
)

LISTINGS = "JSON_LISTINGS_FEED"
CONTENT_TYPE = "application/json; charset=UTF-8"
READING_SECONDS = 60.0  # of one wave; what was not read by then is left to the next
NOT_READ = "Not sent yet: it was not read in time for the feed."


def change_by_feed(client: AmazonClient, changes: Sequence[QuantityChange]) -> list[Outcome]:
    """Read what is live, hand one feed over and return one outcome per change, in order.

    Raises ChannelError only when nothing at all was applied.
    """
    worked_out = _read(client, changes)
    found = {ref: each for ref, each in worked_out.items() if isinstance(each, Outcome)}
    # A feed is of one marketplace; what stands only in others goes by itself with the next wave.
    planned = [worked_out.get(change.ref) for change in changes]
    wanted = [each for each in planned if isinstance(each, Wanted) and each.place == client.marketplace]
    if wanted:
        found |= _hand_over(client, wanted)
    left = [change for change in changes if change.ref not in found]
    elsewhere = [change for change in left if change.ref in worked_out]
    found |= {outcome.ref: outcome for outcome in _alone(client, elsewhere)}
    found |= {each.ref: each for each in not_sent([c for c in left if c.ref not in found], NOT_READ)}
    return [found[change.ref] for change in changes]


def _alone(client: AmazonClient, changes: Sequence[QuantityChange]) -> list[Outcome]:
    """Make the few changes that a feed can't take; what fails is left to the next wave."""
    try:
        return change_one_by_one(client, changes)
    except ChannelError as error:
        return not_sent(changes, str(error))


def _read(client: AmazonClient, changes: Sequence[QuantityChange]) -> dict[str, Wanted | Outcome]:
    """Work every change out from a reading: twenty at a time, and one by one what a search does not find."""
    place, by_ref = client.marketplace, {change.ref: change for change in changes}
    found: dict[str, Wanted | Outcome] = {}
    ends_at = time.monotonic() + READING_SECONDS
    for skus in in_searches(by_ref):
        if time.monotonic() > ends_at:
            break
        read_at = time.monotonic()
        for sku, item in search(client, skus, STOCK_ONLY, place=place).items():
            if sku in by_ref and is_listed_in(item, place):
                found[sku] = weigh(by_ref[sku], place, item, read_at=read_at)
    for sku, change in by_ref.items():
        if sku not in found and time.monotonic() < ends_at:
            found[sku] = work_out(client, change)
    return found


def document_of(seller_id: str, wanted: Sequence[Wanted]) -> Json:
    """Return the feed: one PATCH with ``merge`` per SKU, numbered from 1. Never UPDATE, PARTIAL_UPDATE or DELETE."""
    messages = [
        {
            "messageId": number,
            "sku": each.change.ref,
            "operationType": "PATCH",
            "productType": ANY_PRODUCT,
            "patches": [patch_of(each.quantity)],
        }
        for number, each in enumerate(wanted, start=1)
    ]
    return {"header": {"sellerId": seller_id, "version": "2.0", "issueLocale": "en_US"}, "messages": messages}


def _hand_over(client: AmazonClient, wanted: Sequence[Wanted]) -> dict[str, Outcome]:
    """Upload the document and create its feed; return the outcome of each change by ref."""
    document = _upload(client, document_of(client.seller_id, wanted))
    begun_at = datetime.now(UTC)
    body = {
        "feedType": LISTINGS,
        "marketplaceIds": [client.marketplace],
        "inputFeedDocumentId": document,
    }
    try:
        feed = text(client.call(operations.CREATE_FEED, body=body).get("feedId"))
    except Rejected as error:
        return {each.change.ref: _refused(each, str(error)) for each in wanted}
    except (Unreachable, BadPayload) as error:
        if isinstance(error, Unreachable) and not error.may_have_applied:
            raise
        feed = _made_since(client, begun_at)
        if not feed:
            return {each.change.ref: _unknown(each, str(error)) for each in wanted}
    if not feed:
        words = "Amazon took the feed but named no id."
        return {each.change.ref: _unknown(each, words) for each in wanted}
    return {
        each.change.ref: Outcome(
            ref=each.change.ref,
            kind=OutcomeKind.ACCEPTED,
            expected=each.quantity,
            applied=each.applied,
            ticket=f"{feed} {document}",
            receipt=f"In feed {feed}: {each.shown} becomes {each.quantity}.",
            window_seconds=each.window,
        )
        for each in wanted
    }


def _upload(client: AmazonClient, document: Json) -> str:
    """Return the id of the uploaded document. Raises ChannelError; an upload alone changes nothing."""
    try:
        made = client.call(operations.CREATE_FEED_DOCUMENT, body={"contentType": CONTENT_TYPE})
        ref, url = text(made.get("feedDocumentId")), text(made.get("url"))
        if not ref or not url:
            raise Unreachable("Amazon named no place for the feed's document.")
        client.upload(url, json.dumps(document).encode(), CONTENT_TYPE)
    except Unreachable as error:
        raise Unreachable(str(error), may_have_applied=False) from None
    return ref


def _made_since(client: AmazonClient, begun_at: datetime) -> str:
    """Return the feed that was created by a call nobody answered for; empty if none was, or nobody can say."""
    try:
        params: dict[str, str | int] = {
            "feedTypes": LISTINGS,
            "createdSince": iso(begun_at - timedelta(seconds=60)),
            "pageSize": 10,
        }
        found = entries(client.call(operations.GET_FEEDS, params=params).get("feeds"))
    except (RateLimited, Rejected, Unreachable, BadPayload):
        return ""
    # Told to the second; ours is the only one of this seller and app that may have come since.
    earliest = begun_at.replace(microsecond=0)
    ours = [feed for feed in found if (created := moment(feed.get("createdTime"))) and created >= earliest]
    return text(ours[0].get("feedId")) if len(ours) == 1 else ""


def _refused(wanted: Wanted, words: str) -> Outcome:
    return Outcome(ref=wanted.change.ref, kind=OutcomeKind.REJECTED, receipt=words)


def _unknown(wanted: Wanted, words: str) -> Outcome:
    return Outcome(ref=wanted.change.ref, kind=OutcomeKind.UNKNOWN, receipt=words, window_seconds=wanted.window)


def outcomes_of(client: AmazonClient, ticket: str) -> list[Outcome] | None:
    """Return what became of a feed's changes; None while it is being worked on.

    DONE does not mean that every message was accepted. What is not in the answer was accepted, and a reading shows when
    it is done. A feed that ended without a result may have been done in part: only readings can tell. Raises
    ChannelError; NotListed for an id that Amazon does not know.
    """
    feed, _, document_sent = ticket.partition(" ")
    if not feed.isalnum():
        raise NotListed("This is no feed of Amazon's.")
    found = client.call(operations.GET_FEED, feed=feed)
    status, document = text(found.get("processingStatus")), text(found.get("resultFeedDocumentId"))
    if status in {"IN_QUEUE", "IN_PROGRESS"}:
        return None
    if not document:
        words = f"The feed {feed} ended as {status[:20] or 'nothing'}, without a result."
        return [
            Outcome(ref=sku, kind=OutcomeKind.UNKNOWN, receipt=words) for sku in _skus(_fetch(client, document_sent))
        ]
    report = _fetch(client, document)
    if whole(section(report.get("summary")).get("messagesProcessed")) == 0:
        words = f"Amazon refused the feed as a whole: {issues_in_words(report)}"
        return [
            Outcome(ref=sku, kind=OutcomeKind.REJECTED, receipt=words) for sku in _skus(_fetch(client, document_sent))
        ]
    return refusals_of(report)


def _fetch(client: AmazonClient, document: str) -> Json:
    """Return a feed's document: its result, or what was sent. Raises ChannelError."""
    told = client.call(operations.GET_FEED_DOCUMENT, document=document)
    url = text(told.get("url"))
    if not url:
        raise BadPayload("Amazon named no address for the feed's document.")
    content = content_of(client.download(url), text(told.get("compressionAlgorithm")))
    try:
        return section(decode(content))
    except ValueError as error:
        raise Unreachable("The feed's document is broken or truncated.") from error


def _skus(document: Json) -> list[str]:
    return [sku for each in entries(document.get("messages")) if (sku := text(each.get("sku")))]


def refusals_of(report: Json) -> list[Outcome]:
    """Return one REJECTED outcome per SKU that the processing report has an error for, with Amazon's words."""
    words: dict[str, list[str]] = {}
    for issue in entries(report.get("issues")):
        sku = text(issue.get("sku"))
        if sku and issue.get("severity") == "ERROR":
            words.setdefault(sku, []).append(f"{text(issue.get('message'))} ({text(issue.get('code')) or 'no code'})")
    return [
        Outcome(ref=sku, kind=OutcomeKind.REJECTED, receipt=f"Amazon refused: {'; '.join(said)}"[:LONGEST_WORDS])
        for sku, said in words.items()
    ]
