"""Roles change, people leave and come back, and an owner always stays."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from access.roles import Role
from dashboard.models import Notification, User
from dashboard.people import membership
from inventory.models import AuditEntry
from tests.dashboard.people.conftest import sign_in


def test_a_role_holds_from_the_next_click(browser: Client, ben: User) -> None:
    bens = sign_in("ben")
    assert bens.get("/skus/new/").status_code == 200

    response = browser.post(f"/people/{ben.pk}/", {"role": "viewer"}, follow=True)

    assert "ben: Viewer, from their next click." in response.content.decode()
    assert bens.get("/skus/new/").status_code == 403
    assert "New SKU" not in bens.get("/skus/").content.decode()
    assert Notification.objects.get(user=ben).title == "Your role is viewer now."
    entry = AuditEntry.objects.get(action="user.role")
    assert (entry.actor, entry.subject) == ("user:ana", f"user:{ben.pk}")
    assert (entry.before, entry.after) == ({"role": "operator"}, {"role": "viewer"})


def test_the_last_owner_can_neither_be_demoted_nor_shut_out(browser: Client, owner: User) -> None:
    demoted = browser.post(f"/people/{owner.pk}/", {"role": "manager"})
    shut_out = browser.post(f"/people/{owner.pk}/state/", follow=True)

    assert demoted.status_code == 422
    assert "There has to be an owner" in demoted.content.decode()
    assert "There has to be an owner" in shut_out.content.decode()
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == (Role.OWNER, True)
    assert not AuditEntry.objects.exists()


def test_an_owner_who_is_shut_out_does_not_count(browser: Client, owner: User, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(role=Role.OWNER, is_active=False)

    assert browser.post(f"/people/{owner.pk}/", {"role": "viewer"}).status_code == 422


def test_whoever_is_demoted_loses_the_admin_too(browser: Client, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(role=Role.OWNER, is_staff=True, is_superuser=True)

    browser.post(f"/people/{ben.pk}/", {"role": "manager"})

    ben.refresh_from_db()
    assert (ben.is_staff, ben.is_superuser) == (False, False)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=ben.pk).update(is_superuser=True)


def test_whoever_is_shut_out_is_out_at_once_and_can_come_back(browser: Client, ben: User) -> None:
    bens = sign_in("ben")
    assert "Every session of theirs ends" in browser.get(f"/people/{ben.pk}/state/").content.decode()

    browser.post(f"/people/{ben.pk}/state/")
    assert bens.get("/skus/").status_code == 302
    assert sign_in("ben").get("/skus/").status_code == 302

    browser.post(f"/people/{ben.pk}/state/")
    assert sign_in("ben").get("/skus/").status_code == 200


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_demote_each_other_at_once_one_stays() -> None:
    people = [User.objects.create_user(name, role=Role.OWNER) for name in ("ana", "ben")]
    together = threading.Barrier(2)
    refused: list[str] = []

    def demote(person: User) -> None:
        together.wait()
        try:
            membership.change_role(person=person, role=Role.VIEWER, actor="user:test")
        except membership.LastOwner as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=demote, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert User.objects.filter(role=Role.OWNER).count() == 1
