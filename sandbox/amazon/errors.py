"""Errors of the Selling Partner API: ``{"errors": [{code, message, details}]}``."""

from __future__ import annotations

from sandbox.refusals import Refusal
from sandbox.server import Response, json_response

DENIED = "Access to requested resource is denied."


class ApiError(Refusal):
    """A refused call."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(f"{message} {details}".strip())
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers: dict[str, str] = {}

    def response(self) -> Response:
        error = {"code": self.code, "message": self.message, "details": self.details}
        response = json_response({"errors": [error]}, self.status)
        response.headers.update(self.headers)
        return response


def invalid_input(details: str) -> ApiError:
    return ApiError(400, "InvalidInput", "Invalid input", details)


def unauthorized(details: str = "") -> ApiError:
    return ApiError(403, "Unauthorized", DENIED, details)


def not_found(details: str) -> ApiError:
    return ApiError(404, "NOT_FOUND", "Requested resource not found.", details)


def quota_exceeded() -> ApiError:
    return ApiError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")


def internal_error() -> ApiError:
    return ApiError(500, "InternalFailure", "We encountered an internal error. Please try again.")
