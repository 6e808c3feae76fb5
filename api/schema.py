"""What the OpenAPI description says beyond what the views say by themselves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_choice_field, is_patched_serializer
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.serializers import CharField

from api.errors import MEDIA_TYPE
from api.fields import StrictModelSerializer, StrictSerializer
from api.idempotency import HEADER, MAX_LENGTH
from api.permissions import scope_of
from api.serializers.problems import ConflictSerializer, ProblemSerializer

_PROBLEMS = {
    "400": "A field, parameter or header is not valid; errors names each.",
    "401": "No token, or one that is not valid.",
    "403": "The token lacks a scope; scope names it.",
    "404": "There is no such row.",
    "409": "Refused by what is stored; nothing was changed. With too little stock, shortages lists every line.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The Idempotency-Key was used before with another body.",
    "502": "The store or source did not answer. It may have done what was asked: read before you repeat.",
    "503": "The store or source asks us to wait; Retry-After says how many seconds.",
    "429": "Too many calls in this minute; Retry-After says in how many seconds the next may come.",
}


def _key(*, is_required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        HEADER,
        {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
        OpenApiParameter.HEADER,
        required=is_required,
        description="Names this one change. The same key and body again change nothing and are answered the same."
        + ("" if is_required else " Without one, a repeat is another request."),
    )


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "Made by: manage.py token USER --scopes …"}


class ModelChoice(OpenApiSerializerFieldExtension):
    """Names each set of codes after its model and field: several models have a state, each with codes of its own."""

    target_class = "rest_framework.fields.ChoiceField"
    match_subclasses = True

    def get_name(self) -> str | None:
        model = getattr(getattr(self.target.parent, "Meta", None), "model", None)
        return f"{model.__name__}{self.target.field_name.title()}" if model else None

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = build_choice_field(self.target)  # type: ignore[no-untyped-call]
        schema = {name: value for name, value in schema.items() if name in {"type", "enum"}}
        # A field that is only read does not say that it may be empty; its column does.
        if self.target.read_only and self._column_is_blank() and "" not in schema["enum"]:
            schema["enum"] = [*schema["enum"], ""]
        return schema

    def _column_is_blank(self) -> bool:
        model = getattr(getattr(self.target.parent, "Meta", None), "model", None)
        names = {field.name: field for field in model._meta.get_fields()} if model else {}
        return bool(getattr(names.get(self.target.source), "blank", False))


class ApiSchema(AutoSchema):
    """Adds the problems that an operation may answer, its scope, and the key where one is needed."""

    def get_override_parameters(self) -> list[Any]:
        return [_key(is_required=self._needs_key())] if self._takes_key() else []

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        scope = scope_of(self.view, self.method)
        return f"{super().get_description()}\n\nScope: `{scope}`.".strip()

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)  # type: ignore[arg-type]
        for status in self._problem_statuses():
            serializer = ConflictSerializer if status == "409" else ProblemSerializer
            response = OpenApiResponse(serializer, description=_PROBLEMS[status])
            bodies[status] = self._get_response_for_code(response, status, [MEDIA_TYPE])  # type: ignore[no-untyped-call]
        return bodies

    def _problem_statuses(self) -> list[str]:
        statuses = ["401", "403", "429"]
        if "{" in self.path:
            statuses.append("404")
        if self.method != "GET":
            statuses += ["400", "409", "413", "415"]
        elif "{" not in self.path:
            statuses.append("400")
        if self._takes_key():
            statuses.append("422")
        if self.method == "GET" and getattr(self.view, "action", "") in getattr(self.view, "refused_reads", ()):
            statuses.append("409")
        if getattr(self.view, "action", "") in getattr(self.view, "calling_actions", ()):
            statuses += ["502", "503"]
        return sorted(statuses)

    def _tokenize_path(self) -> list[str]:
        """Leave the version out: tags and operation ids then begin with the thing itself."""
        tokens: list[str] = super()._tokenize_path()
        return [part for part in tokens if part != "v1"]

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        """Say of strict bodies that they take no other members, and that a change names at least one."""
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        kind = serializer if isinstance(serializer, type) else type(serializer)
        if issubclass(kind, StrictSerializer | StrictModelSerializer):
            schema["additionalProperties"] = False
            for name, field in (serializer() if isinstance(serializer, type) else serializer).fields.items():
                if isinstance(field, CharField) and not field.allow_blank and not field.read_only:
                    schema["properties"][name].setdefault("minLength", 1)
            if is_patched_serializer(serializer, direction):
                schema["minProperties"] = 1
        return schema

    def _takes_key(self) -> bool:
        return self.method == "POST"

    def _needs_key(self) -> bool:
        return self._takes_key() and bool(getattr(self.view, "is_keyed", False))
