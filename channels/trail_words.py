"""The trail's actions and values as people say them; an action without words shows its code."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ACTIONS = {
    "batch.start": gettext_lazy("Decided about many"),
    "batch.stop": gettext_lazy("Stopped deciding about many"),
    "batch.undo": gettext_lazy("Took decisions back"),
    "channel.allow_wave": gettext_lazy("Let a large wave out"),
    "channel.connect": gettext_lazy("Connected"),
    "channel.disconnect": gettext_lazy("Disconnected"),
    "channel.mirror": gettext_lazy("Took its stock as a warehouse"),
    "channel.mode": gettext_lazy("Changed the mode"),
    "channel.options": gettext_lazy("Changed options"),
    "channel.part_live": gettext_lazy("Went live with a part"),
    "channel.reconnect": gettext_lazy("Gave new credentials"),
    "channel.resume": gettext_lazy("Let it go on"),
    "channel.settings": gettext_lazy("Changed settings"),
    "channel.stop": gettext_lazy("Stopped it in an emergency"),
    "channel.warehouses": gettext_lazy("Changed its warehouses"),
    "count.ask": gettext_lazy("Asked for a count"),
    "count.cancel": gettext_lazy("Asked for a count no longer"),
    "discrepancy.assign": gettext_lazy("Assigned"),
    "discrepancy.change-mapping": gettext_lazy("Changed the mapping"),
    "discrepancy.ignore": gettext_lazy("Ignored"),
    "discrepancy.keep-ours": gettext_lazy("Kept our number"),
    "discrepancy.recount": gettext_lazy("Asked for a count"),
    "discrepancy.snooze": gettext_lazy("Put off"),
    "discrepancy.take-theirs": gettext_lazy("Took their number"),
    "discrepancy.undo": gettext_lazy("Took the decision back"),
    "hold_back.set": gettext_lazy("Changed the hold-back"),
    "installation.second_factor": gettext_lazy("Changed who needs a second factor"),
    "listing.ignore": gettext_lazy("Said never to link"),
    "listing.link": gettext_lazy("Linked"),
    "listing.retry": gettext_lazy("Had it tried again"),
    "listing.start_tracking": gettext_lazy("Began counting its stock"),
    "listing.unlink": gettext_lazy("Unlinked"),
    "mapping.apply_file": gettext_lazy("Applied a file of mappings"),
    "mapping.create_skus": gettext_lazy("Made the missing SKUs"),
    "mapping.undo": gettext_lazy("Undid a run of mappings"),
    "order.backorder": gettext_lazy("Made it a backorder"),
    "order.backorder_off": gettext_lazy("Ended the backorder"),
    "reconciliation.channel_rule": gettext_lazy("Changed when it is compared"),
    "reconciliation.schedule": gettext_lazy("Changed the schedule"),
    "run.allow": gettext_lazy("Let a run go on"),
    "run.stop": gettext_lazy("Stopped a run"),
    "sandbox.clear": gettext_lazy("Cleared the sandbox"),
    "sandbox.load": gettext_lazy("Loaded the sandbox"),
    "sku.archive": gettext_lazy("Archived"),
    "sku.change": gettext_lazy("Changed"),
    "sku.create": gettext_lazy("Made"),
    "sku.merge": gettext_lazy("Merged it into another"),
    "sku.set_components": gettext_lazy("Changed the bundle"),
    "sku.take_in": gettext_lazy("Merged another into it"),
    "source.change": gettext_lazy("Changed settings"),
    "source.connect": gettext_lazy("Connected"),
    "source.disconnect": gettext_lazy("Disconnected"),
    "source.end_old_secret": gettext_lazy("Ended the old secret"),
    "source.locations": gettext_lazy("Changed its warehouses"),
    "source.reconnect": gettext_lazy("Gave new credentials"),
    "source.secret": gettext_lazy("Made a new secret"),
    "stock.count_many": gettext_lazy("Took many counts"),
    "stock.undo_count_many": gettext_lazy("Took counts back"),
    "token.make": gettext_lazy("Made"),
    "token.revoke": gettext_lazy("Revoked"),
    "tolerance.change": gettext_lazy("Changed the tolerance"),
    "tolerance.correct": gettext_lazy("Corrected within the tolerance"),
    "user.deactivate": gettext_lazy("Shut out"),
    "user.invite": gettext_lazy("Invited"),
    "user.invite_again": gettext_lazy("Sent the invitation again"),
    "user.join": gettext_lazy("Joined"),
    "user.password": gettext_lazy("Changed the password"),
    "user.profile": gettext_lazy("Changed the profile"),
    "user.reactivate": gettext_lazy("Let in again"),
    "user.recovery_codes": gettext_lazy("Made new recovery codes"),
    "user.role": gettext_lazy("Changed the role"),
    "user.second_factor": gettext_lazy("Turned the second factor on or off"),
    "user.second_factor_reset": gettext_lazy("Took the second factor off"),
    "user.withdraw_invitation": gettext_lazy("Withdrew the invitation"),
    "warehouse.change": gettext_lazy("Changed"),
    "warehouse.create": gettext_lazy("Made"),
    "webhook.change": gettext_lazy("Changed"),
    "webhook.give_up": gettext_lazy("Switched off: it failed too long"),
    "webhook.make": gettext_lazy("Made"),
    "webhook.remove": gettext_lazy("Removed"),
    "webhook.rotate": gettext_lazy("Made a new secret"),
    "webhook.switch_off": gettext_lazy("Switched off"),
    "webhook.switch_on": gettext_lazy("Switched on"),
}


def said(action: str) -> str:
    return str(ACTIONS.get(action, action))


def pairs(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the values that say something, each with its name, in words."""
    return [
        (name.replace("_", " "), _text(value)) for name, value in values.items() if value is not None and value != ""
    ]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value) or "—"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_text(each)}" for name, each in value.items()) or "—"
    return str(value)
