"""What every view of the API shares: parse, one domain call, reply."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar, cast

from django.contrib.auth.models import AbstractUser
from django.db.models import Model
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import conditional_page
from rest_framework import exceptions, mixins
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from api import idempotency, limits
from api.filters import StrictFilterBackend
from api.limits import CallsPerMinute
from api.models import KeptAnswer
from api.parsers import BoundedJSONParser
from api.schema import ApiSchema
from channels.lanes import wake_soon

M = TypeVar("M", bound=Model)
_ACTOR_LENGTH = 150


class ApiView(GenericAPIView[M]):
    """Scopes for reading and writing and of single actions.

    ``keyed_actions`` need an Idempotency-Key, ``calling_actions`` ask another system and answer 502 when it is away,
    ``refused_reads`` answer 409 where what is stored speaks against them.
    """

    read_scope: ClassVar[str] = ""
    write_scope: ClassVar[str] = ""
    action_scopes: ClassVar[dict[str, str]] = {}
    keyed_actions: ClassVar[tuple[str, ...]] = ()
    calling_actions: ClassVar[tuple[str, ...]] = ()
    refused_reads: ClassVar[tuple[str, ...]] = ()
    parser_classes = [BoundedJSONParser]
    filter_backends = [StrictFilterBackend]
    throttle_classes = [CallsPerMinute]
    schema = ApiSchema()
    _kept: KeptAnswer | None = None

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Any:
        """Have every read carry an ETag: who polls with If-None-Match gets 304 while nothing has changed."""
        return csrf_exempt(conditional_page(super().as_view(*args, **kwargs)))

    @property
    def is_keyed(self) -> bool:
        """Whether the action can't be asked for without an Idempotency-Key."""
        return getattr(self, "action", "post") in self.keyed_actions

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            self._kept = idempotency.begin(request, is_in_ledger=self.is_keyed)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, idempotency.Replayed):
            return Response(exc.body, status=exc.status, headers={"Idempotent-Replayed": "true"})
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self._kept is not None:
            idempotency.end(self._kept, response)
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in limits.headers_for(request).items():
            response[name] = value
        if request.method not in SAFE_METHODS and response.status_code < 300:
            wake_soon("signals")  # what this has changed of the stock goes out now, not with the next sweep
        return response

    def parse(self, request: Request, serializer_class: type[BaseSerializer[Any]], **kwargs: Any) -> Any:
        """Return the checked body. Raises ValidationError."""
        serializer = serializer_class(data=request.data, **kwargs)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class ReadViews(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiView[M], GenericViewSet[M]):
    """A list, newest first, and its rows by numeric id: codes may hold what an address can't."""

    lookup_value_regex = "[0-9]{1,18}"

    def rows_of(self, parent: type[Model], name: str, pk: str) -> Response:
        """List the rows that belong to the ``parent`` of this id by their field ``name``. Raises NotFound."""
        if not parent._default_manager.filter(pk=pk).exists():
            raise exceptions.NotFound
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset().filter(**{name: pk})))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


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
