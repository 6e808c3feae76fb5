"""What a browser calls itself, in two words."""

from __future__ import annotations

from django.utils.translation import gettext as _

# In this order: most browsers also claim to be those that come after them.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def name_of(user_agent: str) -> str:
    """Return for example “Firefox on Windows”; what nobody knows stays as it is, cut short."""
    browser = next((name for mark, name in _BROWSERS if f"{mark}/" in user_agent or f"{mark}OS/" in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or user_agent[:60] or _("Unknown browser")
