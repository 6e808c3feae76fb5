"""Fields that take what they say and nothing that merely looks like it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.fields import empty

from inventory.codes import sku_named
from inventory.models import MAX_UNITS, Sku, Warehouse

_CLOCKS_DIFFER = timedelta(minutes=5)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses members that it does not know: a misspelt one would otherwise be lost without a word."""

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


class StrictModelSerializer(serializers.ModelSerializer[Any]):
    """The same for a model's serializer; members that can only be read count as unknown."""

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


def refuse_unknown(serializer: serializers.Serializer[Any], data: Any) -> None:
    """Raise ValidationError for every member of ``data`` that ``serializer`` does not write."""
    if not isinstance(data, Mapping):
        return
    writable = {name for name, field in serializer.fields.items() if not field.read_only}
    unknown = {
        str(name): [f"There is no field of this name to write. There are: {', '.join(sorted(writable))}."]
        for name in data
        if name not in writable
    }
    if unknown:
        raise serializers.ValidationError(unknown)


class Whole(serializers.IntegerField):
    """A whole JSON number: no text, no decimal point, no true or false."""

    default_error_messages = {
        "not_whole": "Send a whole number, not {kind}.",
        "min_value": "Send {min_value} or more.",
        "max_value": "Send {max_value} or less.",
    }
    _KINDS = {bool: "true or false", str: "text", float: "a number with a decimal point", dict: "an object"}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("not_whole", kind=self._KINDS.get(type(data), "a list"))
        return data


class Units(Whole):
    """Whole units from ``minimum`` to a thousand million."""

    def __init__(self, *, minimum: int = 1, **kwargs: Any) -> None:
        super().__init__(min_value=minimum, max_value=MAX_UNITS, **kwargs)


class StrictBoolean(serializers.BooleanField):
    """JSON true or false; not 1, not "yes"."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Send true or false.")
        return data


class Code(serializers.CharField):
    """A code exactly as it is written: spaces and case count, so nothing is trimmed. JSON text only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Send the code as text.")
        return super().to_internal_value(data)


class SkuByCode(Code):
    """A SKU, written as its code."""

    def run_validation(self, data: Any = empty) -> Any:
        code = super().run_validation(data)  # null characters and the like are refused before the database is asked
        return None if code is None else found_sku(code)

    def to_representation(self, value: Any) -> str:
        return str(value.code)


class WarehouseByCode(Code):
    """A warehouse, written as its code."""

    def run_validation(self, data: Any = empty) -> Any:
        code = super().run_validation(data)
        if code is None:
            return None
        warehouse = Warehouse.objects.filter(code=code).first()
        if warehouse is None:
            raise serializers.ValidationError(no_warehouse(code))
        return warehouse

    def to_representation(self, value: Any) -> str:
        return str(value.code)


def found_sku(code: str) -> Sku:
    """Return the SKU that this code means, to the letter. Raises ValidationError that names the code."""
    sku = sku_named(code)
    if sku is None:
        raise serializers.ValidationError(no_sku(code))
    return sku


def no_sku(code: str) -> str:
    return f"No SKU has the code “{code[:200]}”."


def no_warehouse(code: str) -> str:
    return f"No warehouse has the code “{code[:200]}”."


def refuse_future(moment: datetime) -> None:
    """Refuse a time that has not come yet; clocks may differ by five minutes."""
    if moment > timezone.now() + _CLOCKS_DIFFER:
        raise serializers.ValidationError("This time lies in the future.")
