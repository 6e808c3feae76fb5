"""The components that a template writes most often. The component page shows every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.roles import Verb
from access.routes import UndeclaredRoute, verb_of
from channels.registry import PLATFORMS
from dashboard import glossary, icons, many, states, times
from dashboard.people import devices
from inventory import actors, formats

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    return icons.svg(name, label=label)


@register.simple_tag
def badge(tone: str, label: object, icon: str = "dot") -> SafeString:
    """A word with its icon and tone: good, warning, critical, info or neutral."""
    return format_html('<span class="badge badge-{}">{}{}</span>', tone, icons.svg(icon), label)


@register.simple_tag
def state(code: object, label: object) -> SafeString:
    """A state of a row by its code; ``states.LOOKS`` decides tone and icon."""
    look = states.look_of(str(code))
    return badge(look.tone, label, look.icon)


@register.simple_tag
def movement_icon(kind: str) -> SafeString:
    return icons.svg(states.MOVEMENT_ICONS.get(kind, "dot"))


@register.simple_tag(takes_context=True)
def term(context: template.Context, key: str, word: str = "") -> SafeString:
    """A word of the ledger that says what it means when it is pressed; ``key`` is one of ``glossary.TERMS``."""
    page: Any = context.render_context  # lives as long as one page is drawn
    explained = page.setdefault("explained", set())
    is_first = key not in explained
    explained.add(key)
    meant = glossary.TERMS[key]
    return SafeString(
        render_to_string(
            "components/term.html", {"key": key, "term": meant, "word": word or meant.word, "is_first": is_first}
        )
    )


@register.filter
def units(value: int | None) -> str:
    """A quantity grouped by thousands, with a true minus sign; a dash where there is none."""
    return "—" if value is None else formats.units(value)


@register.filter
def decimal(value: Decimal | float | str | None, places: int = 2) -> str:
    """A number with decimals, grouped by thousands; a dash where there is none."""
    return "—" if value is None or value == "" else formats.number(Decimal(value), places)


@register.simple_tag
def quantity(value: int | None) -> SafeString:
    """A quantity; below zero it stands out."""
    tone = "quantity is-negative" if value is not None and value < 0 else "quantity"
    return format_html('<span class="{}{}">{}</span>', tone, " is-zero" if value == 0 else "", units(value))


@register.simple_tag
def delta(value: int | None) -> SafeString:
    """A signed change, told by its sign first and by its colour second."""
    if not value:
        return format_html('<span class="delta">{}</span>', units(value))
    return format_html(
        '<span class="delta {}">{}</span>', "delta-up" if value > 0 else "delta-down", formats.change(value)
    )


@register.simple_tag
def relative_time(moment: datetime | None, never: object = "") -> SafeString:
    """“3 min ago”, exact on hover and to machines."""
    if moment is None:
        return format_html('<span class="muted">{}</span>', never or _("never"))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        times.exact(moment),
        times.relative(moment, now=timezone.now()),
    )


@register.filter
def span(length: timedelta | None) -> str:
    return times.span(length)


@register.filter
def platform_name(platform: str) -> str:
    """Return a platform as it writes itself."""
    return PLATFORMS[platform].capabilities.name if platform in PLATFORMS else platform


@register.filter
def actor(value: str) -> str:
    """Whom people know the cause of a movement or change as: “ana”, not “user:ana”."""
    return actors.name_of(value)


@register.filter
def device(user_agent: str) -> str:
    """A browser by the name that people know it by."""
    return devices.name_of(user_agent)


@register.filter
def opens_to(url: str, may: Mapping[str, bool] | str) -> bool:
    """Whether an address of ours opens to the role that ``may`` tells of; without one it is not asked."""
    if not isinstance(may, Mapping):
        return True
    try:
        return may.get(verb_of(resolve(urlsplit(str(url)).path).view_name, "GET").value, False)
    except (Resolver404, UndeclaredRoute):
        return True  # an address elsewhere, or one that everyone may open


@register.filter
def allowed(verb: Verb | str | None, may: Mapping[str, bool] | str) -> bool:
    """Whether the role that ``may`` tells of may use a verb of the table; what names none everyone may."""
    return not verb or not isinstance(may, Mapping) or may.get(Verb(verb).value, False)


@register.inclusion_tag("components/batch.html", takes_context=True)
def batch(context: template.Context, code: str) -> dict[str, Any]:
    """The bar of what can be done with many rows of a list, for those who may; ``code`` is one of ``many.ROOMS``."""
    urls = ((verb, reverse(f"dashboard:many_{code}_{verb.code}")) for verb in many.ROOMS[code].verbs)
    may = context["may"]
    return {
        "verbs": [(verb, url) for verb, url in urls if opens_to(url, may)],
        "table": context["table"],
        "request": context["request"],
    }


@register.simple_tag
def opens_dialog(url: str) -> SafeString:
    """Attributes for a link whose page also opens in the dialog; without JavaScript it stays a link."""
    return format_html('hx-get="{}" hx-target="#dialog-body" hx-swap="innerHTML" aria-haspopup="dialog"', url)


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], *pairs: object, **changes: object) -> str:
    """The page's query string with changes; None or an empty text takes a parameter out.

    ``{% query page=2 %}``, or in pairs where the names are variables: ``{% query table.page_field 2 %}``.
    """
    request: HttpRequest = context["request"]
    parameters = request.GET.copy()
    paired = zip(map(str, pairs[::2]), pairs[1::2], strict=True)
    for name, value in (*paired, *changes.items()):
        if value is None or value == "":
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}" if parameters else request.path


@register.simple_tag
def field(bound: BoundField, **options: object) -> SafeString:
    """One form field: label, control, help and errors."""
    widget = type(bound.field.widget).__name__
    return SafeString(
        render_to_string("components/field.html", {"field": bound, "is_checkbox": widget == "CheckboxInput", **options})
    )


@register.simple_block_tag
def notice(content: str, tone: str = "info", title: object = "") -> SafeString:
    """A callout. Tones: info, good, warning, critical."""
    symbol = {"good": "check-circle", "warning": "alert", "critical": "stop"}.get(tone, "info")
    return SafeString(
        render_to_string("components/notice.html", {"tone": tone, "title": title, "icon": symbol, "content": content})
    )


@register.simple_block_tag
def empty(content: str, title: object, icon: str = "sku") -> SafeString:
    """What a place shows while it has nothing, and what to do next (in the block)."""
    return SafeString(render_to_string("components/empty.html", {"title": title, "icon": icon, "content": content}))


@register.simple_block_tag
def card(content: str, title: object = "", id: str = "", flush: bool = False) -> SafeString:
    """A titled region of a page; ``flush`` lets a table run to its edges."""
    return SafeString(
        render_to_string("components/card.html", {"title": title, "id": id, "flush": flush, "content": content})
    )


@register.simple_tag
def progress(value: float, maximum: float, label: str, tone: str = "") -> SafeString:
    """A share of a whole as a bar; the numbers stand beside it."""
    share = 0 if maximum <= 0 else max(0.0, min(1.0, value / maximum))
    return format_html(
        '<svg class="progress progress-{}" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="progress-track" width="100" height="4"/>'
        '<rect class="progress-fill" width="{}" height="4"/></svg>',
        tone or "accent",
        label,
        f"{share * 100:.1f}",
    )
