"""A subscriber, and the lane's work done here and now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from api.models import Endpoint, Event
from api.webhooks import delivering, endpoints
from api.webhooks.kinds import KINDS
from channels import lanes
from dashboard.models import User
from tests.api.webhooks.receiver import Receiver, running


@pytest.fixture(scope="module")
def _receiver() -> Iterator[Receiver]:
    with running() as receiver:
        yield receiver


@pytest.fixture
def receiver(_receiver: Receiver) -> Receiver:
    _receiver.plan.clear()
    _receiver.received.clear()
    return _receiver


@pytest.fixture
def endpoint(receiver: Receiver, user: User) -> Endpoint:
    return make_endpoint(receiver.url, user)


def make_endpoint(url: str, user: User, *kinds: str) -> Endpoint:
    return endpoints.make(
        url=url, kinds=kinds or list(KINDS), owner=user, actor="user:ana", now=timezone.now(), name="Shop system"
    )


def make_event(subject: str = "order:1", kind: str = "order.reserved", **data: Any) -> Event:
    return Event.objects.create(kind=kind, subject=subject, data=data, occurred_at=timezone.now())


@pytest.fixture
def work(db: None) -> Callable[[], None]:
    """Do what the lane does until nothing is due."""

    def run() -> None:
        with lanes.held("webhooks") as lease:
            assert lease is not None
            while delivering.work(lease):
                pass

    return run
