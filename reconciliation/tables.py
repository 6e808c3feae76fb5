"""The lists of this app."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory.tables import DeltaColumn, ListTable, NumberColumn, PartColumn, StateColumn, TextColumn, TimeColumn
from reconciliation.words import Verb

# What the keys of the review press; each verb also stands on the page.
KEYS = (
    (Verb.KEEP_OURS, "o"),
    (Verb.TAKE_THEIRS, "t"),
    (Verb.RECOUNT, "r"),
    (Verb.SNOOZE, "s"),
    (Verb.IGNORE, "i"),
    (Verb.CHANGE_MAPPING, "m"),
)


class PickColumn(PartColumn):
    """A box to pick the row with, and in the header one for the whole page, which only a script can act on."""

    @property
    def header(self) -> SafeString:
        return format_html(
            '<input type="checkbox" data-pick-all aria-label="{}">', gettext("Pick every row of the page")
        )


class QueueTable(ListTable):
    """What disagrees, worst first unless a person sorts it."""

    pick = PickColumn(
        "reconciliation/cells/pick.html", css_class="cell-pick", empty_values=(), orderable=False, verbose_name=""
    )
    sku = PartColumn("reconciliation/cells/what.html", verbose_name=_("SKU"), order_by=("sku__code", "listing__title"))
    channel = TextColumn(accessor="channel__name", verbose_name=_("Channel"), attrs={"td": {"class": "cell-name"}})
    ledger_says = NumberColumn(verbose_name=_("Ledger"))
    channel_shows = NumberColumn(verbose_name=_("Shows"))
    difference = PartColumn("reconciliation/cells/difference.html", verbose_name=_("Difference"), css_class="number")
    cause = PartColumn("reconciliation/cells/cause.html", verbose_name=_("Cause"))
    first_seen_at = TimeColumn(verbose_name=_("Found"))
    proposal = PartColumn(
        "reconciliation/cells/proposal.html",
        verbose_name=_("Proposal"),
        css_class="table-actions cell-wide",
        empty_values=(),
    )

    resolved_at = TimeColumn(verbose_name=_("Decided"))

    row_header = "sku"
    caption = _("What disagrees")
    empty_icon = "check-circle"
    empty_title = _("Every number agrees")
    swaps = "reconciliation/_swaps.html"
    row_template = "reconciliation/_queue_row.html"
    has_file = False  # it has one of its own, with more columns

    tail = ""  # the filter as the end of an address: links to rows take it along
    verbs: ClassVar[list[tuple[str, str, Any]]] = [(verb.value, key, verb.label) for verb, key in KEYS]

    def __init__(self, rows: Any, *, sort: str = "", is_decided: bool = False, **kwargs: Any) -> None:
        hidden = () if is_decided else ("resolved_at",)
        super().__init__(rows, order_by=sort or None, exclude=hidden, **kwargs)

    def render_channel(self, record: Any) -> str:
        return str(record.channel.name if record.channel is not None else record.source_name)


class EarlierTable(ListTable):
    """The discrepancies that a listing had before."""

    first_seen_at = TimeColumn(verbose_name=_("Found"))
    difference = PartColumn("reconciliation/cells/difference.html", verbose_name=_("Difference"), css_class="number")
    cause = PartColumn("reconciliation/cells/cause.html", verbose_name=_("Cause"))
    state = StateColumn(verbose_name=_("Status"))

    class Meta:
        orderable = False


class BatchItemTable(ListTable):
    """What became of each row of a batch."""

    discrepancy = PartColumn("reconciliation/cells/item.html", verbose_name=_("SKU"), orderable=False)
    channel = TextColumn(accessor="discrepancy__channel__name", verbose_name=_("Channel"), orderable=False)
    difference = DeltaColumn(accessor="discrepancy__difference", verbose_name=_("Difference"), orderable=False)
    state = StateColumn(verbose_name=_("Result"))
    message = TextColumn(verbose_name=_("What happened"), orderable=False, attrs={"td": {"class": "cell-wide"}})

    row_header = "discrepancy"
    caption = _("Results")


class RunTable(ListTable):
    channel = PartColumn("reconciliation/cells/run.html", verbose_name=_("Run"), order_by=("channel__name",))
    state = StateColumn(verbose_name=_("State"))
    started_at = TimeColumn(verbose_name=_("Started"))
    took = PartColumn("reconciliation/cells/took.html", verbose_name=_("Took"), css_class="number")
    listings_read = NumberColumn(verbose_name=_("Read"))
    calls = NumberColumn(verbose_name=_("Calls"))
    found = NumberColumn(verbose_name=_("Found"))
    healed = NumberColumn(verbose_name=_("Healed"))
    open_after = NumberColumn(verbose_name=_("Open after"))

    row_header = "channel"
    caption = _("Runs")
    empty_icon = "history"
    empty_title = _("No run yet")
    empty_action = _("Start the first")


class FindingTable(ListTable):
    listing = PartColumn("reconciliation/cells/finding.html", verbose_name=_("Listing"), orderable=False)
    ledger_says = NumberColumn(verbose_name=_("Ledger says"))
    channel_shows = NumberColumn(verbose_name=_("Channel shows"))
    cause = PartColumn("reconciliation/cells/cause.html", verbose_name=_("Cause"))
    state = StateColumn(verbose_name=_("Outcome"))
    note = TextColumn(verbose_name=_("Note"), orderable=False, attrs={"td": {"class": "cell-wide small muted"}})

    row_header = "listing"
    caption = _("What it found")
    empty_icon = "check-circle"
    empty_title = _("It found nothing that differs")


class CountTaskTable(ListTable):
    sku = PartColumn("reconciliation/cells/task.html", accessor="sku__code", verbose_name=_("SKU"))
    warehouse = TextColumn(accessor="warehouse__name", verbose_name=_("Warehouse"))
    reason = TextColumn(verbose_name=_("Why"), orderable=False, attrs={"td": {"class": "cell-wide"}})
    asked_by = PartColumn("reconciliation/cells/actor.html", verbose_name=_("Asked by"))
    asked_at = TimeColumn(verbose_name=_("Asked"))
    verbs = PartColumn(
        "reconciliation/cells/task_verbs.html",
        verbose_name="",
        css_class="table-actions cell-wide",
        empty_values=(),
        orderable=False,
    )

    row_header = "sku"
    caption = _("Counts to make")
    empty_icon = "count"
    empty_title = _("Nothing is to be counted")
