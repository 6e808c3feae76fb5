"""Error pages have to draw with nothing to lean on: no context, no request, perhaps no database."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.views.defaults import bad_request, server_error

from dashboard.models import User


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_they_draw_without_a_context(template: str) -> None:
    html = render_to_string(template)

    assert html.count("<h1") == 1
    assert 'href="/"' in html


def test_djangos_own_views_find_them() -> None:
    request = RequestFactory().get("/")

    assert "Something broke" in server_error(request).content.decode()
    assert "Bad request" in bad_request(request, ValueError()).content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_changes_nothing_and_says_so() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner"))

    response = client.post("/skus/new/", {"code": "TEE"})

    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()
