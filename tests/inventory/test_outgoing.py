"""Calls go where they were checked to go, and nowhere private, whatever names and redirects say."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from pytest_django import Settings

from inventory.outgoing import Call
from tests.api.webhooks.receiver import running

PUBLIC = "93.184.216.34"


def resolving(*addresses: str) -> Any:
    def look_up(host: str, port: int, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return look_up


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        [PUBLIC, "192.168.1.1"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["2002:a00:1::"],
        ["fd00::1"],
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["fe80::1%eth0"],
    ],
)
def test_a_name_that_leads_into_our_network_is_not_called(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    monkeypatch.setattr(socket, "getaddrinfo", resolving(*addresses))
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: pytest.fail("It was called."))

    answer = Call(url="https://hooks.example/x", body=b"", headers={}).run()

    assert answer.status is None
    assert "private network" in answer.problem


def test_the_connection_goes_to_the_address_that_was_checked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    reached: list[tuple[str, int]] = []

    def connect(place: tuple[str, int], **kwargs: Any) -> socket.socket:
        reached.append(place)
        raise ConnectionRefusedError("Nobody is there.")

    monkeypatch.setattr(socket, "getaddrinfo", resolving(PUBLIC))
    monkeypatch.setattr(socket, "create_connection", connect)

    answer = Call(url="https://hooks.example:8443/x", body=b"", headers={}).run()

    # By its number: a name that answers otherwise by now is not asked again.
    assert reached == [(PUBLIC, 8443)]
    assert "Nobody is there." in answer.problem


@pytest.mark.parametrize("url", ["http://93.184.216.34/", "ftp://x/", "https://u:p@x/", "https://", "https://x:99999/"])
def test_addresses_that_are_none_end_as_a_problem(settings: Settings, url: str) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False

    answer = Call(url=url, body=b"", headers={}).run()

    assert (answer.status, bool(answer.problem)) == (None, True)


def test_a_redirect_is_not_followed() -> None:
    with running() as receiver:
        receiver.plan = ["302"]

        answer = Call(url=receiver.url, body=b"{}", headers={"content-type": "application/json"}).run()

    assert answer.status == 302
    assert answer.problem == "It redirects to 127.0.0.1; redirects are not followed."
    assert len(receiver.received) == 1
