"""The product's icons: strokes on a 16 × 16 grid, sent inline so that no request and no font is needed."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

# Markup of our own, never of a person: that is what makes mark_safe right here.
SHAPES = {
    "activity": '<path d="M1.5 8.5h2.8l2-5.5 3.4 10 2-4.5h2.8"/>',
    "adjust": '<path d="M2 5h5m4 0h3M2 11h2m4 0h6"/><circle cx="9" cy="5" r="1.8"/><circle cx="6" cy="11" r="1.8"/>',
    "alert": '<path d="M8 2.2 14.4 13.4H1.6Z"/><path d="M8 6.4v3.2M8 11.5v.1"/>',
    "archive": '<path d="M2 3h12v3H2zM3 6v7h10V6M6.5 9h3"/>',
    "arrow-down": '<path d="M8 3v10M4 9l4 4 4-4"/>',
    "arrow-right": '<path d="M3 8h10M9 4l4 4-4 4"/>',
    "arrow-up": '<path d="M8 13V3M4 7l4-4 4 4"/>',
    "barcode": '<path d="M2 3.5v9M5 3.5v9M7.5 3.5v9M10.5 3.5v9M14 3.5v9"/>',
    "brand": '<path d="M1.5 5.5h13M3 5.5c0 4.4 2 6.6 5 6.6s5-2.2 5-6.6M8 12v2.5"/>',
    "channel": '<path d="M2.5 6.5v7h11v-7M1.8 6.3 3 2.5h10l1.2 3.8a1.9 1.9 0 0 1-3.1.9 2.2 2.2 0 0 1-3.1 0'
    ' 2.2 2.2 0 0 1-3.1 0 1.9 1.9 0 0 1-3.1-.9Z"/><path d="M6.3 13.5V10h3.4v3.5"/>',
    "check": '<path d="m3 8.5 3.2 3.2L13 4.8"/>',
    "check-circle": '<circle cx="8" cy="8" r="6"/><path d="m5.4 8.2 1.8 1.8 3.4-3.7"/>',
    "chevron-down": '<path d="m4 6 4 4 4-4"/>',
    "chevron-left": '<path d="m10 4-4 4 4 4"/>',
    "chevron-right": '<path d="m6 4 4 4-4 4"/>',
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4.6V8l2.3 1.5"/>',
    "code": '<path d="m5.2 4.6-3.4 3.4 3.4 3.4M10.8 4.6l3.4 3.4-3.4 3.4M9.2 3.2 6.8 12.8"/>',
    "columns": '<rect x="2" y="2.6" width="12" height="10.8" rx="1.2"/><path d="M6 2.6v10.8M10 2.6v10.8"/>',
    "compare": '<path d="M8 2.5v11M5 13.5h6M2.8 4.5h10.4M3.6 4.7 1.6 9.2h4ZM12.4 4.7l-2 4.5h4Z"/>',
    "count": '<rect x="3" y="2.8" width="10" height="11" rx="1.2"/>'
    '<path d="M6 2.8V1.6h4v1.2M5.6 8.4l1.6 1.6 3.2-3.4"/>',
    "cross": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "cross-circle": '<circle cx="8" cy="8" r="6"/><path d="m5.9 5.9 4.2 4.2M10.1 5.9l-4.2 4.2"/>',
    "dash": '<path d="M4 8h8"/>',
    "dot": '<circle cx="8" cy="8" r="2.6" class="icon-solid"/>',
    "edit": '<path d="M10.8 2.8 13.2 5.2 5.6 12.8l-3 .6.6-3Z"/>',
    "external": '<path d="M9 2.5h4.5V7M13.2 2.8 7.5 8.5M11.5 9.5v4h-9v-9h4"/>',
    "eye": '<path d="M1.4 8S3.8 3.6 8 3.6 14.6 8 14.6 8 12.2 12.4 8 12.4 1.4 8 1.4 8Z"/>'
    '<circle cx="8" cy="8" r="1.9"/>',
    "filter": '<path d="M2 4h12M4.5 8h7M6.8 12h2.4"/>',
    "history": '<path d="M2.4 8a5.6 5.6 0 1 0 1.8-4.1L2.2 5.8M2.2 2.6v3.2h3.2"/><path d="M8 5v3.2l2.1 1.3"/>',
    "info": '<circle cx="8" cy="8" r="6"/><path d="M8 7.4v3.4M8 5.1v.1"/>',
    "key": '<circle cx="5.2" cy="10.8" r="2.9"/><path d="m7.3 8.7 6-6M11 5l2 2"/>',
    "link": '<path d="M6.7 9.3a2.6 2.6 0 0 0 3.7 0l2.3-2.3A2.6 2.6 0 0 0 9 3.3l-.8.8M9.3 6.7a2.6 2.6 0 0 0-3.7 0L3.3 9'
    'A2.6 2.6 0 0 0 7 12.7l.8-.8"/>',
    "listing": '<path d="M2.4 2.4h5.4l6 6-5.4 5.4-6-6Z"/><path d="M5.3 5.3v.1"/>',
    "lock": '<rect x="3" y="7" width="10" height="6.8" rx="1.2"/><path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2"/>',
    "menu": '<path d="M2 4.5h12M2 8h12M2 11.5h12"/>',
    "bell": '<path d="M3.4 11.4h9.2l-1.2-1.8V6.8a3.4 3.4 0 0 0-6.8 0v2.8ZM6.6 13.6h2.8"/>',
    "people": '<circle cx="6" cy="5.4" r="2.4"/><path d="M1.8 13.2a4.2 4.2 0 0 1 8.4 0M10.4 3.2a2.4 2.4 0 0 1 0 4.4'
    'M11.6 9.3a4.2 4.2 0 0 1 2.6 3.9"/>',
    "merge": '<path d="M4 2.5v3.2c0 2 4 2.6 4 4.6v3.2M12 2.5v3.2c0 2-4 2.6-4 4.6M5.6 11.2 8 13.6l2.4-2.4"/>',
    "moon": '<path d="M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7Z"/>',
    "more": '<path d="M3.5 8v.1M8 8v.1M12.5 8v.1"/>',
    "order": '<path d="M3 2h10v12l-1.7-1.2L9.7 14 8 12.8 6.3 14l-1.6-1.2L3 14ZM5.6 5.4h4.8M5.6 8.2h4.8"/>',
    "overview": '<rect x="2" y="2" width="5" height="6.4" rx="1"/><rect x="9" y="2" width="5" height="3.6" rx="1"/>'
    '<rect x="2" y="10.4" width="5" height="3.6" rx="1"/><rect x="9" y="7.6" width="5" height="6.4" rx="1"/>',
    "pause": '<circle cx="8" cy="8" r="6"/><path d="M6.4 5.8v4.4M9.6 5.8v4.4"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "push": '<path d="M8 10V2.6M5 5.4l3-2.9 3 2.9M2.5 9.5v4h11v-4"/>',
    "receive": '<path d="M8 2.5V10M5 7.1l3 2.9 3-2.9M2.5 9.5v4h11v-4"/>',
    "refresh": '<path d="M13.4 6.6A5.6 5.6 0 0 0 3 5.6M2.6 9.4A5.6 5.6 0 0 0 13 10.4M13.6 3v3.6H10M2.4 13V9.4H6"/>',
    "return": '<path d="M5.6 3 2.6 6l3 3M2.8 6h6.6a3.8 3.8 0 0 1 0 7.6H6"/>',
    "search": '<circle cx="7" cy="7" r="4.4"/><path d="m10.4 10.4 3.4 3.4"/>',
    "sell-down": '<path d="M2 4l4.2 4.2 2.4-2.4L14 11.2M10.4 11.4H14V7.8"/>',
    "settings": '<circle cx="8" cy="8" r="2"/><path d="M8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4'
    'M12.4 3.6 11 5M5 11l-1.4 1.4"/>',
    "sign-out": '<path d="M6.5 2.5h-4v11h4M10 5l3 3-3 3M13 8H6"/>',
    "sku": '<path d="M8 1.8 13.6 5v6L8 14.2 2.4 11V5ZM2.6 5.1 8 8.2l5.4-3.1M8 8.2v6"/>',
    "source": '<path d="M2.4 4.2c0-1.1 2.5-2 5.6-2s5.6.9 5.6 2-2.5 2-5.6 2-5.6-.9-5.6-2Z"/>'
    '<path d="M2.4 4.2v7.6c0 1.1 2.5 2 5.6 2s5.6-.9 5.6-2V4.2M2.4 8c0 1.1 2.5 2 5.6 2s5.6-.9 5.6-2"/>',
    "stop": '<path d="M5.4 2h5.2L14 5.4v5.2L10.6 14H5.4L2 10.6V5.4Z"/><path d="M8 5v3.4M8 10.8v.1"/>',
    "sun": '<circle cx="8" cy="8" r="2.8"/><path d="M8 1.4v1.4M8 13.2v1.4M1.4 8h1.4M13.2 8h1.4M3.3 3.3l1 1'
    'M11.7 11.7l1 1M12.7 3.3l-1 1M4.3 11.7l-1 1"/>',
    "system": '<rect x="1.8" y="2.6" width="12.4" height="8.4" rx="1.2"/><path d="M5.6 13.6h4.8M8 11v2.6"/>',
    "transfer": '<path d="M2.5 5.4h10M9.6 2.5l2.9 2.9-2.9 2.9M13.5 10.8h-10M6.4 7.9l-2.9 2.9 2.9 2.9"/>',
    "unlink": '<path d="m7.6 4.7 1.2-1.2a2.6 2.6 0 0 1 3.7 3.7l-1.2 1.2M8.4 11.3l-1.2 1.2a2.6 2.6 0 0 1-3.7-3.7l1.2-1.2'
    'M5.2 2v2M2 5.2h2M10.8 14v-2M14 10.8h-2"/>',
    "user": '<circle cx="8" cy="5.2" r="2.8"/><path d="M2.6 13.8a5.4 5.4 0 0 1 10.8 0"/>',
    "warehouse": '<path d="M1.8 13.8V6L8 2.4 14.2 6v7.8M4.6 13.8V8.2h6.8v5.6M4.6 11h6.8"/>',
}


def svg(name: str, *, label: str = "") -> SafeString:
    """Return one icon. Without a ``label`` it is decoration: the word beside it carries the meaning."""
    shape = mark_safe(SHAPES[name])  # noqa: S308 — a constant of this module
    if label:
        return format_html('<svg class="icon" viewBox="0 0 16 16" role="img" aria-label="{}">{}</svg>', label, shape)
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', shape)
