"""Where a person is signed in, and how a password is changed and found again."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from dashboard.models import User
from dashboard.people.devices import name_of
from inventory.models import AuditEntry
from tests.dashboard.people.conftest import PASSWORD, sign_in

pytestmark = pytest.mark.django_db

NEW = "another long enough password"


def test_all_other_sessions_are_ended_from_one(owner: User) -> None:
    here, there = sign_in("ana"), sign_in("ana")
    assert "Sign out everywhere else" in here.get("/accounts/sessions/").content.decode()

    here.post("/accounts/sessions/")

    assert here.get("/skus/").status_code == 200
    assert there.get("/skus/").status_code == 302


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36 Edg/130.0",
            "Edge on Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.0", "curl/8.0"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_as_people_know_it(user_agent: str, name: str) -> None:
    assert name_of(user_agent) == name


def test_a_new_password_ends_every_other_session(owner: User) -> None:
    here, there = sign_in("ana"), sign_in("ana")
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert "Your account" in here.get("/accounts/password/change/").content.decode()

    here.post("/accounts/password/change/", form)

    assert here.get("/skus/").status_code == 200
    assert there.get("/skus/").status_code == 302
    assert sign_in("ana", NEW).get("/skus/").status_code == 200
    assert AuditEntry.objects.get(action="user.password").actor == "user:ana"
    assert [sent.to for sent in mail.outbox] == [["ana@example.com"]]


def test_a_forgotten_password_is_replaced_by_mail_and_nobody_learns_who_is_here(owner: User) -> None:
    client = Client()
    pages = [
        client.post("/accounts/password/reset/", {"email": address}, follow=True).content
        for address in ("ana@example.com", "nobody@example.com")
    ]
    assert pages[0] == pages[1]
    body = next(str(sent.body) for sent in mail.outbox if sent.to == ["ana@example.com"])
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", body)
    assert found

    entered = client.get(found[1], follow=True)
    path = entered.redirect_chain[-1][0]
    client.post(path, {"password1": NEW, "password2": NEW})

    assert sign_in("ana", NEW).get("/skus/").status_code == 200
    again = Client().get(found[1], follow=True).content.decode()
    assert "This link is not valid any more" in again


def test_whoever_is_shut_out_is_told_at_sign_in(owner: User, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(is_active=False)
    client = Client()

    response = client.post("/accounts/login/", {"login": "ben", "password": PASSWORD}, follow=True)

    assert client.get("/skus/").status_code == 302
    assert response.status_code == 200
