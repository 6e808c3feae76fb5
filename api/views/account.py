"""Who changed what, and the caller's own tokens."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from api import tokens
from api.filters import ChangeFilter, TokenFilter
from api.models import ApiToken
from api.serializers.account import ChangeSerializer, TokenSerializer
from api.views.base import ReadViews
from inventory.models import AuditEntry


@extend_schema_view(list=extend_schema(summary="List changes"), retrieve=extend_schema(summary="Read a change"))
class ChangeViews(ReadViews[AuditEntry]):
    """What people changed besides stock: mappings, modes, settings, each with who and from what to what."""

    read_scope = "changes:read"
    queryset = AuditEntry.objects.all()
    serializer_class = ChangeSerializer
    filterset_class = ChangeFilter


@extend_schema_view(list=extend_schema(summary="List own tokens"), retrieve=extend_schema(summary="Read a token"))
class TokenViews(ReadViews[ApiToken]):
    """The tokens of the caller. A token can't make another: that takes a person who is signed in."""

    read_scope = "tokens:read"
    write_scope = "tokens:write"
    queryset = ApiToken.objects.all()
    serializer_class = TokenSerializer
    filterset_class = TokenFilter

    def get_queryset(self) -> QuerySet[ApiToken]:
        return super().get_queryset().filter(user_id=cast(AbstractUser, self.request.user).pk)

    @extend_schema(summary="Revoke a token", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """It opens nothing any more. A repeat changes nothing; it may be the one that asks."""
        token: ApiToken = self.get_object()
        tokens.revoke(prefix=token.prefix, user=token.user, now=timezone.now())
        return Response(status=204)
