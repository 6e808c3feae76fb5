"""Typed errors out of whatever answers."""

from __future__ import annotations

import json

import pytest

from channels.contract import (
    BadCredentials,
    ChannelError,
    NotListed,
    RateLimited,
    Rejected,
    StoreMoved,
    StoreRefused,
    Unreachable,
)
from channels.platforms.ecwid.answers import Answer, MissingScope, decode, error_for, value_of


def answer(status: int, body: object = b"", *, reason: str = "", retry_after: str = "") -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, reason=reason, body=raw, retry_after=retry_after)


def said(code: str) -> dict[str, str]:
    return {"errorMessage": "The words", "errorCode": code}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer(400, said("WRONG_PARAMETER")), Rejected),
        (answer(400, said("DIFFERENT_COMBINATION_STOCK")), Rejected),
        (answer(400), Rejected),
        (answer(402, said("NOT_AVAILABLE_ON_CURRENT_PLAN")), StoreRefused),
        (answer(402, said("STORE_IS_SUSPENDED")), StoreRefused),
        (answer(402), StoreRefused),
        (answer(401), BadCredentials),
        (answer(403, said("INVALID_API_TOKEN")), BadCredentials),
        (answer(403), BadCredentials),
        (answer(403, said("INSUFFICIENT_APP_SCOPE")), MissingScope),
        (answer(403, b"<html>blocked</html>"), Unreachable),
        (answer(404, said("PRODUCT_NOT_FOUND")), NotListed),
        (answer(404, said("COMBINATION_NOT_FOUND")), NotListed),
        (answer(404, said("STORE_NOT_FOUND")), StoreMoved),
        (answer(404, reason="Not found"), NotListed),
        (answer(404, b" <!doctype html>"), Unreachable),
        (answer(405, said("METHOD_NOT_ALLOWED")), Rejected),
        (answer(408, said("TIMEOUT")), Unreachable),
        (answer(409, said("NOT_ALLOWED_TO_UPDATE_PARAMETER")), Rejected),
        (answer(415), Rejected),
        (answer(429), RateLimited),
        (answer(500, said("INTERNAL_ERROR")), Unreachable),
        (answer(503, b"<html>down</html>"), Unreachable),
        (answer(301), Unreachable),
    ],
)
def test_each_status_is_its_own_kind_of_error(given: Answer, expected: type[ChannelError]) -> None:
    assert type(error_for(given)) is expected


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (said("WRONG_PARAMETER"), "Bad Request", "Ecwid refused: The words (400 WRONG_PARAMETER)."),
        ({"error_message": "Old words"}, "Bad Request", "Ecwid refused: Old words (400)."),
        (b"", "Wrong numeric parameter 'id'", "Ecwid refused: Wrong numeric parameter 'id' (400)."),
        (b"", "", "Ecwid refused: no words (400)."),
        ({"errorMessage": 5}, "Bad Request", "Ecwid refused: Bad Request (400)."),
    ],
)
def test_the_platforms_words_are_kept_wherever_they_stand(body: object, reason: str, words: str) -> None:
    assert str(error_for(answer(400, body, reason=reason))) == words


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("", 10.0), ("soon", 10.0), ("0", 1.0), ("-5", 1.0)])
def test_a_429_says_how_long_to_wait(header: str, seconds: float) -> None:
    error = error_for(answer(429, retry_after=header))

    assert isinstance(error, RateLimited)
    assert error.wait_seconds == seconds


@pytest.mark.parametrize(("status", "may_have_applied"), [(302, False), (408, True), (500, True), (502, True)])
def test_only_a_redirect_is_sure_to_have_changed_nothing(status: int, may_have_applied: bool) -> None:
    error = error_for(answer(status))

    assert isinstance(error, Unreachable)
    assert error.may_have_applied is may_have_applied


@pytest.mark.parametrize("body", [b"", b"  ", b"<html></html>", b'{"updateCount":', b"\xff", b"[" * 100_000])
def test_a_200_without_json_is_no_answer(body: bytes) -> None:
    with pytest.raises(Unreachable):
        value_of(answer(200, body))


def test_characters_that_no_database_keeps_are_taken_out() -> None:
    assert decode('{"a\\u0000": ["b\\ud800c", "\\ud83e\\udde6"]}') == {"a": ["b?c", "🧦"]}
