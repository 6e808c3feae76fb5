"""Every operation keeps its word whatever it is sent: schemathesis draws calls from the description.

Here it draws a few for each, the same every time. schemathesis.toml says how to draw thousands by hand.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import AbstractUser
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import ignored_auth  # tests/access asks every address without a token

from api import tokens
from api.permissions import SCOPES
from config.wsgi import application
from inventory.models import Sku, Warehouse
from tests.api.conftest import make_channel, make_event, make_listing, make_order, make_push
from tests.factories import make_discrepancy

CONFIG = Path(__file__).resolve().parents[2] / "schemathesis.toml"
DRAWN = 2  # calls of each operation that fit the description, and as many that don't
_SETTINGS = settings(
    max_examples=DRAWN,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],  # a failure is shown as it was found
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def token(user: AbstractUser, main: Warehouse, tee: Sku) -> str:
    """Lay the rows that the examples name, and something of each kind."""
    now = timezone.now()
    Warehouse.objects.create(code="SHOP", name="Shop floor", is_shop=True)
    channel = make_channel(warehouse=main)
    listing = make_listing(channel, sku=tee, mapping="mapped", accounted=5)
    make_listing(channel, "p-2", external_sku="CAP")
    make_discrepancy(listing, ledger_says=5, shows=7)
    make_order(channel, "8", sku=tee, now=now)
    make_event(channel, "d-1", now=now)
    make_push(listing, now=now)
    return tokens.issue(user=user, scopes=list(SCOPES))


def _call(cases: Any, token: str) -> None:
    """Send the drawn calls and check each answer against the description. Raises FailureGroup."""

    @_SETTINGS
    @given(case=cases)
    def keep_the_word(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=[ignored_auth])

    keep_the_word()


@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore")
def test_every_operation_keeps_its_word(token: str) -> None:
    logging.getLogger("django.request").setLevel(logging.ERROR)  # a line for each refusal is thousands
    description = schemathesis.openapi.from_wsgi(
        "/api/schema/", application, config=SchemathesisConfig.from_path(CONFIG)
    )
    broken: list[str] = []
    count = 0
    read: list[Any] = list(description.get_all_operations())
    found = [each.ok() for each in read]  # an operation that can't be read raises here
    # What is disconnected refuses most of what it is asked: that comes last.
    for operation in sorted(found, key=lambda each: each.label.endswith("/disconnect/")):
        count += 1

        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _call(operation.as_strategy(generation_mode=mode), token)
            except Unsatisfiable:
                continue  # an operation that takes nothing can't be called wrongly
            except (Exception, BaseExceptionGroup) as error:
                broken.append(f"{operation.label}\n{error}")
    assert count > 100
    assert broken == [], "\n\n".join(broken)
