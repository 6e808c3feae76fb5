"""What the connect page and the table of platforms say of Amazon, and what a person is asked for. Data only."""

from __future__ import annotations

from channels.contract import Capabilities, CredentialField, OptionField, WriteMode
from channels.platforms.amazon.operations import INVENTORY, LISTING, PATCH_ITEM
from channels.platforms.amazon.orders import OPTIONS as ORDER_OPTIONS
from channels.platforms.amazon.regions import CHOICES

LARGEST_WAVE = 2_000
SETTLE_SECONDS = 120  # an order that changed less than this ago is in no list yet
LIVE_SECONDS = 600  # "minutes": no time is promised

CREDENTIALS = (
    CredentialField(
        name="marketplace",
        label="Marketplace",
        help="Where you sell most. The quantities of all marketplaces of its region go along: they are one number.",
        choices=CHOICES,
    ),
    CredentialField(
        name="seller_id",
        label="Seller ID",
        help="In Seller Central under Settings, Account Info, “Your Merchant Token”. It looks like A3TH9S8BH6GOGM.",
    ),
    CredentialField(
        name="client_id",
        label="Client ID of the app",
        help="In Seller Central under Apps and Services, Develop Apps, “View” beside LWA credentials.",
    ),
    CredentialField(
        name="client_secret",
        label="Client secret of the app",
        help="In the same place. It must be replaced before it expires; the authorisation outlives that.",
        is_secret=True,
    ),
    CredentialField(
        name="refresh_token",
        label="Refresh token",
        help="On the app's menu, “Authorize app”. It begins with Atzr|. Needed anew when the app gets another role.",
        is_secret=True,
        is_asked_again=True,
    ),
    CredentialField(
        name="queue_url",
        label="URL of the SQS queue",
        help="In AWS, in your own account. Without it sales are found by polling, minutes later.",
        is_required=False,
        is_address=True,
    ),
    CredentialField(
        name="aws_access_key_id",
        label="AWS access key ID",
        help="Of a user who may read and delete messages of that queue. Empty: this machine's own role is used.",
        is_required=False,
    ),
    CredentialField(
        name="aws_secret_access_key",
        label="AWS secret access key",
        help="Shown once, when the key is made.",
        is_secret=True,
        is_required=False,
    ),
    CredentialField(
        name="aws_region",
        label="AWS region of the queue",
        help="Only where the queue's URL does not name it, as in eu-west-1.",
        is_required=False,
    ),
)

OPTIONS = (
    *ORDER_OPTIONS,
    OptionField(
        name="feed_from",
        label="A feed is used",
        help="Many changes go faster as one feed, but Amazon works on it for minutes, at times for hours.",
        default="500",
        choices=(("500", "From 500 changes on"), ("1500", "From 1,500 changes on"), ("never", "Never")),
    ),
    OptionField(
        name="event_bridge",
        label="Changes of listings are heard through EventBridge",
        help="Needs an event bus and a rule in your AWS account that puts them into the queue.",
        default="no",
        choices=(("no", "No"), ("yes", "Yes")),
    ),
    OptionField(
        name="pace",
        label="How fast Amazon is",
        help="Amazon lists an order two minutes after it changed, and shows a new quantity after minutes.",
        default="amazon",
        choices=(("amazon", "As documented"), ("simulator", "At once: a simulator")),
        is_for_simulators=True,
    ),
)

CAPABILITIES = Capabilities(
    platform="amazon",
    name="Amazon",
    write_mode=WriteMode.GUARDED_SET,
    max_batch=LARGEST_WAVE,
    default_base_url="https://sellingpartnerapi-eu.amazon.com",
    # Each page of a hundred orders costs one of twenty calls an hour.
    poll_overlap_seconds=1_800,
    calls_per_second=PATCH_ITEM.rate,
    burst=PATCH_ITEM.burst,
    credentials=CREDENTIALS,
    options=OPTIONS,
    required_scopes=(LISTING, INVENTORY),
    manages_subscriptions=True,
    has_webhooks=False,
    has_queue=True,
    queue_poll_seconds=5,
    holds_stock=True,
    orders_settle_seconds=SETTLE_SECONDS,
    default_poll_seconds=600,
    writes_later=True,
    confirm_every_seconds=15,
    confirm_within_seconds=3_600,
    where_to_find=(
        "In Seller Central, under Apps and Services, Develop Apps, register as a private developer and add an app"
        f" client with the roles “{LISTING}” and “{INVENTORY}”.",
        "Authorise the app for your own account: its refresh token is shown once. The client ID and the client secret"
        " are under “LWA credentials”.",
        "The seller ID is under Settings, Account Info, “Your Merchant Token”.",
        "For sales within seconds, make a standard SQS queue in AWS with a dead-letter queue, let the AWS account"
        " 437568002678 send messages to it, and make a user who may receive and delete them.",
    ),
    app_may=(
        "read your listings, and set the quantity of those that you ship yourself",
        "read orders without anything about the buyer",
        "read how much stock Amazon holds for you",
        "ask Amazon to put notifications into your queue, and take them out of it",
    ),
    app_may_not=(
        "write to a listing that Amazon ships, or whose fulfilment channel it does not know",
        "touch a price, a handling time, a restock date or anything else of a listing than its quantity",
        "create or delete listings, ship, cancel or refund orders, or send stock to Amazon",
    ),
    reads="by search up to 1,000 listings, by report above; quantities directly, one by one",
    hears_of_sales="through the SQS queue within seconds, from the moment an order is placed; else by the order poll",
)
