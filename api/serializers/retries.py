"""Things that were set aside and are tried again: which, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from api.serializers.problems import ItemResult


class RetryResult(ItemResult):
    id = serializers.IntegerField(read_only=True)
    status = serializers.ChoiceField(
        choices=["done", "waiting", "refused"],
        read_only=True,
        help_text="waiting: it was tried, and detail says what it still waits for. refused: it was not tried.",
    )


class RetryResults(serializers.Serializer[Any]):
    results = RetryResult(many=True, read_only=True, help_text="One per id, in the order of the request.")


def results_of(asked: Sequence[int], told: Mapping[int, str], *, refused: str) -> list[dict[str, Any]]:
    """Return a result per id: by what is ``told`` of it, "" for done; ``refused`` is said where nothing is."""
    return [
        {
            "id": pk,
            "status": "refused" if pk not in told else "waiting" if told[pk] else "done",
            "detail": told.get(pk, refused),
            "errors": [],
        }
        for pk in asked
    ]
