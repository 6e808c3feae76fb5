"""What every view of the API shares: parse, one domain call, reply."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar, cast

from django.contrib.auth.models import AbstractUser
from django.db.models import Model
from rest_framework import exceptions, mixins
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from api.filters import StrictFilterBackend
from api.parsers import BoundedJSONParser
from api.schema import ApiSchema

M = TypeVar("M", bound=Model)
_ACTOR_LENGTH = 150


class ApiView(GenericAPIView[M]):
    """Scopes for reading and writing; ``keyed_actions`` are those that take an Idempotency-Key."""

    read_scope: ClassVar[str] = ""
    write_scope: ClassVar[str] = ""
    keyed_actions: ClassVar[tuple[str, ...]] = ()
    parser_classes = [BoundedJSONParser]
    filter_backends = [StrictFilterBackend]
    schema = ApiSchema()

    def parse(self, request: Request, serializer_class: type[BaseSerializer[Any]], **kwargs: Any) -> Any:
        """Return the checked body. Raises ValidationError."""
        serializer = serializer_class(data=request.data, **kwargs)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class ReadViews(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiView[M], GenericViewSet[M]):
    """A list, newest first, and its rows by numeric id: codes may hold what an address can't."""

    lookup_value_regex = "[0-9]{1,18}"


class NotFoundView(APIView):
    """Answers every address under /api/ that does not exist, in the API's own shape."""

    authentication_classes = []
    permission_classes = []
    schema = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.http_method_names = [(request.method or "get").lower()]
        setattr(self, self.http_method_names[0], self.refuse)
        return super().dispatch(request, *args, **kwargs)

    def refuse(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise exceptions.NotFound("There is nothing at this address. /api/docs/ lists what there is.")


def actor_of(request: Request) -> str:
    """Return whom movements and the trail name for this request."""
    return f"user:{cast(AbstractUser, request.user).get_username()}"[:_ACTOR_LENGTH]
