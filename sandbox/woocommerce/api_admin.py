"""Addresses of webhooks, settings and the system status."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.server import Json, Request, Response, Route
from sandbox.woocommerce.errors import WpError
from sandbox.woocommerce.lists import filtered
from sandbox.woocommerce.records import Webhook
from sandbox.woocommerce.rest import answer, answer_page, asked_for, body_of
from sandbox.woocommerce.store import Store
from sandbox.woocommerce.webhooks import Webhooks
from sandbox.woocommerce.wire import Wire

_WEBHOOK = "/webhooks/{webhook_id:int}"
_SETTINGS = "/settings/products"
_MANAGE_STOCK = "woocommerce_manage_stock"
_HOLD_STOCK = "woocommerce_hold_stock_minutes"


class AdminApi:
    """Handlers of what an owner sets up. ``home`` returns the site's address."""

    def __init__(self, store: Store, wire: Wire, webhooks: Webhooks, home: Callable[[], str]) -> None:
        self._store = store
        self._wire = wire
        self._webhooks = webhooks
        self._home = home

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/webhooks", self.list_webhooks),
            Route("POST", "/webhooks", self.create_webhook),
            Route("GET", _WEBHOOK, self.read_webhook),
            *(Route(method, _WEBHOOK, self.update_webhook) for method in ("POST", "PUT", "PATCH")),
            Route("DELETE", _WEBHOOK, self.delete_webhook),
            Route("GET", "/system_status", self.system_status),
            Route("GET", _SETTINGS, self.list_settings),
            Route("GET", f"{_SETTINGS}/{{name}}", self.read_setting),
            *(Route(method, f"{_SETTINGS}/{{name}}", self.write_setting) for method in ("POST", "PUT", "PATCH")),
        ]

    def list_webhooks(self, request: Request, _: dict[str, str]) -> Response:
        wanted = request.query.pop("status", "all")
        found = [self._wire.webhook(each) for each in self._webhooks.all() if wanted in ("all", each.status)]
        return answer_page(request, filtered(found, request, self._wire), f"{self._home()}/wp-json/wc/v3/webhooks")

    def create_webhook(self, request: Request, _: dict[str, str]) -> Response:
        return answer(request, self._wire.webhook(self._webhooks.create(body_of(request))), 201)

    def read_webhook(self, request: Request, variables: dict[str, str]) -> Response:
        return answer(request, self._wire.webhook(self._webhook(variables, 404)))

    def update_webhook(self, request: Request, variables: dict[str, str]) -> Response:
        webhook = self._webhook(variables, 400)
        self._webhooks.update(webhook, body_of(request))
        return answer(request, self._wire.webhook(webhook))

    def delete_webhook(self, request: Request, variables: dict[str, str]) -> Response:
        """Delete for good; there is no trash for webhooks."""
        if not asked_for(request, "force"):
            raise WpError(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
        webhook = self._webhook(variables, 404)
        self._webhooks.delete(webhook)
        return answer(request, self._wire.webhook(webhook))

    def system_status(self, request: Request, _: dict[str, str]) -> Response:
        options = self._store.options
        environment: Json = {
            "home_url": self._home(),
            "site_url": self._home(),
            "version": options.version,
            "wp_version": options.wordpress_version,
            "php_version": "8.2.0",
            "default_timezone": "UTC",
        }
        settings: Json = {"currency": options.currency, "api_enabled": False}
        return answer(request, {"environment": environment, "settings": settings})

    def list_settings(self, request: Request, _: dict[str, str]) -> Response:
        return answer_page(request, [self._setting(_MANAGE_STOCK), self._setting(_HOLD_STOCK)], self._home())

    def read_setting(self, request: Request, variables: dict[str, str]) -> Response:
        return answer(request, self._setting(variables["name"]))

    def write_setting(self, request: Request, variables: dict[str, str]) -> Response:
        value = str(body_of(request).get("value", ""))
        with self._store.lock:
            if variables["name"] == _MANAGE_STOCK:
                self._store.options.manage_stock = value == "yes"
            elif variables["name"] == _HOLD_STOCK and value.isdigit():
                self._store.options.hold_stock_minutes = int(value)
        return answer(request, self._setting(variables["name"]))

    def _webhook(self, variables: dict[str, str], status: int) -> Webhook:
        webhook = self._webhooks.find(int(variables["webhook_id"]))
        if webhook is None:
            raise WpError(status, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
        return webhook

    def _setting(self, name: str) -> Json:
        options = self._store.options
        values = {
            _MANAGE_STOCK: ("checkbox", "yes" if options.manage_stock else "no"),
            _HOLD_STOCK: ("number", str(options.hold_stock_minutes)),
        }
        if name not in values:
            raise WpError(404, "rest_setting_setting_invalid", "Invalid setting.")
        kind, value = values[name]
        return {"id": name, "label": name, "type": kind, "value": value, "group_id": "products"}
