"""The sandbox as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.channels import ChannelBriefSerializer
from channels.models import Sandbox


class SandboxSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["none", *Sandbox.State.values], read_only=True)
    problem = serializers.CharField(read_only=True, help_text="Why it failed.")
    channels = ChannelBriefSerializer(many=True, read_only=True, help_text="Its stores.")
    obstacles = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="What is real and hangs on it: clear/ is refused."
    )
