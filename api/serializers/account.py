"""Who changed what, and a person's own tokens."""

from __future__ import annotations

from rest_framework import serializers

from api.models import ApiToken
from inventory.models import AuditEntry


class ChangeSerializer(serializers.ModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = ["id", "actor", "action", "subject", "before", "after", "at"]
        read_only_fields = fields
        extra_kwargs = {
            "actor": {"help_text": "Who, for example user:ana."},
            "action": {"help_text": "What, for example channel.mode."},
            "subject": {"help_text": "Of what, for example channel:2."},
        }


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "created_at", "last_used_at", "revoked_at"]
        read_only_fields = fields
        extra_kwargs = {"prefix": {"help_text": "How it begins; the rest is stored nowhere."}}
