"""Each documented error, and each foreign answer, is the error of the contract that it stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.contract import ChannelError, NotListed, RateLimited, Rejected, StoreRefused, Unreachable
from channels.platforms.woocommerce.answers import Answer, KeyRefused, NoRights, error_of, status_of, value_of


def answer(status: int, body: object, **fields: Any) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, reason="Reason", body=raw, **fields)


def error(status: int, code: str, message: str = "Words.") -> Answer:
    return answer(status, {"code": code, "message": message, "data": {"status": status}})


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (error(401, "woocommerce_rest_cannot_view"), KeyRefused),
        (error(401, "woocommerce_rest_authentication_error"), KeyRefused),
        (error(401, "woocommerce_rest_authentication_missing_parameter"), KeyRefused),
        (error(403, "woocommerce_rest_cannot_view"), NoRights),
        (error(404, "woocommerce_rest_product_invalid_id"), NotListed),
        (error(400, "woocommerce_rest_product_invalid_id"), NotListed),
        (error(404, "woocommerce_rest_product_variation_invalid_id"), NotListed),
        (error(404, "woocommerce_rest_invalid_product_id"), NotListed),
        (error(400, "woocommerce_rest_shop_order_invalid_id"), NotListed),
        (error(404, "rest_no_route"), StoreRefused),
        (error(400, "rest_invalid_param"), Rejected),
        (error(413, "woocommerce_rest_request_entity_too_large"), Rejected),
        (error(500, "internal_server_error"), Unreachable),
        (
            answer(500, {"code": "woocommerce_rest_cannot_create_order_refund", "message": "x", "data": 500}),
            Unreachable,
        ),
        (answer(429, b"<h1>Slow down</h1>", retry_after="7"), RateLimited),
        (answer(403, b"<h1>Robot?</h1>"), Unreachable),
        (answer(404, b"<h1>Not found</h1>"), Unreachable),
        (answer(503, b"<h1>Maintenance</h1>"), Unreachable),
        (answer(302, b"", location="https://www.example.com/wp-json/"), Unreachable),
        (answer(200, b""), Unreachable),
        (answer(200, b"<h1>Hello</h1>"), Unreachable),
        (answer(200, b'{"id": 1'), Unreachable),
        (answer(200, b"[" * 100_000), Unreachable),
    ],
)
def test_each_answer_is_a_typed_error(given: Answer, kind: type[ChannelError]) -> None:
    with pytest.raises(ChannelError) as raised:
        value_of(given)

    assert type(raised.value) is kind


@pytest.mark.parametrize(("retry_after", "seconds"), [("7", 7.0), ("0", 1.0), ("", 30.0), ("soon", 30.0)])
def test_a_wait_is_read_from_the_header(retry_after: str, seconds: float) -> None:
    with pytest.raises(RateLimited) as raised:
        value_of(answer(429, b"", retry_after=retry_after))

    assert raised.value.wait_seconds == seconds


@pytest.mark.parametrize(
    ("status", "may_have_applied"), [(302, False), (401, False), (403, False), (404, False), (502, True), (504, True)]
)
def test_a_page_in_between_says_whether_a_write_may_have_gone_through(status: int, may_have_applied: bool) -> None:
    with pytest.raises(Unreachable) as raised:
        value_of(answer(status, b"<h1>In between</h1>"))

    assert raised.value.may_have_applied is may_have_applied


def test_words_come_without_markup_and_entities() -> None:
    found = error_of({"code": "x", "message": "use the /products/&lt;id&gt; <b>endpoint</b>"})

    assert found == ("use the /products/<id> endpoint", "x")
    assert (status_of({"data": 500}), status_of({"data": {"status": 404}}), status_of({"data": None})) == (500, 404, 0)


def test_a_byte_order_mark_before_the_json_is_no_harm() -> None:
    assert value_of(answer(200, b"\xef\xbb\xbf[1]")) == [1]


def test_what_no_database_keeps_is_taken_out() -> None:
    assert value_of(answer(200, b'{"name": "a\\u0000b\\ud83d"}')) == {"name": "ab?"}
