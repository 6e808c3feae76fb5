"""The platforms there are. A new one is one folder and one line here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from channels.contract import Capabilities, Platform, Store
from channels.keeping import ChannelKeeper
from channels.models import Channel
from channels.platforms.amazon.platform import AmazonPlatform
from channels.platforms.ecwid.platform import EcwidPlatform
from channels.platforms.shopify.platform import ShopifyPlatform
from channels.platforms.woocommerce.platform import WooCommercePlatform

PLATFORMS: dict[str, type[Platform]] = {
    "amazon": AmazonPlatform,
    "ecwid": EcwidPlatform,
    "shopify": ShopifyPlatform,
    "woocommerce": WooCommercePlatform,
}


def capabilities_of(channel: Channel) -> Capabilities:
    return PLATFORMS[channel.platform].capabilities


def store_of(channel: Channel) -> Store:
    return Store(
        base_url=channel.base_url,
        account_ref=channel.account_ref,
        credentials=channel.credentials,
        options=channel.options,
        keeper=ChannelKeeper(channel.pk),
    )


@contextmanager
def opened(channel: Channel) -> Iterator[Platform]:
    """Give the channel's platform client and close its connections afterwards."""
    platform = PLATFORMS[channel.platform](store_of(channel))
    try:
        yield platform
    finally:
        platform.close()
