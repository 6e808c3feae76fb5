"""The verb of every address, by the name of its view. An address that stands here not at all is refused to all.

A pair is the verb for reading (GET, HEAD, OPTIONS) and the verb for everything else. The pages that only ask before
something is done have the verb of what they do.
"""

from __future__ import annotations

from typing import Final

from access.roles import Verb

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

# Before anybody is signed in, or with a proof of its own: a signature, a signed link, a token for metrics.
PUBLIC: Final = frozenset(
    {
        "account_login",
        "account_logout",
        "account_signup",
        "account_inactive",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "account_confirm_email",
        "account_confirm_login_code",
        "account_email_verification_sent",
        "api:docs",
        "api:schema",
        "api:nothing",
        "channels:healthz",
        "channels:readyz",
        "dashboard:theme",
        "sources:events",
        "sources:events_of",
        "sources:inventory.sources.ingress.take_event",
    }
)

# The pages of Django's admin, which the owner has for engineers.
_NAMESPACES: Final = {"admin": Verb.PEOPLE}

_SEE = Verb.SEE

ROUTES: Final[dict[str, Verb | tuple[Verb, Verb]]] = {
    # A person's own affairs
    "account_change_password": Verb.OWN,
    "account_set_password": Verb.OWN,
    "account_email": Verb.OWN,
    "account_reauthenticate": Verb.OWN,
    "reconciliation:digest": Verb.OWN,
    "reconciliation:view_save": Verb.OWN,
    "reconciliation:view_delete": Verb.OWN,
    "developers:token_list": Verb.OWN,
    "developers:token_new": Verb.OWN,
    "developers:token_revoke": Verb.OWN,
    # Overview and SKUs
    "dashboard:overview": _SEE,
    "dashboard:components": Verb.PEOPLE,
    "dashboard:sku_list": _SEE,
    "dashboard:sku_detail": _SEE,
    "dashboard:sku_new": Verb.CATALOGUE,
    "dashboard:sku_edit": Verb.CATALOGUE,
    "dashboard:sku_archive": Verb.CATALOGUE,
    "dashboard:sku_receive": Verb.STOCK,
    "dashboard:sku_adjust": Verb.STOCK,
    "dashboard:sku_count": Verb.STOCK,
    "dashboard:sku_transfer": Verb.STOCK,
    "dashboard:sku_reclassify": Verb.STOCK,
    "dashboard:sku_return": Verb.STOCK,
    # Shops
    "dashboard:shop": Verb.SELL,
    "dashboard:shop_sell": Verb.SELL,
    "dashboard:shop_add": Verb.SELL,
    "dashboard:shop_line": Verb.SELL,
    "dashboard:shop_kind": Verb.SELL,
    "dashboard:shop_finish": Verb.SELL,
    "dashboard:shop_void": Verb.SELL,
    "dashboard:shop_file": Verb.SELL,
    "dashboard:shop_sales": _SEE,
    "dashboard:shop_resolve": Verb.SELL,
    # Warehouses and stock sources
    "inventory:warehouse_list": _SEE,
    "inventory:warehouse_detail": _SEE,
    "inventory:warehouse_movements": _SEE,
    "inventory:warehouse_new": Verb.WAREHOUSES,
    "inventory:warehouse_edit": Verb.WAREHOUSES,
    "sources:source_list": _SEE,
    "sources:source_detail": _SEE,
    "sources:source_stock": _SEE,
    "sources:source_history": _SEE,
    "sources:source_shipments": _SEE,
    "sources:source_events": _SEE,
    "sources:pull_detail": _SEE,
    "sources:pull_decide": Verb.REVIEW,
    "sources:reading_accept": Verb.REVIEW,
    "sources:event_again": Verb.ASK,
    "sources:source_upload": Verb.STOCK,
    "sources:source_read": Verb.ASK,
    "sources:source_check": Verb.ASK,
    "sources:connect": Verb.SOURCES,
    "sources:connect_kind": Verb.SOURCES,
    "sources:source_locations": Verb.SOURCES,
    "sources:source_settings": Verb.SOURCES,
    "sources:source_secret": Verb.SOURCES,
    "sources:source_reconnect": Verb.SOURCES,
    "sources:source_disconnect": Verb.SOURCES,
    # Channels
    "channels:channel_list": _SEE,
    "channels:channel_detail": _SEE,
    "channels:channel_connect": Verb.CHANNELS,
    "channels:connect_callback": Verb.CHANNELS,
    "channels:connect_platform": Verb.CHANNELS,
    "channels:connect_consent": Verb.CHANNELS,
    "channels:connect_continue": Verb.CHANNELS,
    "channels:channel_settings": Verb.CHANNELS,
    "channels:channel_reconnect": Verb.CHANNELS,
    "channels:channel_mode": Verb.CHANNELS,
    "channels:channel_opening": Verb.CHANNELS,
    "channels:channel_allow": Verb.CHANNELS,
    "channels:channel_disconnect": Verb.CHANNELS,
    "channels:channel_import": Verb.ASK,
    "channels:channel_push": Verb.ASK,
    "channels:channel_poll": Verb.ASK,
    "channels:channel_check": Verb.ASK,
    # Listings and their mapping
    "channels:listing_list": _SEE,
    "channels:listing_detail": _SEE,
    "channels:listing_unmapped": _SEE,
    "channels:listing_keys": _SEE,
    "channels:listing_collisions": _SEE,
    "channels:listing_not_pushing": _SEE,
    "channels:listing_pushing_unmapped": _SEE,
    "channels:mapping_run_list": _SEE,
    "channels:mapping_run": _SEE,
    "channels:mapping_history": _SEE,
    "channels:mapping_export": _SEE,
    "channels:mapping_file": Verb.MAPPING,
    "channels:mapping_run_apply": Verb.MAPPING,
    "channels:mapping_run_discard": Verb.MAPPING,
    "channels:mapping_run_undo": Verb.MAPPING,
    "channels:listing_create_missing": Verb.MAPPING,
    "channels:listing_ignore_beside": Verb.MAPPING,
    "channels:listing_find": Verb.MAPPING,
    "channels:listing_link": Verb.MAPPING,
    "channels:listing_unlink": Verb.MAPPING,
    "channels:listing_ignore": Verb.MAPPING,
    "channels:listing_take_back": Verb.MAPPING,
    "channels:listing_create_sku": Verb.MAPPING,
    "channels:listing_retry": Verb.ASK,
    "channels:listing_track": Verb.CHANNELS,
    "channels:listing_hold_back": Verb.RULES,
    # Orders and what came and went
    "channels:order_list": _SEE,
    "channels:order_detail": _SEE,
    "channels:order_fetch": Verb.ASK,
    "channels:activity": _SEE,
    "channels:activity_changes": _SEE,
    "channels:event_detail": _SEE,
    "channels:event_replay": Verb.ASK,
    "channels:event_replay_failed": Verb.ASK,
    "channels:push_list": _SEE,
    # Reconciliation
    "reconciliation:queue": _SEE,
    "reconciliation:counts": _SEE,
    "reconciliation:keys": _SEE,
    "reconciliation:export": _SEE,
    "reconciliation:discrepancy": _SEE,
    "reconciliation:of_listing": _SEE,
    "reconciliation:batch": _SEE,
    "reconciliation:count_tasks": _SEE,
    "reconciliation:run_list": _SEE,
    "reconciliation:run": _SEE,
    "reconciliation:levels": _SEE,
    "reconciliation:levels_export": _SEE,
    "reconciliation:assign": Verb.REVIEW,
    "reconciliation:note": Verb.REVIEW,
    "reconciliation:undo": Verb.REVIEW,
    "reconciliation:decide": Verb.REVIEW,
    "reconciliation:check": Verb.REVIEW,
    "reconciliation:batch_new": Verb.REVIEW,
    "reconciliation:batch_undo": Verb.REVIEW,
    "reconciliation:batch_stop": Verb.REVIEW,
    "reconciliation:run_new": Verb.REVIEW,
    "reconciliation:run_stop": Verb.REVIEW,
    "reconciliation:run_allow": Verb.REVIEW,
    "reconciliation:schedule": Verb.RULES,
    "reconciliation:levels_edit": Verb.RULES,
    "reconciliation:levels_many": Verb.RULES,
    "reconciliation:levels_review": Verb.RULES,
    "reconciliation:levels_import": Verb.RULES,
    # Developers
    "developers:home": _SEE,
    "developers:endpoint_list": _SEE,
    "developers:endpoint_detail": _SEE,
    "developers:event_list": _SEE,
    "developers:event_detail": _SEE,
    "developers:delivery_detail": _SEE,
    "developers:endpoint_new": Verb.WEBHOOKS,
    "developers:endpoint_edit": Verb.WEBHOOKS,
    "developers:endpoint_test": Verb.WEBHOOKS,
    "developers:endpoint_secret": Verb.WEBHOOKS,
    "developers:endpoint_switch": Verb.WEBHOOKS,
    "developers:endpoint_replay": Verb.WEBHOOKS,
    "developers:endpoint_remove": Verb.WEBHOOKS,
    "developers:delivery_replay": Verb.WEBHOOKS,
    # The REST API; a token needs the scope as well
    "api:me": _SEE,
    "api:events": _SEE,
    "api:adjustments": Verb.STOCK,
    "api:counts": Verb.STOCK,
    "api:receipts": Verb.STOCK,
    "api:returns": Verb.STOCK,
    "api:transfers": Verb.STOCK,
    "api:warehouse-list": (_SEE, Verb.WAREHOUSES),
    "api:warehouse-detail": (_SEE, Verb.WAREHOUSES),
    "api:sku-list": (_SEE, Verb.CATALOGUE),
    "api:sku-detail": (_SEE, Verb.CATALOGUE),
    "api:sku-archive": Verb.CATALOGUE,
    "api:sku-restore": Verb.CATALOGUE,
    "api:sku-components": (_SEE, Verb.CATALOGUE),
    "api:stocklevel-list": _SEE,
    "api:movement-list": _SEE,
    "api:movement-detail": _SEE,
    "api:reservation-list": (_SEE, Verb.STOCK),
    "api:reservation-detail": _SEE,
    "api:reservation-fulfil": Verb.STOCK,
    "api:reservation-release": Verb.STOCK,
    "api:sale-list": (_SEE, Verb.SELL),
    "api:sale-batch": Verb.SELL,
    "api:sale-detail": _SEE,
    "api:sale-resolve": Verb.SELL,
    "api:channel-list": _SEE,
    "api:channel-detail": (_SEE, Verb.CHANNELS),
    "api:listing-list": _SEE,
    "api:listing-detail": (_SEE, Verb.MAPPING),
    "api:order-list": _SEE,
    "api:order-detail": _SEE,
    "api:inbox-list": _SEE,
    "api:inbox-detail": _SEE,
    "api:push-list": _SEE,
    "api:push-detail": _SEE,
    "api:endpoint-list": (_SEE, Verb.WEBHOOKS),
    "api:endpoint-detail": (_SEE, Verb.WEBHOOKS),
    "api:endpoint-disable": Verb.WEBHOOKS,
    "api:endpoint-enable": Verb.WEBHOOKS,
    "api:endpoint-replay": Verb.WEBHOOKS,
    "api:endpoint-rotate": Verb.WEBHOOKS,
    "api:endpoint-test": Verb.WEBHOOKS,
    "api:delivery-list": _SEE,
    "api:delivery-detail": _SEE,
    "api:delivery-replay": Verb.WEBHOOKS,
    "api:hook-list": (_SEE, Verb.WEBHOOKS),
    "api:hook-detail": (_SEE, Verb.WEBHOOKS),
    "api:hook-samples": _SEE,
}


class UndeclaredRoute(LookupError):
    """The address has no verb: add its name to access.routes.ROUTES."""


def is_public(view_name: str) -> bool:
    return view_name in PUBLIC


def verb_of(view_name: str, method: str) -> Verb:
    """Return the verb that the address needs for the method. Raises UndeclaredRoute."""
    namespace = view_name.partition(":")[0]
    declared = ROUTES.get(view_name) or _NAMESPACES.get(namespace)
    if declared is None:
        raise UndeclaredRoute(f"{view_name} has no verb: add it to access.routes.ROUTES.")
    if isinstance(declared, Verb):
        return declared
    return declared[0] if method in _SAFE else declared[1]
