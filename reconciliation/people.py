"""What each person arranges for themselves: views of the queue, and the mail they want."""

from __future__ import annotations

from datetime import datetime

from reconciliation.models import DigestPreference, SavedView


def save_view(*, user_id: int, name: str, query: str, is_shared: bool) -> SavedView:
    """Keep a filter of the queue under a name; the person's view of that name is replaced."""
    view, _created = SavedView.objects.update_or_create(
        user_id=user_id, name=name, defaults={"query": query, "is_shared": is_shared}
    )
    return view


def delete_view(view: SavedView) -> None:
    """Forget a saved view; what it showed stays as it is."""
    view.delete()


def set_digest(
    *,
    user_id: int,
    is_enabled: bool,
    least_severity: int,
    wants_failed_runs: bool,
    wants_channels: bool,
    now: datetime,
) -> DigestPreference:
    """Keep what a person wants to be mailed about. Whoever turns it on is told only of what comes from now on."""
    wanted = {
        "is_enabled": is_enabled,
        "least_severity": least_severity,
        "wants_failed_runs": wants_failed_runs,
        "wants_channels": wants_channels,
    }
    before = DigestPreference.objects.filter(user_id=user_id).first()
    starts_anew = is_enabled and (before is None or not before.is_enabled)
    preference, _created = DigestPreference.objects.update_or_create(
        user_id=user_id,
        defaults={**wanted, "told_to": now} if starts_anew or before is None else wanted,
    )
    return preference
