"""Writing quantities: nothing but the quantity changes, and never of what Amazon ships."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.contract import BadCredentials, OutcomeKind, RateLimited, Unreachable
from channels.platforms.amazon import mapping, writes
from channels.platforms.amazon.platform import AmazonPlatform
from sandbox.amazon import AmazonSimulator
from tests.amazon_models import definition, needs_models
from tests.channels.amazon.conftest import Opener, change
from tests.sandbox.amazon.world import Clock

UK = "A1F83G8C2ARO7P"


def patches(sim: AmazonSimulator) -> list[Any]:
    return [json.loads(call.body) for call in sim.requests if call.method == "PATCH"]


def days(sim: AmazonSimulator, sku: str) -> int | None:
    record = sim.item(sku).merchant
    return record.lead_time_to_ship_max_days if record else None


def test_handling_time_and_restock_date_survive(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.add_item("TEE", quantity=5, lead_days=4)
    before = sim.item("TEE").merchant
    assert before is not None
    before.restock_date = "2026-12-24"

    [outcome] = platform.change_quantities([change("TEE", 5, 3)])

    record = sim.item("TEE").merchant
    assert record is not None
    assert (record.quantity, record.lead_time_to_ship_max_days, record.restock_date) == (3, 4, "2026-12-24")
    assert (outcome.kind, outcome.expected, outcome.applied) == (OutcomeKind.ACCEPTED, 3, None)
    assert outcome.window_seconds is not None
    assert 0 < outcome.window_seconds < 5


def test_what_goes_out_is_a_merge_of_one_quantity(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.add_item("TEE", quantity=5)

    platform.change_quantities([change("TEE", 5, 3)])

    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}]
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": value}
    assert patches(sim) == [{"productType": "PRODUCT", "patches": [patch]}]


@needs_models
@pytest.mark.parametrize("quantity", [0, 7, 10**9])
def test_the_body_is_what_the_model_wants(quantity: int) -> None:
    body = {"productType": writes.ANY_PRODUCT, "patches": [writes.patch_of(quantity)]}

    definition("listingsItems_2021-08-01", "ListingsItemPatchRequest").validate(body)


def test_a_listing_that_was_handed_to_amazon_since_is_not_written(
    sim: AmazonSimulator, platform: AmazonPlatform
) -> None:
    sim.add_item("TEE", quantity=5)
    sim.add_item("CAP", quantity=5)
    sim.convert("TEE", to_amazon=True, units=5)

    tee, cap = platform.change_quantities([change("TEE", 5, 3), change("CAP", 5, 3)])

    assert (tee.kind, tee.receipt) == (OutcomeKind.REJECTED, mapping.BY_AMAZON)
    assert cap.kind is OutcomeKind.ACCEPTED
    assert list(sim.item("TEE").records) == ["AMAZON_EU"]
    assert len(patches(sim)) == 1


def test_a_change_is_made_to_what_is_there(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.add_item("DOWN", quantity=1)
    sim.add_item("OUT", quantity=0)
    sim.add_item("UP", quantity=4)

    down, out, up, none = platform.change_quantities(
        [change("DOWN", 6, 3), change("OUT", 6, 3), change("UP", 6, 10), change("UP", 6, 6)]
    )

    assert [sim.quantity_of(sku) for sku in ("DOWN", "OUT", "UP")] == [0, 0, 8]
    assert (down.expected, up.expected) == (0, 8)
    assert (out.kind, out.applied) == (OutcomeKind.APPLIED, 0)
    assert (none.kind, none.receipt) == (OutcomeKind.APPLIED, "Nothing to change.")


def test_refusals_are_told_in_amazons_words(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.add_item("TEE", quantity=5)
    sim.faults.set("invalid", next=1)

    invalid, gone = platform.change_quantities([change("TEE", 5, 3), change("GONE", 5, 3)])

    assert invalid.kind is OutcomeKind.REJECTED
    assert invalid.receipt == "Amazon refused: 'size' is required but not supplied. (90220)"
    assert gone.kind is OutcomeKind.GONE


def test_a_sku_of_another_marketplace_is_patched_there(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.add_item("UK/ONLY, +1", quantity=5, marketplaces=[UK])

    [outcome] = platform.change_quantities([change("UK/ONLY, +1", 5, 3)])

    assert (outcome.kind, sim.quantity_of("UK/ONLY, +1")) == (OutcomeKind.ACCEPTED, 3)
    assert sim.requests[-1].query["marketplaceIds"] == UK


@pytest.mark.parametrize("fault", ["error_before", "error_after", "timeout_after"])
def test_a_write_that_nobody_answered_for_is_looked_at_and_sent_once_more(
    sim: AmazonSimulator, platform: AmazonPlatform, fault: str
) -> None:
    sim.add_item("TEE", quantity=5, lead_days=4)
    sim.faults.set(fault, next=1, seconds=0.0)

    [outcome] = platform.change_quantities([change("TEE", 5, 3)])

    assert (outcome.kind, outcome.expected) == (OutcomeKind.ACCEPTED, 3)
    assert (sim.quantity_of("TEE"), days(sim, "TEE")) == (3, 4)


def test_it_stays_unknown_when_something_else_shows(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.options.accept_seconds = 60.0
    sim.add_item("TEE", quantity=5)
    sim.faults.set("timeout_after", next=1, seconds=0.0)
    wanted = writes.work_out(platform._client, change("TEE", 5, 3))
    assert isinstance(wanted, writes.Wanted)
    unknown = writes._submit(platform._client, wanted)
    sim.buy("TEE")

    seen = writes._after_unknown(platform._client, wanted, unknown)

    assert unknown.kind is OutcomeKind.UNKNOWN
    assert seen is unknown


def test_a_lasting_failure_is_unknown_and_stops_the_wave(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    for number in range(4):
        sim.add_item(f"S{number}", quantity=5)
    sim.faults.set("error_before", probability=1)

    outcomes = platform.change_quantities([change(f"S{number}", 5, 3) for number in range(4)])

    kinds = [outcome.kind for outcome in outcomes]
    assert kinds == [OutcomeKind.UNKNOWN] * 2 + [OutcomeKind.NOT_APPLIED] * 2
    assert len(patches(sim)) == 2 * (1 + writes.REPEATS)


def test_what_fails_before_anything_was_written_is_raised(
    sim: AmazonSimulator, platform: AmazonPlatform, open_platform: Opener
) -> None:
    sim.add_item("TEE", quantity=5)
    sim.faults.set("error_reads", next=1)
    with pytest.raises(Unreachable) as failed:
        platform.change_quantities([change("TEE", 5, 3)])
    sim.quotas.change("patchListingsItem", 0.001, 1)
    platform.change_quantities([change("TEE", 5, 4)])
    with pytest.raises(RateLimited) as limited:
        platform.change_quantities([change("TEE", 4, 3)])
    sim.access.authorise(same=True, roles=())
    with pytest.raises(BadCredentials, match="Product Listing"):
        open_platform().change_quantities([change("TEE", 4, 3)])

    assert not failed.value.may_have_applied
    assert limited.value.wait_seconds > 30
    assert sim.quantity_of("TEE") == 4


def test_a_later_failure_leaves_the_rest_for_later(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    for number in range(3):
        sim.add_item(f"S{number}", quantity=5)
    sim.quotas.change("patchListingsItem", 0.001, 1)

    outcomes = platform.change_quantities([change(f"S{number}", 5, 3) for number in range(3)])

    kinds = [outcome.kind for outcome in outcomes]
    assert kinds == [OutcomeKind.ACCEPTED, OutcomeKind.NOT_APPLIED, OutcomeKind.NOT_APPLIED]
    assert outcomes[2].receipt == writes.NOT_SENT


def test_a_wave_ends_when_its_time_is_up(
    sim: AmazonSimulator, platform: AmazonPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim.add_item("TEE", quantity=5)
    monkeypatch.setattr(writes, "BUDGET_SECONDS", -1.0)

    [outcome] = platform.change_quantities([change("TEE", 5, 3)])

    assert (outcome.kind, outcome.receipt) == (OutcomeKind.NOT_APPLIED, writes.NO_TIME)


# Feeds --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def by_feed(open_platform: Opener) -> AmazonPlatform:
    """A client that makes a feed of three changes or more."""
    return open_platform(options={"feed_from": "3"})


def test_a_wave_goes_as_one_feed_and_keeps_handling_times(
    sim: AmazonSimulator, by_feed: AmazonPlatform, clock: Clock
) -> None:
    sim.options.feed_seconds = 60.0
    for number in range(1, 5):
        sim.add_item(f"S{number}", quantity=10, lead_days=number)
    sim.add_item("LAMP", held=5)

    wave = [change(f"S{number}", 10, 10 - number) for number in range(1, 5)]
    outcomes = by_feed.change_quantities([*wave, change("LAMP", 3, 1), change("GONE", 3, 1)])
    [ticket] = {outcome.ticket for outcome in outcomes[:4]}
    at_work = by_feed.ticket_outcomes(ticket)
    clock.skip(61)
    done = by_feed.ticket_outcomes(ticket)

    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 4 + [
        OutcomeKind.REJECTED,
        OutcomeKind.GONE,
    ]
    assert [outcome.expected for outcome in outcomes[:4]] == [9, 8, 7, 6]
    assert (at_work, done) == (None, [])
    assert [(sim.quantity_of(f"S{number}"), days(sim, f"S{number}")) for number in range(1, 5)] == [
        (9, 1),
        (8, 2),
        (7, 3),
        (6, 4),
    ]
    assert patches(sim) == []


def test_what_a_feed_refuses_is_told_of_each_sku(sim: AmazonSimulator, by_feed: AmazonPlatform) -> None:
    for number in range(4):
        sim.add_item(f"S{number}", quantity=10)
    sim.faults.set("invalid", next=2)

    outcomes = by_feed.change_quantities([change(f"S{number}", 10, 8) for number in range(4)])
    told = by_feed.ticket_outcomes(outcomes[0].ticket)

    assert told is not None
    assert [(each.ref, each.kind) for each in told] == [("S0", OutcomeKind.REJECTED), ("S1", OutcomeKind.REJECTED)]
    assert told[0].receipt == "Amazon refused: '[size]' is required but not supplied. (90220)"
    assert [sim.quantity_of(f"S{number}") for number in range(4)] == [10, 10, 8, 8]


def test_a_feed_without_a_result_leaves_everything_unknown(sim: AmazonSimulator, by_feed: AmazonPlatform) -> None:
    for number in range(3):
        sim.add_item(f"S{number}", quantity=10)
    sim.faults.set("feed_fatal", next=1)

    outcomes = by_feed.change_quantities([change(f"S{number}", 10, 8) for number in range(3)])
    told = by_feed.ticket_outcomes(outcomes[0].ticket)

    assert told is not None
    assert {each.ref: each.kind for each in told} == {f"S{number}": OutcomeKind.UNKNOWN for number in range(3)}


def test_what_sells_out_does_not_wait_for_the_feed(sim: AmazonSimulator, by_feed: AmazonPlatform) -> None:
    sim.options.feed_seconds = 600.0
    for number in range(4):
        sim.add_item(f"S{number}", quantity=10)

    outcomes = by_feed.change_quantities([change(f"S{number}", 10, number) for number in range(4)])

    assert [bool(outcome.ticket) for outcome in outcomes] == [False, True, True, True]
    assert sim.quantity_of("S0") == 0


@pytest.mark.parametrize("fault", ["error_after", "timeout_after"])
def test_a_feed_that_nobody_answered_for_is_found(
    sim: AmazonSimulator, by_feed: AmazonPlatform, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    for number in range(3):
        sim.add_item(f"S{number}", quantity=10)
    upload = by_feed._client.upload

    def break_what_follows(url: str, content: bytes, content_type: str) -> None:
        upload(url, content, content_type)
        sim.faults.set(fault, next=1, seconds=0.0)

    monkeypatch.setattr(by_feed._client, "upload", break_what_follows)

    outcomes = by_feed.change_quantities([change(f"S{number}", 10, 8) for number in range(3)])

    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}
    assert by_feed.ticket_outcomes(outcomes[0].ticket) == []


def test_a_feed_that_may_not_be_made_now_applies_nothing(sim: AmazonSimulator, by_feed: AmazonPlatform) -> None:
    for number in range(3):
        sim.add_item(f"S{number}", quantity=10)
    sim.quotas.change("createFeed", 0.0083, 0)

    with pytest.raises(RateLimited):
        by_feed.change_quantities([change(f"S{number}", 10, 8) for number in range(3)])

    assert sim.quantity_of("S0") == 10
