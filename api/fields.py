"""Fields that take what they say and nothing that merely looks like it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.core.validators import RegexValidator
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


class Id(Whole):
    """The numeric id of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **kwargs)


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


class Text(serializers.CharField):
    """JSON text; spaces at its ends don't count. The framework's own field would take a number for text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Send text, in quotes.")
        return super().to_internal_value(data)


class Code(Text):
    """A code exactly as it is written: spaces and case count, so nothing is trimmed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)


class Key(Text):
    """A key of the caller's: 1 to 200 printable ASCII characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=200, **kwargs)
        self.validators.append(RegexValidator(r"^[ -~]+$", "Use printable ASCII characters only."))


class AnyList(serializers.ListField):
    """Items that are looked at one by one later, so that a bad one does not refuse the others."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(
            child=serializers.JSONField(allow_null=True), allow_empty=False, max_length=max_length, **kwargs
        )


class AskedSecret(Protocol):
    """A credential that connecting asks for, of a store or of a stock source."""

    @property
    def name(self) -> str: ...
    @property
    def is_required(self) -> bool: ...


class AskedOption(Protocol):
    """A fact about the other side that connecting asks for."""

    @property
    def name(self) -> str: ...
    @property
    def default(self) -> str: ...
    @property
    def choices(self) -> tuple[tuple[str, str], ...]: ...


class Secrets(serializers.DictField):
    """Credentials by their names. Written only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Text(max_length=2500, allow_blank=True), write_only=True, **kwargs)

    @staticmethod
    def check(given: Mapping[str, str], asked: Sequence[AskedSecret], *, kept: Collection[str] = ()) -> None:
        """Raise ValidationError for names that nobody asked for, and for what is missing and not ``kept``."""
        names = [field.name for field in asked]
        there = f"There is no such credential. There are: {', '.join(names)}."
        errors = {name: there for name in given if name not in names}
        for field in asked:
            if field.is_required and not given.get(field.name) and field.name not in kept:
                errors[field.name] = "This one is needed."
        if errors:
            raise serializers.ValidationError({"credentials": errors})


class Options(serializers.DictField):
    """Facts about the other side by their names, each one of the choices it lists."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "The first choice of each unless given.")
        super().__init__(child=Text(max_length=200), required=False, **kwargs)

    @staticmethod
    def check(given: Mapping[str, str], asked: Sequence[AskedOption]) -> None:
        """Raise ValidationError for names and values that do not exist."""
        choices = {option.name: [code for code, _label in option.choices] for option in asked}
        errors = {}
        for name, value in given.items():
            if name not in choices:
                errors[name] = f"There is no such option. There are: {', '.join(choices) or 'none'}."
            elif value not in choices[name]:
                errors[name] = f"There is no such choice. There are: {', '.join(choices[name])}."
        if errors:
            raise serializers.ValidationError({"options": errors})

    @classmethod
    def completed(cls, given: Mapping[str, str], asked: Sequence[AskedOption]) -> dict[str, str]:
        """Return ``given`` with the default of each option that it leaves out. Raises as ``check``."""
        cls.check(given, asked)
        return {option.name: given.get(option.name, option.default) for option in asked}


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


def refuse_zero(units: int) -> int:
    if units == 0:
        raise serializers.ValidationError("A change of 0 units changes nothing.")
    return units
