"""WordPress's error replies."""

from __future__ import annotations

from sandbox.refusals import Refusal
from sandbox.server import Json, Response, json_response


class WpError(Refusal):
    """A refused call: HTTP ``status``, the machine's ``code``, a ``message`` that may hold HTML entities."""

    def __init__(
        self, status: int, code: str, message: str, data: Json | None = None, *, bare_status: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.data = data or {}
        self.bare_status = bare_status

    def body(self) -> Json:
        data: object = self.status if self.bare_status else {"status": self.status, **self.data}
        return {"code": self.code, "message": self.message, "data": data}

    def response(self) -> Response:
        return json_response(self.body(), self.status)


def invalid_param(name: str, code: str, message: str, data: Json | None = None) -> WpError:
    """A parameter that WordPress checked against its schema and refused."""
    details = {name: {"code": code, "message": message, "data": data}}
    return WpError(
        400, "rest_invalid_param", f"Invalid parameter(s): {name}", {"params": {name: message}, "details": details}
    )


def wrong_type(name: str, kind: str, path: str = "") -> WpError:
    """``path`` names the part of the parameter that has the wrong type, such as ``line_items[0][quantity]``."""
    path = path or name
    return invalid_param(name, "rest_invalid_type", f"{path} is not of type {kind}.", {"param": path})


def not_in_enum(name: str, allowed: tuple[str, ...], path: str = "") -> WpError:
    words = f"{', '.join(allowed[:-1])}, and {allowed[-1]}"
    return invalid_param(name, "rest_not_in_enum", f"{path or name} is not one of {words}.")


def unknown_product(status: int) -> WpError:
    return WpError(status, "woocommerce_rest_product_invalid_id", "Invalid ID.")


def unknown_variation() -> WpError:
    return WpError(404, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")


def unknown_order(status: int) -> WpError:
    words = "Invalid ID." if status == 404 else "ID is invalid."
    return WpError(status, "woocommerce_rest_shop_order_invalid_id", words)


def no_route() -> WpError:
    return WpError(404, "rest_no_route", "No route was found matching the URL and request method.")
