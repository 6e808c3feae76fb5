"""Deltas against a running store: what became of each."""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from channels.contract import (
    BadCredentials,
    NotListed,
    Outcome,
    OutcomeKind,
    QuantityChange,
    RateLimited,
    Rejected,
    StoreRefused,
    Unreachable,
)
from channels.platforms.ecwid import client as client_module
from channels.platforms.ecwid.batch import BatchRunner, deduplication_key, results_of
from channels.platforms.ecwid.client import EcwidClient
from channels.platforms.ecwid.platform import EcwidPlatform
from sandbox.ecwid import EcwidSimulator
from tests.channels.ecwid.conftest import STORE_ID, Canned, Opener


def change(ref: str, delta: int, *, accounted: int = 10) -> QuantityChange:
    return QuantityChange(
        ref=ref, accounted=accounted, target=accounted + delta, key=str(uuid.uuid5(uuid.NAMESPACE_URL, ref))
    )


def kinds(outcomes: Any) -> list[str]:
    return [outcome.kind.value for outcome in outcomes]


def puts(shop: EcwidSimulator) -> list[str]:
    return [call.path for call in shop.requests if call.method == "PUT" and not call.batched]


@pytest.fixture
def stocked(shop: EcwidSimulator) -> EcwidSimulator:
    shop.add_product(id=1, sku="A", quantity=10)
    shop.add_product(
        id=2,
        sku="B",
        quantity=10,
        variations=[
            {"id": 21, "sku": "B-S", "options": {"Size": "S"}, "quantity": 10},
            {"id": 22, "options": {"Size": "M"}},
        ],
    )
    shop.add_product(id=3, sku="C", unlimited=True)
    return shop


def test_products_and_variations_move_by_their_deltas(stocked: EcwidSimulator, platform: EcwidPlatform) -> None:
    outcomes = platform.change_quantities([change("p1", -3), change("p2-c21", 4)])

    assert outcomes == [
        Outcome(ref="p1", kind=OutcomeKind.APPLIED, receipt="updateCount 1"),
        Outcome(ref="p2-c21", kind=OutcomeKind.APPLIED, receipt="updateCount 1"),
    ]
    assert (stocked.quantity(1), stocked.quantity(2, 21), stocked.quantity(2)) == (7, 14, 10)


def test_a_sale_that_we_have_not_heard_of_is_not_overwritten(stocked: EcwidSimulator, platform: EcwidPlatform) -> None:
    stocked.buy(1, quantity=4)

    platform.change_quantities([change("p1", -5)])

    assert stocked.quantity(1) == 1


def test_the_warning_of_an_oversell_is_in_the_receipt(stocked: EcwidSimulator, platform: EcwidPlatform) -> None:
    [outcome] = platform.change_quantities([change("p1", -15, accounted=15)])

    assert (outcome.kind, outcome.receipt) == (OutcomeKind.APPLIED, "Product has negative stock.")
    assert stocked.quantity(1) == -5


def test_each_refusal_is_its_own_outcome_and_the_others_go_on(stocked: EcwidSimulator, platform: EcwidPlatform) -> None:
    outcomes = platform.change_quantities(
        [change("p3", 1), change("p9", 1), change("p2-c99", 1), change("p2-c22", 1), change("x", 1), change("p1", 1)]
    )

    assert kinds(outcomes) == ["rejected", "gone", "gone", "rejected", "gone", "applied"]
    assert outcomes[0].receipt.startswith("Ecwid left the stock unchanged (updateCount 0)")
    assert (
        outcomes[3].receipt == "Ecwid refused: Combination has no own SKU: its stock is that of the base product (400)."
    )
    assert stocked.quantity(1) == 11


def test_nothing_is_sent_for_a_change_of_nothing_or_of_too_much(
    stocked: EcwidSimulator, platform: EcwidPlatform
) -> None:
    assert kinds(platform.change_quantities([change("p1", 0), change("p1", 10**9 + 1)])) == ["applied", "rejected"]
    assert puts(stocked) == []


def test_nothing_to_change_is_no_call(stocked: EcwidSimulator, platform: EcwidPlatform) -> None:
    assert list(platform.change_quantities([])) == []
    assert stocked.requests == []


@pytest.mark.parametrize(
    ("fault", "left"),
    [("error_before", 10), ("error_after", 7), ("timeout_after", 7), ("html", 10), ("empty", 10)],
)
def test_an_answer_that_tells_nothing_is_unknown_and_not_repeated(
    stocked: EcwidSimulator, platform: EcwidPlatform, fault: str, left: int
) -> None:
    stocked.faults.set(fault, next=1, seconds=0)

    [outcome] = platform.change_quantities([change("p1", -3)])

    assert outcome.kind is OutcomeKind.UNKNOWN
    assert stocked.quantity(1) == left
    assert len(stocked.requests) == 1


def test_a_read_time_out_is_unknown(
    stocked: EcwidSimulator, platform: EcwidPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "READ_SECONDS", 0.2)
    stocked.faults.set("timeout_after", next=1, seconds=1)

    [outcome] = platform.change_quantities([change("p1", -3)])

    assert outcome.kind is OutcomeKind.UNKNOWN
    assert outcome.receipt.startswith("Ecwid did not answer within")
    assert stocked.quantity(1) == 7


def test_two_unknown_outcomes_in_a_row_end_the_wave(stocked: EcwidSimulator, platform: EcwidPlatform) -> None:
    stocked.faults.set("error_after", next=5)

    outcomes = platform.change_quantities([change("p1", 1), change("p2", 1), change("p2-c21", 1), change("p1", 1)])

    assert kinds(outcomes) == ["unknown", "unknown", "not-applied", "not-applied"]
    assert len(puts(stocked)) == 2


def test_a_first_429_is_raised_and_stops_every_client_of_the_token(
    stocked: EcwidSimulator, platform: EcwidPlatform, open_platform: Opener
) -> None:
    stocked.faults.set("rate_limited", next=1, seconds=60)

    with pytest.raises(RateLimited) as raised:
        platform.change_quantities([change("p1", 1)])
    calls = len(stocked.requests)
    with pytest.raises(RateLimited):
        open_platform(stocked.base_url).change_quantities([change("p1", 1)])

    assert raised.value.wait_seconds == 60
    assert len(stocked.requests) == calls
    assert stocked.quantity(1) == 10


@pytest.mark.parametrize(("fault", "error"), [("rate_limited", RateLimited), ("plan_402", StoreRefused)])
def test_a_refusal_of_the_store_is_raised_first_and_noted_later(
    stocked: EcwidSimulator, platform: EcwidPlatform, fault: str, error: type[Exception]
) -> None:
    stocked.faults.set(fault, next=1, seconds=1)

    with pytest.raises(error):
        platform.change_quantities([change("p1", 1)])

    assert stocked.quantity(1) == 10


def test_a_refusal_in_the_middle_leaves_the_rest_unapplied(canned: Canned, open_platform: Opener) -> None:
    canned.say({"updateCount": 1})
    canned.say({"errorCode": "INVALID_API_TOKEN"}, 403)

    outcomes = open_platform(canned.base_url).change_quantities([change("p1", 1), change("p2", 1), change("p3", 1)])

    assert kinds(outcomes) == ["applied", "not-applied", "not-applied"]
    assert len(canned.seen) == 2


def test_a_dead_token_stops_everything(stocked: EcwidSimulator, platform: EcwidPlatform) -> None:
    stocked.access.expire()

    with pytest.raises(BadCredentials, match="Reconnect the store"):
        platform.change_quantities([change("p1", 1)])

    assert len(stocked.requests) == 1


@pytest.mark.parametrize("token", ["", "with space", "line\nbreak", "schlüssel"])
def test_a_token_that_can_be_none_is_not_sent(stocked: EcwidSimulator, open_platform: Opener, token: str) -> None:
    with pytest.raises(BadCredentials):
        open_platform(stocked.base_url, token=token).change_quantities([change("p1", 1)])

    assert stocked.requests == []


def test_a_refused_connection_applied_nothing(open_platform: Opener) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(Unreachable) as raised:
        open_platform(f"http://127.0.0.1:{port}").change_quantities([change("p1", 1)])

    assert raised.value.may_have_applied is False


@pytest.mark.parametrize("base_url", ["nonsense", "ftp://example.com", "http://"])
def test_an_address_that_is_none_applied_nothing(open_platform: Opener, base_url: str) -> None:
    with pytest.raises(Unreachable) as raised:
        open_platform(base_url).change_quantities([change("p1", 1)])

    assert raised.value.may_have_applied is False


def test_a_redirect_is_not_followed(canned: Canned, open_platform: Opener) -> None:
    canned.say({}, 302, Location=f"{canned.base_url}/elsewhere")

    with pytest.raises(Unreachable, match="redirect") as raised:
        open_platform(canned.base_url).change_quantities([change("p1", 1)])

    assert raised.value.may_have_applied is False
    assert [path for _, path, _, _ in canned.seen] == [f"/api/v3/{STORE_ID}/products/1/inventory"]


def test_a_body_cut_short_is_unknown(canned: Canned, open_platform: Opener) -> None:
    canned.say(b'{"updateCount"', Content_Length="40")

    [outcome] = open_platform(canned.base_url).change_quantities([change("p1", 1)])

    assert outcome.kind is OutcomeKind.UNKNOWN


@pytest.mark.parametrize("reply", [{}, [], 5, {"updateCount": True}, {"updateCount": "1"}])
def test_a_reply_without_a_count_is_unknown(canned: Canned, open_platform: Opener, reply: object) -> None:
    canned.say(reply)

    [outcome] = open_platform(canned.base_url).change_quantities([change("p1", 1)])

    assert outcome.kind is OutcomeKind.UNKNOWN


def test_the_call_carries_the_token_in_a_header_and_nowhere_else(canned: Canned, open_platform: Opener) -> None:
    canned.say({"updateCount": 1})

    open_platform(f"{canned.base_url}/api/v3/").change_quantities([change("p1-c2", -4)])

    [(method, path, headers, body)] = canned.seen
    assert (method, path) == ("PUT", f"/api/v3/{STORE_ID}/products/1/combinations/2/inventory")
    assert (headers["Authorization"], headers["Accept-Encoding"]) == ("Bearer secret_sandbox", "gzip")
    assert json.loads(body) == {"quantityDelta": -4}


# Waves


def wave(count: int = 10) -> list[QuantityChange]:
    return [change(f"p{number}", -2) for number in range(1, count + 1)]


@pytest.fixture
def many(shop: EcwidSimulator) -> EcwidSimulator:
    for number in range(1, 11):
        shop.add_product(id=number, sku=f"S{number}", quantity=10)
    return shop


@pytest.fixture
def run(transactional_db: None) -> Callable[..., Any]:
    """Run a wave against a store; waits are shortened."""

    def run_(base_url: str, changes: list[QuantityChange], **fields: Any) -> list[Outcome]:
        client = EcwidClient(base_url=base_url, store_id=str(STORE_ID), token="secret_sandbox")
        try:
            fields.setdefault("sleep", lambda seconds: time.sleep(seconds / 50))
            return BatchRunner(client=client, **fields).run(changes)
        finally:
            client.close()

    return run_


def batches(shop: EcwidSimulator) -> int:
    return sum(call.method == "POST" and call.path.endswith("/batch") for call in shop.requests)


def test_a_wave_goes_out_as_one_batch(many: EcwidSimulator, platform: EcwidPlatform) -> None:
    outcomes = platform.change_quantities(wave())

    assert kinds(outcomes) == ["applied"] * 10
    assert [many.quantity(number) for number in range(1, 11)] == [8] * 10
    assert (batches(many), puts(many)) == (1, [])
    assert platform.has_writes_under_way() is False


def test_a_refused_entry_does_not_keep_those_behind_it_waiting(many: EcwidSimulator, run: Callable[..., Any]) -> None:
    many.delete_product(4)
    many.set_unlimited(6, unlimited=True)

    outcomes = run(many.base_url, wave())

    assert kinds(outcomes) == ["applied"] * 3 + ["gone", "applied", "rejected"] + ["applied"] * 4
    assert many.quantity(10) == 8
    assert batches(many) == 2


def test_a_5xx_entry_is_unknown_and_is_not_repeated_behind_our_back(
    many: EcwidSimulator, run: Callable[..., Any]
) -> None:
    many.store.options.batch_queued_seconds = 0.5

    def sleep_once_it_is_accepted(seconds: float) -> None:
        if not many.faults.struck["error_after"]:
            many.faults.set("error_after", next=1)
        time.sleep(seconds / 10)

    outcomes = run(many.base_url, wave(), sleep=sleep_once_it_is_accepted)

    unknown = [number for number, outcome in enumerate(outcomes, start=1) if outcome.kind is OutcomeKind.UNKNOWN]
    applied = [number for number in range(1, 11) if many.quantity(number) == 8]
    assert all(many.quantity(number) in (8, 10) for number in range(1, 11))
    assert len(unknown) == 1
    assert set(unknown) <= set(applied)
    for number, outcome in enumerate(outcomes, start=1):
        if outcome.kind is OutcomeKind.APPLIED:
            assert number in applied
        if outcome.kind is OutcomeKind.NOT_APPLIED:
            assert number not in applied


@pytest.mark.parametrize("fault", ["html", "empty"])
def test_a_hand_over_without_an_answer_is_repeated_under_the_same_key(
    many: EcwidSimulator, run: Callable[..., Any], fault: str
) -> None:
    many.faults.set(fault, next=2)

    outcomes = run(many.base_url, wave())

    assert kinds(outcomes) == ["applied"] * 10
    assert [many.quantity(number) for number in range(1, 11)] == [8] * 10


def test_a_repeated_hand_over_carries_the_first_ones_key(canned: Canned, run: Callable[..., Any]) -> None:
    canned.say(b"")

    outcomes = run(canned.base_url, wave())

    assert set(kinds(outcomes)) == {"unknown"}
    keys = {path.split("deduplicationKey=")[1] for _, path, _, _ in canned.seen}
    assert (len(canned.seen), keys) == (3, {deduplication_key(wave())})
    assert all("stopOnFirstFailure=true" in path for _, path, _, _ in canned.seen)


def test_a_batch_that_never_ends_is_unknown(canned: Canned, run: Callable[..., Any]) -> None:
    canned.say({"ticket": "t-1"})
    canned.say({"status": "IN_PROGRESS", "responses": [{"id": "0", "status": "COMPLETED", "httpStatusCode": 200,
                                                        "httpBody": {"updateCount": 1}}]})  # fmt: skip

    outcomes = run(canned.base_url, wave(8))

    assert kinds(outcomes) == ["applied"] + ["unknown"] * 7
    assert outcomes[1].receipt == "Ecwid has told no result yet (the batch is IN_PROGRESS)."


def test_a_ticket_that_is_lost_is_unknown(canned: Canned, run: Callable[..., Any]) -> None:
    canned.say({"ticket": "t-1"})
    canned.say({"errorMessage": "Batch t-1 is not found"}, 404)

    assert set(kinds(run(canned.base_url, wave()))) == {"unknown"}
    assert len(canned.seen) == 2


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimited), (403, BadCredentials), (402, StoreRefused), (302, Unreachable)]
)
def test_a_hand_over_that_is_refused_is_raised(
    canned: Canned, run: Callable[..., Any], status: int, error: type[Exception]
) -> None:
    canned.say({}, status)

    with pytest.raises(error):
        run(canned.base_url, wave())

    assert len(canned.seen) == 1


def test_after_an_unknown_hand_over_a_refusal_is_not_proof(canned: Canned, run: Callable[..., Any]) -> None:
    canned.say({}, 500)
    canned.say({}, 402)

    assert set(kinds(run(canned.base_url, wave()))) == {"unknown"}


def test_a_store_without_batches_gets_single_calls(canned: Canned, run: Callable[..., Any]) -> None:
    canned.say({}, 405)
    canned.say({"updateCount": 1})

    assert kinds(run(canned.base_url, wave())) == ["applied"] * 10
    assert [method for method, _, _, _ in canned.seen] == ["POST"] + ["PUT"] * 10


def test_after_a_batch_that_was_not_seen_through_the_next_is_not_sent(canned: Canned, run: Callable[..., Any]) -> None:
    canned.say({"ticket": "t-1"})
    canned.say({"errorMessage": "gone"}, 404)

    outcomes = run(canned.base_url, wave(), chunk=4)

    assert kinds(outcomes) == ["unknown"] * 4 + ["not-applied"] * 6
    assert len(canned.seen) == 2


def test_every_kind_of_entry_is_read(payload: Callable[[str], Any]) -> None:
    sent = {str(at): change(f"p{at + 1}", 1) for at in range(9)}

    found = results_of(payload("batch-result"), sent)

    assert kinds(found.values()) == [
        "applied", "rejected", "gone", "rejected", "unknown", "unknown", "not-applied", "not-applied", "unknown"
    ]  # fmt: skip
    assert found["0"].receipt == "Product has negative stock."
    assert found["3"].receipt == "Ecwid refused: No SKU of its own (400)."


@pytest.mark.parametrize("state", [{}, {"responses": None}, {"responses": [None, {"id": 5}, {"id": "0"}]}])
def test_a_state_that_tells_nothing_is_unknown(state: dict[str, Any]) -> None:
    assert kinds(results_of(state, {"0": change("p1", 1)}).values()) == ["unknown"]


def test_the_key_is_that_of_the_changes() -> None:
    assert deduplication_key(wave()) == deduplication_key(wave())
    assert deduplication_key(wave()) != deduplication_key(wave(9))
    assert deduplication_key(wave(1)) != deduplication_key([replace(wave(1)[0], target=3)])


@pytest.mark.parametrize(("queued", "running", "expected"), [(0, 0, False), (1, 0, True), (0, 1, True)])
def test_batches_that_have_yet_to_run_are_seen(
    canned: Canned, open_platform: Opener, queued: int, running: int, expected: bool
) -> None:
    for total in (queued, running):
        canned.say({"total": total, "items": [{}] * total})

    assert open_platform(canned.base_url).has_writes_under_way() is expected


# The one absolute write


def test_tracking_starts_and_the_reading_tells(stocked: EcwidSimulator, platform: EcwidPlatform) -> None:
    pool = platform.start_tracking("p3", 12)

    assert (pool.ref, pool.tracked, pool.quantity) == ("p3", True, 12)
    assert stocked.quantity(3) == 12


@pytest.mark.parametrize(
    ("fault", "tracked"), [("error_before", False), ("error_after", True), ("timeout_after", True)]
)
def test_the_reading_decides_whatever_became_of_the_call(
    stocked: EcwidSimulator, platform: EcwidPlatform, fault: str, tracked: bool
) -> None:
    stocked.faults.set(fault, next=1, seconds=0)

    assert platform.start_tracking("p3", 12).tracked is tracked


@pytest.mark.parametrize(
    ("ref", "quantity", "error"),
    [("p1", 5, Rejected), ("p3", -1, Rejected), ("p3", 10**9 + 1, Rejected), ("p9", 1, NotListed),
     ("p2-c22", 1, NotListed), ("x", 1, NotListed)],
)  # fmt: skip
def test_no_absolute_number_is_written_where_it_could_erase_a_sale(
    stocked: EcwidSimulator, platform: EcwidPlatform, ref: str, quantity: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        platform.start_tracking(ref, quantity)

    assert puts(stocked) == []
