"""Numbers and moments as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from dashboard import icons, states, times

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def draw(source: str, **context: object) -> str:
    return Template("{% load evenkeel %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"),
        (42, "42 s ago"),
        (61, "1 min ago"),
        (3 * 3600, "3 h ago"),
        (2 * 86_400, "2 d ago"),
        (10 * 86_400, "4 Mar"),
        (400 * 86_400, "7 Feb 2025"),
        (-120, "in 2 min"),
    ],
)
def test_relative_moments(seconds: int, words: str) -> None:
    assert times.relative(NOW - timedelta(seconds=seconds), now=NOW) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [(0.31, "310 ms"), (1.84, "1.8 s"), (42, "42 s"), (300, "5 min"), (9000, "2 h")],
)
def test_spans(length: float, words: str) -> None:
    assert times.span(timedelta(seconds=length)) == words


@pytest.mark.parametrize(("value", "words"), [(1240, "1,240"), (-2, "−2"), (0, "0"), (None, "—")])
def test_units(value: int | None, words: str) -> None:
    assert draw("{{ value|units }}", value=value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("user:ana", "ana"),
        ("channel:North Ridge Outdoor", "North Ridge Outdoor"),
        ("channel:user:odd", "user:odd"),
        ("command:connect", "connect"),
        ("expiry", "expiry"),
        ("", ""),
    ],
)
def test_an_actor_is_told_without_its_kind(value: str, words: str) -> None:
    assert draw("{{ value|actor }}", value=value) == words


def test_a_delta_shows_its_sign_and_not_only_its_colour() -> None:
    assert draw("{% delta 3 %}") == '<span class="delta delta-up">+3</span>'
    assert draw("{% delta -2 %}") == '<span class="delta delta-down">−2</span>'


def test_a_moment_is_exact_for_machines_and_on_hover() -> None:
    html = draw("{% relative_time moment %}", moment=NOW)

    assert 'datetime="2026-03-14T12:00:00+00:00"' in html
    assert 'title="14 Mar 2026, 12:00:00 UTC"' in html


def test_a_state_has_a_word_and_an_icon() -> None:
    html = draw('{% state "oversold" "Oversold" %}')

    assert "badge-critical" in html
    assert "<svg" in html
    assert "Oversold" in html


def test_every_look_names_an_icon_that_is_there() -> None:
    assert {look.icon for look in states.LOOKS.values()} <= set(icons.SHAPES)
    assert set(states.MOVEMENT_ICONS.values()) <= set(icons.SHAPES)


def test_what_people_typed_is_escaped() -> None:
    html = draw('{% state "ok" name %}{% notice "info" title=name %}{{ name }}{% endnotice %}', name="<b>x</b>")

    assert "<b>" not in html
    assert html.count("&lt;b&gt;x") == 3


def test_links_keep_the_query_string() -> None:
    request = RequestFactory().get("/skus/?q=tee&page=3")

    assert draw("{% query sort='code' page=None %}", request=request) == "?q=tee&amp;sort=code"
    assert draw("{% query 'q' None 'page' None %}", request=request) == "/skus/"
