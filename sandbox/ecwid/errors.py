"""Ecwid's error replies."""

from __future__ import annotations

from sandbox.refusals import Refusal
from sandbox.server import Response, json_response


class ApiError(Refusal):
    """A refused call: HTTP ``status``, ``code`` for ``errorCode`` (may be empty) and a ``message``."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def response(self) -> Response:
        payload = {"errorMessage": self.message}
        if self.code:
            payload["errorCode"] = self.code
        response = json_response(payload, self.status)
        response.headers.update(self.headers)
        return response


def wrong_parameter(message: str) -> ApiError:
    return ApiError(400, "WRONG_PARAMETER", message)


def not_found(kind: str, ref: object) -> ApiError:
    """``kind`` is the word in the code: PRODUCT, COMBINATION, ORDER or STORE."""
    return ApiError(404, f"{kind}_NOT_FOUND", f"{kind.capitalize()} {ref} is not found")
