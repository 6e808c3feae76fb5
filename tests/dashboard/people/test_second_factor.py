"""The second factor: set up, asked for, required of everyone, recovered, guessed at."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from dashboard.models import Installation, User
from inventory.models import AuditEntry
from tests.dashboard.people.conftest import PASSWORD, confirm, sign_in

pytestmark = pytest.mark.django_db


def code_of(secret: str, *, ahead: int = 0) -> str:
    """Return the code that an app shows, or will show so many half minutes ahead: each works once."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter + ahead)))


def with_second_factor(user: User) -> tuple[str, list[str]]:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret, RecoveryCodes.activate(user).get_unused_codes()


@pytest.mark.django_db(transaction=True)
def test_it_is_set_up_and_asked_for_from_then_on(owner: User) -> None:
    browser = sign_in("ana")
    asked = browser.get("/accounts/second-factor/totp/activate/")
    assert asked["Location"].startswith("/accounts/reauthenticate/"), "a session alone does not do"
    confirm(browser)
    page = browser.get("/accounts/second-factor/totp/activate/").content.decode()
    found = re.search(r'class="secret"[^>]*>([A-Z2-7]+)<', page)
    assert found
    assert "data:image/svg+xml" in page

    wrong = browser.post("/accounts/second-factor/totp/activate/", {"code": "000000"})
    assert "Incorrect code" in wrong.content.decode()
    right = browser.post("/accounts/second-factor/totp/activate/", {"code": code_of(found[1])}, follow=True)

    codes = re.findall(r"<li>(\d{8})</li>", right.content.decode())
    assert len(codes) == 10
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]
    assert found[1] not in stored, "it stands encrypted"
    assert AuditEntry.objects.filter(action="user.second_factor", subject=f"user:{owner.pk}").exists()
    assert [sent.to for sent in mail.outbox] == [["ana@example.com"]]
    assert mail.outbox[0].subject.startswith("Evenkeel: ")

    again = sign_in("ana")
    assert again.get("/skus/").status_code == 302, "the password alone does not do"
    assert again.post("/accounts/second-factor/authenticate/", {"code": codes[0]}).status_code == 302
    assert again.get("/skus/").status_code == 200
    used = sign_in("ana")
    used.post("/accounts/second-factor/authenticate/", {"code": codes[0]})
    assert used.get("/skus/").status_code == 302, "a recovery code works once"


def test_a_code_signs_in(owner: User) -> None:
    secret, _codes = with_second_factor(owner)
    browser = sign_in("ana")

    browser.post("/accounts/second-factor/authenticate/", {"code": code_of(secret)})

    assert browser.get("/skus/").status_code == 200


def test_wrong_codes_lock_as_wrong_passwords_do(owner: User) -> None:
    secret, _codes = with_second_factor(owner)
    browser = sign_in("ana")
    for _number in range(8):
        response = browser.post("/accounts/second-factor/authenticate/", {"code": "000000"})
    assert response.status_code == 429

    fresh = sign_in("ana")
    response = fresh.post("/accounts/second-factor/authenticate/", {"code": code_of(secret)})

    assert "Too many wrong codes" in response.content.decode()
    assert fresh.get("/skus/").status_code == 302


def test_wrong_codes_from_many_addresses_lock_too(owner: User) -> None:
    secret, _codes = with_second_factor(owner)
    for number in range(4):
        browser = Client(REMOTE_ADDR=f"192.0.2.{number}")
        browser.post("/accounts/login/", {"login": "ana", "password": PASSWORD})
        for _attempt in range(5):
            browser.post("/accounts/second-factor/authenticate/", {"code": "000000"})

    browser = Client(REMOTE_ADDR="192.0.2.99")
    browser.post("/accounts/login/", {"login": "ana", "password": PASSWORD})
    browser.post("/accounts/second-factor/authenticate/", {"code": code_of(secret)})

    assert browser.get("/skus/").status_code == 302


def test_the_owner_requires_it_of_everyone(browser: Client, owner: User, ben: User) -> None:
    with_second_factor(owner)
    bens = sign_in("ben")
    assert "1 person has none" in browser.get("/people/").content.decode()

    browser.post("/people/second-factor/", {"required": "yes"})

    led = bens.get("/skus/")
    assert (led.status_code, led["Location"]) == (302, "/accounts/second-factor/totp/activate/")
    part = bens.get("/skus/", headers={"HX-Request": "true"})
    assert part["HX-Redirect"] == "/accounts/second-factor/totp/activate/"
    assert browser.get("/skus/").status_code == 200
    with_second_factor(ben)
    assert bens.get("/skus/").status_code == 200
    assert AuditEntry.objects.get(action="installation.second_factor").after == {"required": True}

    refused = sign_in("ben")
    secret_page = refused.get("/accounts/second-factor/totp/deactivate/")
    assert secret_page.status_code == 302, "signed in only half"
    browser.post("/people/second-factor/", {"required": "no"})
    assert not Installation.objects.get().requires_second_factor


def test_who_lost_both_is_helped_by_the_owner(browser: Client, ben: User) -> None:
    with_second_factor(ben)
    assert sign_in("ben").get("/skus/").status_code == 302

    browser.post(f"/people/{ben.pk}/second-factor/")

    assert sign_in("ben").get("/skus/").status_code == 200
    entry = AuditEntry.objects.get(action="user.second_factor_reset")
    assert (entry.actor, entry.after) == ("user:ana", {"second_factor": False})


def test_it_can_be_turned_off_unless_it_is_required(owner: User) -> None:
    secret, _codes = with_second_factor(owner)
    browser = sign_in("ana")
    browser.post("/accounts/second-factor/authenticate/", {"code": code_of(secret)})
    confirm(browser)
    Installation.objects.create(pk=1, requires_second_factor=True)

    browser.post("/accounts/second-factor/totp/deactivate/")
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()

    Installation.objects.update(requires_second_factor=False)
    browser.post("/accounts/second-factor/totp/deactivate/")
    assert not Authenticator.objects.exists()


def test_an_owner_who_is_alone_and_lost_both_is_helped_by_a_command(owner: User) -> None:
    with pytest.raises(CommandError, match="has no second factor"):
        call_command("reset_second_factor", "ana")
    with_second_factor(owner)

    call_command("reset_second_factor", "ana")

    assert sign_in("ana").get("/skus/").status_code == 200
    assert AuditEntry.objects.get(action="user.second_factor_reset").actor == "command:reset_second_factor"


def test_the_admins_own_sign_in_is_no_way_round_it(owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    with_second_factor(owner)
    browser = Client()

    answer = browser.post("/admin/login/?next=/admin/", {"username": "ana", "password": PASSWORD})

    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/")
    assert browser.get("/skus/").status_code == 302
    assert browser.get("/admin/").status_code == 302


def test_who_has_a_session_cant_guess_codes_either(owner: User) -> None:
    secret, _codes = with_second_factor(owner)
    browser = sign_in("ana")
    browser.post("/accounts/second-factor/authenticate/", {"code": code_of(secret)})
    for _number in range(8):
        browser.post("/accounts/second-factor/reauthenticate/", {"code": "000000"})

    browser.post("/accounts/second-factor/reauthenticate/", {"code": code_of(secret, ahead=1)})

    asked = browser.get("/accounts/second-factor/totp/deactivate/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
