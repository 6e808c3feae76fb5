"""Addresses of the channels' pages and of the health checks; webhooks are taken by ingress.WebhooksFirst."""

from django.urls import path, re_path

from channels import health
from channels.views import (
    activity,
    channels,
    connecting,
    emergency,
    listings,
    mapping,
    mapping_reports,
    mapping_runs,
    observing,
    orders,
    pushes,
    settings,
)

app_name = "channels"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    # Channels
    path("channels/", channels.channel_list, name="channel_list"),
    path("channels/stop/", emergency.channel_stop, name="channel_stop"),
    path("channels/resume/", emergency.channel_resume, name="channel_resume"),
    path("channels/connect/", connecting.channel_connect, name="channel_connect"),
    path("channels/connect/callback/", connecting.connect_callback, name="connect_callback"),
    path("channels/connect/<slug:platform>/", connecting.connect_platform, name="connect_platform"),
    path("channels/connect/<slug:platform>/consent/", connecting.connect_consent, name="connect_consent"),
    path(
        "channels/connect/<slug:platform>/consent/<slug:token>/", connecting.connect_continue, name="connect_continue"
    ),
    path("channels/<int:pk>/", channels.channel_by_number, name="channel_detail"),
    path("channels/<uuid:uuid>/", channels.channel_detail, name="channel_detail"),
    path("channels/<uuid:uuid>/settings/", settings.channel_settings, name="channel_settings"),
    path("channels/<uuid:uuid>/reconnect/", settings.channel_reconnect, name="channel_reconnect"),
    path("channels/<uuid:uuid>/mode/", channels.channel_mode, name="channel_mode"),
    path("channels/<uuid:uuid>/observe/", observing.channel_observe, name="channel_observe"),
    re_path(
        r"^channels/(?P<uuid>[0-9a-f-]{36})/observe/would-push\.(?P<kind>csv|xlsx)$",
        observing.channel_would_push,
        name="channel_would_push",
    ),
    path("channels/<uuid:uuid>/observe/share/", observing.channel_share, name="channel_share"),
    path("channels/<uuid:uuid>/opening-stock/", channels.channel_opening, name="channel_opening"),
    path("channels/<uuid:uuid>/allow/", channels.channel_allow, name="channel_allow"),
    path("channels/<uuid:uuid>/import/", channels.channel_import, name="channel_import"),
    path("channels/<uuid:uuid>/push/", channels.channel_push, name="channel_push"),
    path("channels/<uuid:uuid>/poll/", channels.channel_poll, name="channel_poll"),
    path("channels/<uuid:uuid>/check/", channels.channel_check, name="channel_check"),
    path("channels/<uuid:uuid>/disconnect/", channels.channel_disconnect, name="channel_disconnect"),
    # Listings
    path("listings/", listings.listing_list, name="listing_list"),
    path("listings/unmapped/", mapping.listing_unmapped, name="listing_unmapped"),
    path("listings/unmapped/keys/", mapping.listing_keys, name="listing_keys"),
    path("listings/unmapped/<int:pk>/create/", mapping.listing_create_missing, name="listing_create_missing"),
    path("listings/unmapped/beside/", mapping.listing_ignore_beside, name="listing_ignore_beside"),
    path("listings/collisions/", mapping_reports.listing_collisions, name="listing_collisions"),
    path("listings/not-pushing/", mapping_reports.listing_not_pushing, name="listing_not_pushing"),
    path("listings/pushing-unmapped/", mapping_reports.listing_pushing_unmapped, name="listing_pushing_unmapped"),
    path("listings/mapping/", mapping_runs.mapping_run_list, name="mapping_run_list"),
    path("listings/mapping/file/", mapping_runs.mapping_file, name="mapping_file"),
    path("listings/mapping/history/", mapping_runs.mapping_history, name="mapping_history"),
    re_path(r"^listings/mapping/mappings\.(?P<kind>csv|xlsx)$", mapping_runs.mapping_export, name="mapping_export"),
    path("listings/mapping/<int:pk>/", mapping_runs.mapping_run, name="mapping_run"),
    path("listings/mapping/<int:pk>/apply/", mapping_runs.mapping_run_apply, name="mapping_run_apply"),
    path("listings/mapping/<int:pk>/discard/", mapping_runs.mapping_run_discard, name="mapping_run_discard"),
    path("listings/mapping/<int:pk>/undo/", mapping_runs.mapping_run_undo, name="mapping_run_undo"),
    path("listings/<int:pk>/", listings.listing_detail, name="listing_detail"),
    path("listings/<int:pk>/find/", mapping.listing_link_page, name="listing_find"),
    path("listings/<int:pk>/link/", mapping.listing_link, name="listing_link"),
    path("listings/<int:pk>/unlink/", mapping.listing_unlink, name="listing_unlink"),
    path("listings/<int:pk>/ignore/", mapping.listing_ignore, name="listing_ignore"),
    path("listings/<int:pk>/take-back/", mapping.listing_take_back, name="listing_take_back"),
    path("listings/<int:pk>/new-sku/", mapping.listing_create_sku, name="listing_create_sku"),
    path("listings/<int:pk>/retry/", listings.listing_retry, name="listing_retry"),
    path("listings/<int:pk>/track/", listings.listing_track, name="listing_track"),
    path("listings/<int:pk>/hold-back/", listings.listing_hold_back, name="listing_hold_back"),
    # Orders
    path("orders/", orders.order_list, name="order_list"),
    path("orders/<int:pk>/", orders.order_detail, name="order_detail"),
    path("orders/<int:pk>/fetch/", orders.order_fetch, name="order_fetch"),
    # Activity
    path("activity/", activity.activity, name="activity"),
    path("activity/replay/", activity.event_replay_failed, name="event_replay_failed"),
    path("activity/events/<int:pk>/", activity.event_detail, name="event_detail"),
    path("activity/events/<int:pk>/replay/", activity.event_replay, name="event_replay"),
    path("activity/pushes/", pushes.push_list, name="push_list"),
    path("activity/changes/", activity.activity_changes, name="activity_changes"),
]
