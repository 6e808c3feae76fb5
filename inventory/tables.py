"""The base of every table in the product, and the tables of this app.

They live here because this is the lowest layer: channels and the dashboard build their lists on the same base.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, cast

import django_filters
import django_tables2 as tables
from django.core.paginator import EmptyPage
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_tables2.columns import BoundColumn
from django_tables2.rows import BoundRow, BoundRows

from inventory import looks
from inventory.paging import Keys, LongPaginator

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

PAGE_SIZES = (25, 50, 100, 200)
PAGE_SIZE = 50


class TextColumn(tables.Column):  # type: ignore[misc]
    """Plain text; an empty value stays empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)


class PartColumn(tables.TemplateColumn):  # type: ignore[misc]
    """A cell drawn by a template by name: those are compiled once, code given inline is compiled per cell."""

    template_name = ""
    css_class = ""

    def __init__(self, template_name: str = "", *, css_class: str = "", **kwargs: Any) -> None:
        look = {"class": css_class or self.css_class}
        kwargs.setdefault("attrs", {"td": look, "th": look})
        super().__init__(template_name=template_name or self.template_name, **kwargs)

    def value(self, *, record: Any, value: Any, bound_column: Any, **kwargs: Any) -> object:
        """Return what a file holds: the value itself, by the word that people read; else the cell's text."""
        word = getattr(record, f"get_{bound_column.accessor}_display", None)
        if callable(word):
            return word()
        if isinstance(value, str | int | Decimal | datetime):
            return value
        return super().value(record=record, value=value, bound_column=bound_column, **kwargs)

    def render(self, record: Any, table: Any, value: Any, bound_column: Any, **kwargs: Any) -> Any:
        """Draw the cell within the page's own context: as a page of its own it would ask every context processor."""
        around = getattr(table, "context", None)
        if around is None:
            return super().render(record, table, value, bound_column, **kwargs)
        own = self.get_context_data(record=record, table=table, value=value, bound_column=bound_column, **kwargs)
        with around.push(**own):
            return self._template.render(around)

    @cached_property
    def _template(self) -> Any:  # looked for once a page: each page has columns of its own
        return get_template(self.template_name).template  # type: ignore[attr-defined]


class NumberColumn(PartColumn):
    """A quantity in tabular figures, at the right; below zero it stands out."""

    template_name = "components/cells/quantity.html"
    css_class = "number"


class DeltaColumn(PartColumn):
    """A signed change."""

    template_name = "components/cells/delta.html"
    css_class = "number"


class TimeColumn(PartColumn):
    """How long ago, exact on hover; “never” where there is no moment."""

    template_name = "components/cells/time.html"
    css_class = "nowrap"


class PickColumn(PartColumn):
    """A box that picks the row for a verb of many; the page has the bar: ``{% batch "skus" %}``."""

    template_name = "components/cells/pick.html"
    css_class = "cell-pick"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(verbose_name="", empty_values=(), orderable=False, **kwargs)


class StateColumn(PartColumn):
    """A state by word, icon and tone; the column's accessor is a field with choices."""

    template_name = "components/cells/state.html"

    def get_context_data(self, *, record: Any, bound_column: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(record=record, bound_column=bound_column, **kwargs)
        name = str(bound_column.accessor)
        context["label"] = getattr(record, f"get_{name}_display")()
        context["value"] = getattr(record, name)  # the code: tables2 hands on the word that people read
        return context


@dataclass(frozen=True, slots=True)
class Head:
    """What stands around the cells of one column. Worked out once for a table: that costs more than a cell."""

    opens: SafeString
    closes: SafeString


class ListTable(tables.Table):  # type: ignore[misc]
    """A table with a caption, a row header, an empty state that says what to do next, and live sorting and paging."""

    caption: ClassVar[str | StrPromise] = ""
    row_header: ClassVar[str] = ""
    empty_icon: ClassVar[str] = "sku"
    empty_title: ClassVar[str | StrPromise] = _("Nothing here yet")
    empty_action: ClassVar[str | StrPromise] = ""
    page_sizes = PAGE_SIZES
    # Draws the cells of a row in one pass, where most of them are drawn: each if it is ``shown``.
    row_template: ClassVar[str] = ""
    has_file = True  # offered as CSV and XLSX by list_page
    swaps: ClassVar[str] = ""  # a template of what changes beside the table when htmx swaps it, out of band

    empty_url = ""
    is_filtered = False  # some filter is set, so that no row may mean no match
    is_live = False  # sorting and paging swap #results instead of loading the page
    is_compact = False
    choices: Sequence[looks.Choice] = ()  # columns that may be hidden

    @cached_property
    def shown(self) -> dict[str, bool]:
        """The columns that are drawn, for ``row_template``."""
        return {column.name: True for column in self.columns}

    def lines(self) -> Iterator[tuple[BoundRow, list[tuple[Head, Any]]]]:
        """Yield the rows of the page with their cells; without, where ``row_template`` draws those."""
        columns = [] if self.row_template else [(self._head(column), column) for column in self.columns]
        for row in self.paginated_rows:
            yield row, [(head, self._cell(row, column)) for head, column in columns]

    def _head(self, column: BoundColumn) -> Head:
        look = column.attrs["td"]["class"] or ""
        if column.name == self.row_header:
            return Head(format_html('<th scope="row" role="rowheader" class="{}">', look), SafeString("</th>"))
        label = strip_tags(str(column.header))  # a phone shows it beside each value
        return Head(format_html('<td role="cell" class="{}" data-label="{}">', look, label), SafeString("</td>"))

    def _cell(self, row: BoundRow, column: BoundColumn) -> Any:
        """Draw a cell. Most are drawn without asking anew, cell by cell, which arguments their column wants."""
        own = column.column
        if not isinstance(own, TextColumn | PartColumn) or hasattr(self, f"render_{column.name}"):
            return row.get_cell(column.name)
        word = getattr(row.record, f"get_{column.accessor}_display", None)
        value = column.accessor.resolve(row.record, quiet=True) if word is None else word()
        if value in own.empty_values:
            return column.default
        if isinstance(own, TextColumn):
            return value
        return own.render(record=row.record, table=self, value=value, bound_column=column, bound_row=row, column=own)

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return ``rows`` in the order that they have, asked for in the way that is answered soonest."""
        return rows

    def parts(self, rows: QuerySet[Any]) -> Sequence[Keys]:
        """Return the keys of ``rows`` in their order, in parts that follow one another.

        Several are for an order that no index has, while each part of it has one.
        """
        return (rows.values_list("pk", flat=True),)

    @property
    def sorted_by(self) -> str:
        """The column that decides the order first; ties have an order too, but only one arrow is shown."""
        return str(self.order_by[0]).lstrip("-") if self.order_by else ""


class ListPaginator(LongPaginator):
    """Pages the rows of a table."""

    @property
    def rows(self) -> Any:
        return cast(BoundRows, self.object_list).data.data

    @property
    def parts(self) -> Sequence[Keys]:
        found: Sequence[Keys] = cast(BoundRows, self.object_list).table.parts(self.rows)
        return found

    def dress(self, rows: Sequence[Any]) -> BoundRows:
        return BoundRows(rows, table=cast(BoundRows, self.object_list).table)


def arrange(request: HttpRequest, table: ListTable, *, page_size: int = PAGE_SIZE) -> ListTable:
    """Sort and page ``table`` by the query string; sizes other than the offered ones count as the default."""
    try:
        per_page = int(request.GET.get(table.prefixed_per_page_field, page_size))
    except ValueError:
        per_page = page_size
    try:
        page = int(request.GET.get(table.prefixed_page_field, 1))
    except ValueError:
        page = 1
    tables.RequestConfig(request, paginate=False).configure(table)
    if isinstance(table.data.data, QuerySet):
        table.data.data = _to_the_last_key(table.ordered(table.data.data))
    try:
        table.paginate(
            ListPaginator, per_page=per_page if per_page in (*PAGE_SIZES, page_size) else page_size, page=page
        )
    except EmptyPage:
        table.page = table.paginator.last_page()
    return table


def _to_the_last_key(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Order ties by the primary key, so that no row is on two pages or on none.

    In the direction of what is ordered by last: an index on both is then read from either of its ends.
    """
    order = rows.query.order_by
    last = order[-1] if order else "pk"
    is_falling = last.startswith("-") if isinstance(last, str) else bool(getattr(last, "descending", False))
    return rows.order_by(*order, "-pk" if is_falling else "pk")


def list_page(
    request: HttpRequest,
    template: str,
    *,
    filterset: django_filters.FilterSet,
    table: ListTable,
    context: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Answer a filtered list: the whole page, for htmx only what goes into #results, or all its rows as a file."""
    table.is_live = True
    looks.apply(request, table)
    table.is_filtered = any(value for name, value in request.GET.items() if name in filterset.filters)
    arrange(request, table)
    if table.has_file and (file := looks.as_file(request, table)) is not None:
        return cast(HttpResponse, file)  # streamed or not: views only hand it on
    is_part = bool(getattr(request, "htmx", False)) and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(
        request,
        "components/results.html" if is_part else template,
        {"table": table, "filter": filterset, **(context or {})},
    )
    patch_vary_headers(response, ["HX-Request"])
    return response


class MovementTable(ListTable):
    """Movements, newest first, with the balances after each. Not sortable: their order is their meaning."""

    recorded_at = TimeColumn(verbose_name=_("When"))
    kind = PartColumn("inventory/cells/movement_kind.html", verbose_name=_("Movement"), css_class="cell-wide")
    warehouse = TextColumn(accessor="warehouse__name", verbose_name=_("Warehouse"))
    on_hand_delta = DeltaColumn(verbose_name=_("On hand"))
    reserved_delta = DeltaColumn(verbose_name=_("Reserved"))
    unsellable_delta = DeltaColumn(verbose_name=_("Unsellable"))
    on_hand_after = NumberColumn(verbose_name=_("On hand after"))
    available_after = NumberColumn(verbose_name=_("Available after"))

    class Meta:
        orderable = False

    row_header = "kind"
    caption = _("Movements")
    empty_icon = "history"
    empty_title = _("No movements yet")


class WarehouseMovementTable(MovementTable):
    """The movements of one warehouse, by SKU."""

    sku = PartColumn("inventory/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))

    class Meta(MovementTable.Meta):
        exclude = ("warehouse",)
        sequence = ("recorded_at", "kind", "sku", "...")


class StockChangeTable(MovementTable):
    """What people did to stock, wherever it is kept."""

    sku = PartColumn("inventory/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))

    class Meta(MovementTable.Meta):
        sequence = ("recorded_at", "kind", "sku", "warehouse", "...")


class WarehouseTable(ListTable):
    name = PartColumn("inventory/cells/warehouse.html", verbose_name=_("Warehouse"))
    code = TextColumn(verbose_name=_("Code"), attrs={"td": {"class": "code"}})
    priority = NumberColumn(verbose_name=_("Priority"))
    skus = NumberColumn(verbose_name=_("SKUs"))
    on_hand = NumberColumn(verbose_name=_("On hand"))
    reserved = NumberColumn(verbose_name=_("Reserved"))
    available = NumberColumn(verbose_name=_("Available"))
    unsellable = NumberColumn(verbose_name=_("Unsellable"))

    row_header = "name"
    caption = _("Warehouses")
    empty_icon = "warehouse"
    empty_title = _("No warehouse yet")
    empty_action = _("Add a warehouse")


class StockLevelTable(ListTable):
    sku = PartColumn("inventory/cells/sku.html", accessor="sku__code", verbose_name=_("SKU"))
    name = TextColumn(accessor="sku__name", verbose_name=_("Name"))
    on_hand = NumberColumn(verbose_name=_("On hand"))
    reserved = NumberColumn(verbose_name=_("Reserved"))
    available = NumberColumn(verbose_name=_("Available"))
    unsellable = NumberColumn(verbose_name=_("Unsellable"))

    row_header = "sku"
    caption = _("Stock")
    empty_icon = "sku"
    empty_title = _("Nothing is kept here yet")
