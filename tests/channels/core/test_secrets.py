"""Secrets stand encrypted, come out nowhere, and survive a change of key; addresses lead nowhere private."""

from __future__ import annotations

import logging
import socket
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import override_settings

from channels import registry, tasks
from channels.contract import ChannelError
from channels.models import Channel
from inventory.addresses import ForbiddenAddress, check_address
from inventory.encryption import decrypt, encrypt
from sandbox.ecwid import EcwidSimulator
from tests import factories
from tests.channels.core.world import Store

SECRETS = ("secret_token_value", "signing_secret_value")


def make() -> Channel:
    return factories.make_channel(credentials={"token": SECRETS[0], "client_secret": SECRETS[1]})


@pytest.mark.django_db
def test_credentials_stand_encrypted_in_the_row() -> None:
    channel = make()

    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM channels_channel WHERE id = %s", [channel.pk])
        [stored] = cursor.fetchone()

    assert not any(secret in stored for secret in SECRETS)
    assert Channel.objects.get().credentials == {"token": SECRETS[0], "client_secret": SECRETS[1]}
    assert not any(secret in serializers.serialize("json", Channel.objects.all()) for secret in SECRETS)


@pytest.mark.django_db
def test_what_is_printed_holds_no_secret() -> None:
    channel = make()
    store = registry.store_of(channel)

    with registry.opened(channel) as platform:
        printed = [str(channel), repr(channel), str(store), repr(store), repr(platform), str(platform)]

    assert not any(secret in text for text in printed for secret in SECRETS)


def test_errors_and_logs_hold_no_secret(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    token = store.sim.token
    errors: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for fault in ("error_reads", "html", "empty", "plan_402"):
            store.sim.faults.set(fault, next=1)
            with store.platform() as platform, pytest.raises(ChannelError) as raised:
                platform.check_connection()
            errors.append(f"{raised.value} {raised.value!r}")
        store.sim.access.expire()
        tasks.run_lane(f"inbox:{store.channel.pk}")
        store.import_catalogue()
        store.sim.stop()
        with store.platform() as platform, pytest.raises(ChannelError) as raised:
            platform.check_connection()
        errors.append(str(raised.value))
        store.sim.start()

    assert len(errors) == 5
    for text in [*errors, caplog.text, store.fresh().connection_problem]:
        assert token not in text
        assert store.sim.client_secret not in text


def test_old_keys_still_open_and_new_ones_write() -> None:
    old, new, strange = (Fernet.generate_key().decode() for _ in range(3))
    with override_settings(ENCRYPTION_KEYS=[old]):
        written = encrypt({"token": "t"})

    with override_settings(ENCRYPTION_KEYS=[new, old]):
        assert decrypt(written) == {"token": "t"}
        rewritten = encrypt({"token": "t"})
    with override_settings(ENCRYPTION_KEYS=[new]):
        assert decrypt(rewritten) == {"token": "t"}
        with pytest.raises(ImproperlyConfigured, match="EVENKEEL_ENCRYPTION_KEY can't open"):
            decrypt(written)
    with override_settings(ENCRYPTION_KEYS=[strange]), pytest.raises(ImproperlyConfigured) as refusal:
        decrypt(rewritten)
    assert "token" not in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/api",
        "https://10.0.0.8",
        "https://192.168.1.1:8443/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "https://localhost/",
        "https://0.0.0.0/",
        "https://2130706433/",
    ],
)
def test_private_addresses_are_refused(address: str) -> None:
    with override_settings(ALLOW_PRIVATE_HOSTS=False), pytest.raises(ForbiddenAddress):
        check_address(address)

    assert check_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://app.ecwid.com", "must start with https://"),
        ("app.ecwid.com", "must start with https://"),
        ("https://", "must start with https://"),
        ("https://user:secret@app.ecwid.com", "Put credentials into their own fields"),
        ("https://app.ecwid.com:99999", "is not an address"),
        ("https://[::1", "is not an address"),
    ],
)
def test_what_is_no_address_is_refused(address: str, words: str) -> None:
    with pytest.raises(ForbiddenAddress, match=words):
        check_address(address)


def test_a_public_address_is_taken_over_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*args: Any, **kwargs: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with override_settings(ALLOW_PRIVATE_HOSTS=False):
        assert check_address(" https://app.ecwid.com/api/v3/ ") == "https://app.ecwid.com/api/v3"
        with pytest.raises(ForbiddenAddress, match="must start with https://"):
            check_address("http://app.ecwid.com")


def test_a_name_that_also_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*args: Any, **kwargs: Any) -> Any:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.8", 443)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with override_settings(ALLOW_PRIVATE_HOSTS=False), pytest.raises(ForbiddenAddress, match="private network"):
        check_address("https://shop.example")


@pytest.mark.django_db(transaction=True)
def test_an_address_is_checked_before_the_store_is_called(sim: EcwidSimulator) -> None:
    from channels import connect

    with override_settings(ALLOW_PRIVATE_HOSTS=False), pytest.raises(ForbiddenAddress):
        connect.try_out(platform="ecwid", base_url=sim.base_url, credentials={"store_id": "1003", "token": sim.token})

    assert sim.requests == []
