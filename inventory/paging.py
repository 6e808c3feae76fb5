"""Pages of long lists: only the rows of the page that is shown are read, and all rows are counted up to a limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from inventory import formats

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
    _Page = Page[Any]
else:
    _Paginator, _Page = Paginator, Page

COUNTED_TO = 10_000  # rows; of more it is only said that there are more: to count them is to read them
FURTHEST = 1_000_000_000  # a page number beyond it is no number that any database takes


class Keys(Protocol):
    """Keys of rows in an order, read by slices: a QuerySet; or what a page begins and ends in, being the last part."""

    def __getitem__(self, places: slice, /) -> Iterable[Any]: ...


class LongPage(_Page):
    """A page that knows itself whether another one follows."""

    def __init__(self, rows: Any, number: int, paginator: LongPaginator, *, is_last: bool) -> None:
        super().__init__(rows, number, paginator)
        self.is_last = is_last

    def has_next(self) -> bool:
        return not self.is_last

    def end_index(self) -> int:
        return (self.number - 1) * self.paginator.per_page + len(self.object_list)


class LongPaginator(_Paginator):
    """Finds which rows are on a page first, and reads what they show for those alone.

    What a list shows of a row may cost a look into other tables; a deep page would pay that for every row before it.
    ``count`` ends at COUNTED_TO; ``is_cut`` says that there are more rows than that, ``total`` says it in words.
    """

    @property
    def rows(self) -> Any:
        """The rows behind ``object_list``: a QuerySet, or a sequence."""
        return self.object_list

    @property
    def parts(self) -> Sequence[Keys]:
        """The keys of ``rows`` in their order, in parts that follow one another."""
        return (self.rows.values_list("pk", flat=True),)

    def _keys(self, first: int, most: int) -> list[Any]:
        """Return the keys from the place ``first`` on, at most so many."""
        found: list[Any] = []
        *earlier, last = self.parts
        for part in cast(list[QuerySet[Any, Any]], earlier):
            if first and (length := part.order_by()[: first + 1].count()) <= first:
                first -= length  # all of it is on pages before
                continue
            found += part[first : first + most - len(found)]
            if len(found) == most:
                return found
            first = 0
        return [*found, *last[first : first + most - len(found)]]

    def dress(self, rows: Sequence[Any]) -> Any:
        """Return the rows of a page as it holds them."""
        return rows

    def validate_number(self, number: float | str | None) -> int:
        """Return a number that a page may have; whether it has rows is seen by reading it."""
        return min(max(1, int(number or 1)), FURTHEST)

    def page(self, number: float | str) -> LongPage:
        """Return the page with this number. Raises EmptyPage beyond the last one."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        if isinstance(self.rows, QuerySet):
            keys = self._keys(first, self.per_page + 1)
            here = keys[: self.per_page]
            found = {row.pk: row for row in self.rows.filter(pk__in=here).order_by()}
            rows = [found[key] for key in here if key in found]
        else:
            keys = self.rows[first : first + self.per_page + 1]
            rows = list(keys[: self.per_page])
        if not keys and number > 1:
            raise EmptyPage
        is_last = len(keys) <= self.per_page
        if is_last and first + len(keys) < COUNTED_TO:
            self._found = first + len(keys)  # counted on the way
        return LongPage(self.dress(rows), number, self, is_last=is_last)

    def get_page(self, number: float | str | None) -> LongPage:
        """Return the page with this number: the first one for what is no number, the last one for what is beyond."""
        try:
            return self.page(self.validate_number(number))
        except ValueError:
            return self.page(1)
        except EmptyPage:
            return self.last_page()

    def last_page(self) -> LongPage:
        """Return the last page. It counts all rows."""
        rows = self.rows.count() if isinstance(self.rows, QuerySet) else len(self.rows)
        return self.page(max(1, -(-rows // self.per_page)))

    @cached_property
    def _found(self) -> int:
        """How many rows there are; one more than COUNTED_TO stands for any number beyond it."""
        if not isinstance(self.rows, QuerySet):
            return len(self.rows)
        return self.rows.order_by().values("pk")[: COUNTED_TO + 1].count()

    @property
    def is_cut(self) -> bool:
        return self._found > COUNTED_TO

    @cached_property
    def count(self) -> int:
        return min(self._found, COUNTED_TO)

    @property
    def total(self) -> str:
        """The number of rows in words: “7”, “1,234”, “10,000+”."""
        return f"{formats.number(self.count)}{'+' if self.is_cut else ''}"
