"""What each platform can do, side by side: made from the capabilities alone, for the connect page and the docs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.contract import Capabilities, WriteMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One property, and what each platform has of it, in the order of the platforms."""

    label: str
    values: tuple[str, ...]
    platforms: tuple[str, ...]  # by name

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Return each platform's name with its value."""
        return list(zip(self.platforms, self.values, strict=True))


def rows(platforms: Sequence[Capabilities]) -> list[Row]:
    """Return the table of these platforms, without its head."""
    names = tuple(each.name for each in platforms)
    return [
        Row(label=label, values=tuple(tell(each) for each in platforms), platforms=names)
        for label, tell in _properties()
    ]


def _properties() -> list[tuple[str, Callable[[Capabilities], str]]]:
    return [
        (_("Connects by"), lambda c: _("token, or consent in the browser") if c.has_oauth else _("token")),
        (_("A quantity is written"), _written),
        (_("A sale during a write"), _safety),
        (_("Done"), _done),
        (
            _("In one call"),
            lambda c: ngettext("%(n)d quantity", "%(n)d quantities", c.max_batch) % {"n": c.max_batch},
        ),
        (
            _("Locations"),
            lambda c: _("one quantity at each; a warehouse stands for each") if c.has_locations else _("one quantity"),
        ),
        (_("Reads the catalogue"), lambda c: c.reads),
        (_("Hears of sales"), lambda c: c.hears_of_sales),
        (_("Webhooks are set up"), _subscriptions),
        (_("Reads orders"), _polls),
        (
            _("Stock it holds itself"),
            lambda c: _("shown as a warehouse that only it changes") if c.holds_stock else _("none"),
        ),
    ]


def _written(capabilities: Capabilities) -> str:
    return {
        WriteMode.DELTA: _("as a difference: the platform adds and subtracts"),
        WriteMode.CAS: _("where the old number still stands (compare and set)"),
        WriteMode.GUARDED_SET: _("as a number, worked out from one read just before"),
        WriteMode.READ_ONLY: _("never"),
    }[capabilities.write_mode]


def _safety(capabilities: Capabilities) -> str:
    return {
        WriteMode.DELTA: _("is never lost"),
        WriteMode.CAS: _("is never lost: the write is refused and worked out anew"),
        WriteMode.GUARDED_SET: _("can be lost between that read and the write; the time is measured and shown"),
        WriteMode.READ_ONLY: _("nothing is written"),
    }[capabilities.write_mode]


def _done(capabilities: Capabilities) -> str:
    if not capabilities.writes_later:
        return _("at once")
    return _("later: read back for up to %(minutes)d minutes, then shown to you") % {
        "minutes": capabilities.confirm_within_seconds // 60
    }


def _subscriptions(capabilities: Capabilities) -> str:
    if not capabilities.has_webhooks and not capabilities.has_queue:
        return _("it has none")
    return _("by us, looked after every hour") if capabilities.manages_subscriptions else _("by you, once")


def _polls(capabilities: Capabilities) -> str:
    minutes = capabilities.default_poll_seconds / 60
    return ngettext("every minute", "every %(n)g minutes", round(minutes)) % {"n": minutes}


def markdown(platforms: Sequence[Capabilities]) -> str:
    """Return the table and what the app may and may not do, as the docs have them."""
    lines = ["| | " + " | ".join(each.name for each in platforms) + " |", "|---" * (len(platforms) + 1) + "|"]
    lines += [f"| **{row.label}** | " + " | ".join(row.values) + " |" for row in rows(platforms)]
    for each in platforms:
        lines += ["", f"## {each.name}", "", _("To connect:"), ""]
        lines += [f"{number}. {step}" for number, step in enumerate(each.where_to_find, 1)]
        lines += ["", _("Evenkeel may:"), "", *(f"- {sentence}" for sentence in each.app_may)]
        lines += ["", _("It may not, and never does:"), "", *(f"- {sentence}" for sentence in each.app_may_not)]
    return "\n".join(lines) + "\n"
