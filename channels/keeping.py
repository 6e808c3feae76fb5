"""Credentials that expire: renewed by one process at a time, encrypted before anyone uses them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from channels import lanes
from channels.contract import Unreachable
from channels.models import Channel

WAITS_SECONDS = 40.0  # for a renewal that another process has under way; longer than any call takes


@dataclass(frozen=True, slots=True)
class ChannelKeeper:
    """Keeps the credentials of one channel; see contract.CredentialKeeper."""

    channel_id: int

    def renewed(
        self, stale: Mapping[str, str], renew: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> Mapping[str, str]:
        give_up_at = time.monotonic() + WAITS_SECONDS
        while True:
            with lanes.held(f"credentials:{self.channel_id}") as lease:
                if lease is not None:
                    current = self._current()
                    if current != dict(stale):
                        return current
                    fresh = dict(renew(current))
                    self._keep(fresh, instead_of=current)
                    return fresh
            if time.monotonic() > give_up_at:
                raise Unreachable("Another process has been renewing the access token for too long.")
            time.sleep(0.1)

    def _current(self) -> dict[str, str]:
        credentials: dict[str, str] = dict(Channel.objects.get(pk=self.channel_id).credentials)
        return credentials

    def _keep(self, fresh: Mapping[str, str], *, instead_of: Mapping[str, str]) -> None:
        """Store what was renewed, unless a person has reconnected the channel in the meantime."""
        with transaction.atomic():
            channel = Channel.objects.select_for_update().get(pk=self.channel_id)
            if dict(channel.credentials) != dict(instead_of):
                return
            channel.credentials = dict(fresh)
            # The failure of a call that was made with the old ones says nothing any more.
            channel.credentials_version = F("credentials_version") + 1
            channel.save(update_fields=["credentials", "credentials_version"])
