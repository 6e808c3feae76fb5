"""From an invitation to an account: the link works once, for a week, and for nobody else's role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from access.roles import Role
from dashboard.models import Invitation, Notification, User
from dashboard.people import invitations
from inventory.models import AuditEntry

pytestmark = pytest.mark.django_db

ACCOUNT = {
    "first_name": "Ben",
    "username": "ben",
    "password1": "a long enough password",
    "password2": "a long enough password",
}


def invite(browser: Client, email: str = "ben@example.com", role: str = "operator") -> Invitation:
    browser.post("/people/invite/", {"email": email, "role": role})
    return Invitation.objects.latest("pk")


def path_of(invitation: Invitation) -> str:
    return invitations.link_of(invitation).removeprefix("http://testserver")


def test_an_invited_person_joins_in_their_role_and_is_signed_in(browser: Client, client: Client) -> None:
    invitation = invite(browser)
    [sent] = mail.outbox
    assert sent.to == ["ben@example.com"]
    assert path_of(invitation) in sent.body
    assert path_of(invitation) in browser.get(f"/people/invitations/{invitation.pk}/").content.decode()

    stranger = Client()
    assert "Operator" in stranger.get(path_of(invitation)).content.decode()
    response = stranger.post(path_of(invitation), ACCOUNT)

    assert (response.status_code, response["Location"]) == (302, "/")
    ben = User.objects.get(username="ben")
    assert (ben.role, ben.email, ben.is_staff) == (Role.OPERATOR, "ben@example.com", False)
    assert stranger.get("/skus/").status_code == 200
    assert stranger.get("/people/").status_code == 403
    assert list(AuditEntry.objects.values_list("action", "actor")[:2]) == [
        ("user.join", "user:ben"),
        ("user.invite", "user:ana"),
    ]
    assert Notification.objects.get(user__username="ana").title == "ben joined as operator."


def test_a_link_works_once(browser: Client) -> None:
    path = path_of(invite(browser))
    Client().post(path, ACCOUNT)

    again = Client().post(path, {**ACCOUNT, "username": "eve"})

    assert again.status_code == 410
    assert not User.objects.filter(username="eve").exists()


@pytest.mark.parametrize("end", ["withdraw", "again", "late", "forged"])
def test_a_link_ends(browser: Client, end: str) -> None:
    invitation = invite(browser)
    path = path_of(invitation)
    if end == "withdraw":
        browser.post(f"/people/invitations/{invitation.pk}/withdraw/")
    elif end == "again":
        browser.post(f"/people/invitations/{invitation.pk}/again/")
    elif end == "late":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        path = path.replace(f"{invitation.pk}-", f"{invitation.pk + 1}-", 1)

    response = Client().post(path, ACCOUNT)

    assert response.status_code == 410
    assert "not valid any more" in response.content.decode()
    assert not User.objects.filter(username="ben").exists()


def test_a_link_that_was_sent_again_works(browser: Client) -> None:
    invitation = invite(browser)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    browser.post(f"/people/invitations/{invitation.pk}/again/")
    invitation.refresh_from_db()

    assert Client().post(path_of(invitation), ACCOUNT).status_code == 302


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password2": "another password"}, "The two passwords differ."),
        ({"password1": "password", "password2": "password"}, "too common"),
        ({"username": "ANA OWNER"}, "Enter a valid username"),
        ({"username": "ana"}, "already exists"),
    ],
)
def test_an_account_that_will_not_do_is_refused_with_its_reason(
    browser: Client, change: dict[str, Any], said: str
) -> None:
    path = path_of(invite(browser))

    response = Client().post(path, {**ACCOUNT, **change})

    assert response.status_code == 422
    assert said in response.content.decode()
    assert User.objects.count() == 1
    assert Invitation.objects.get().accepted_at is None


def test_an_address_is_invited_once(browser: Client) -> None:
    invite(browser)

    again = browser.post("/people/invite/", {"email": "BEN@example.com", "role": "viewer"})
    known = browser.post("/people/invite/", {"email": "Ana@Example.com", "role": "viewer"})

    assert again.status_code == known.status_code == 422
    assert "invited already" in again.content.decode()
    assert "has this address already" in known.content.decode()
    assert Invitation.objects.count() == 1


def test_a_mail_server_that_fails_leaves_the_link_to_copy(browser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 9, False

    response = browser.post("/people/invite/", {"email": "ben@example.com", "role": "viewer"}, follow=True)

    page = response.content.decode()
    assert "did not take it" in page
    assert path_of(Invitation.objects.get()) in page


def test_the_database_holds_one_open_invitation_per_address(browser: Client, owner: User) -> None:
    invitation = invite(browser)

    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(
            email="Ben@Example.com",
            nonce="x",
            invited_by=owner,
            created_at=timezone.now(),
            expires_at=timezone.now(),
        )
    browser.post(f"/people/invitations/{invitation.pk}/withdraw/")
    assert invite(browser).pk != invitation.pk


def test_without_a_mail_server_the_owner_is_told_to_hand_the_link_over(browser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    page = browser.post("/people/invite/", {"email": "ben@example.com", "role": "viewer"}, follow=True).content.decode()

    assert "No mail server is set up here." in page
    assert "on its way" not in page
