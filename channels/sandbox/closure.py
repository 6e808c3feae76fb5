"""Which rows hang on given rows, over all tables: by their foreign keys, as the models declare them.

No table is named here, so that one which is added later is cleared too. Columns that a model declares to be set to
null when their row goes are emptied; every other row that points at one that goes, goes with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet

AT_ONCE = 400  # ids in one statement

Rows = dict[type[models.Model], set[Any]]
"""Primary keys by model."""


def closure(roots: Mapping[type[models.Model], Collection[Any]]) -> Rows:
    """Return the roots and all rows that can't be without them."""
    found: Rows = {model: set(ids) for model, ids in roots.items()}
    waiting: Rows = {model: set(ids) for model, ids in roots.items() if ids}
    while waiting:
        model, ids = waiting.popitem()
        for child, field in _children(model, sets_null=False):
            if _is_composite(child):
                continue
            fresh = _pointing(child, field, ids) - found.setdefault(child, set())
            if fresh:
                found[child] |= fresh
                waiting.setdefault(child, set()).update(fresh)
    return {model: ids for model, ids in found.items() if ids}


def strangers(rows: Rows, roots: Mapping[type[models.Model], Collection[Any]]) -> Iterator[tuple[models.Model, str]]:
    """Yield each row that would go but also belongs to something that stays, with the field that says so.

    What may stay are rows of the roots' own models: a movement of a SKU that goes in a warehouse that stays.
    """
    for model, ids in rows.items():
        if model in roots and (more := ids - set(roots[model])):
            for row in _in_parts(model, more):
                yield row, ""
        for field in model._meta.concrete_fields:
            if not isinstance(field, models.ForeignKey) or _sets_null(field):
                continue
            owner: Any = field.related_model
            if owner not in roots:
                continue
            kept = set(roots[owner])
            for part in _parts(ids):
                there = _plain(model).filter(pk__in=part).exclude(**{field.name: None}).select_related(field.name)
                for row in there:
                    if getattr(row, field.attname) not in kept:
                        yield row, field.name


def remove(rows: Rows) -> None:
    """Delete exactly these rows, and empty the columns that may point at them; all or nothing."""
    with transaction.atomic():
        for model, ids in rows.items():
            for child, field in _children(model, sets_null=True):
                for part in _parts(ids):
                    _plain(child).filter(**{f"{field.name}__in": part}).update(**{field.name: None})
            for child, field in _children(model, sets_null=False):
                if _is_composite(child):
                    for part in _parts(ids):
                        _raw_delete(_plain(child).filter(**{f"{field.name}__in": part}))
        # In any order: the database looks at foreign keys when the transaction ends.
        for model, ids in rows.items():
            for part in _parts(ids):
                _raw_delete(_plain(model).filter(pk__in=part))


def _raw_delete(rows: QuerySet[models.Model]) -> None:
    """Delete past managers and ``delete`` methods: append-only tables refuse them, on purpose, everywhere else."""
    rows._raw_delete(rows.db)


def _children(
    model: type[models.Model], *, sets_null: bool
) -> Iterator[tuple[type[models.Model], models.ForeignKey[Any, Any]]]:
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.one_to_many or relation.one_to_one) or not relation.auto_created or relation.concrete:
            continue
        field: Any = relation.field  # type: ignore[union-attr]
        child: Any = relation.related_model
        if child._meta.managed and not child._meta.proxy and _sets_null(field) == sets_null:
            yield child, field


def _sets_null(field: models.ForeignKey[Any, Any]) -> bool:
    return field.remote_field.on_delete is models.SET_NULL


def _is_composite(model: type[models.Model]) -> bool:
    return isinstance(model._meta.pk, models.CompositePrimaryKey)


def _pointing(child: type[models.Model], field: models.ForeignKey[Any, Any], ids: Collection[Any]) -> set[Any]:
    found: set[Any] = set()
    for part in _parts(ids):
        found |= set(_plain(child).filter(**{f"{field.name}__in": part}).values_list("pk", flat=True))
    return found


def _in_parts(model: type[models.Model], ids: Collection[Any]) -> Iterator[models.Model]:
    for part in _parts(ids):
        yield from _plain(model).filter(pk__in=part)


def _parts(ids: Collection[Any]) -> Iterator[list[Any]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


def _plain(model: type[models.Model]) -> QuerySet[models.Model]:
    return QuerySet(model).order_by()
