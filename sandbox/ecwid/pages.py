"""The store's own page: what a visitor of the demo clicks. Works without script; every post redirects."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.ecwid.errors import ApiError
from sandbox.ecwid.orders import CannotBuy, OutOfStock
from sandbox.ecwid.views_faults import faults_page, webhooks_page
from sandbox.ecwid.views_shop import orders_page, shop_page
from sandbox.faults import BadFault, UnknownFault
from sandbox.server import Handler, Request, Response, Route, html_response, redirect

if TYPE_CHECKING:
    from sandbox.ecwid.simulator import EcwidSimulator

Action = Callable[[dict[str, str], dict[str, str]], str]
"""Takes the form and the path variables, returns what to tell the visitor."""


class Pages:
    """Handlers of the visible pages."""

    def __init__(self, simulator: EcwidSimulator) -> None:
        self._simulator = simulator
        self._notes: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._note_ids = itertools.count(1)
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        shown = [("/", shop_page), ("/orders", orders_page), ("/webhooks", webhooks_page), ("/faults", faults_page)]
        actions: list[tuple[str, Action]] = [
            ("/buy", self.buy),
            ("/quantity", self.set_quantity),
            ("/unlimited", self.set_unlimited),
            ("/orders/{order_id}/cancel", self.cancel),
            ("/orders/{order_id}/refund", self.refund),
            ("/orders/{order_id}/ship", self.ship),
            ("/orders/{order_id}/pay", self.pay),
            ("/orders/{order_id}/lines/{line_id:int}", self.edit_line),
            ("/webhooks/{delivery_id:int}/redeliver", self.redeliver),
            ("/faults", self.set_fault),
            ("/faults/clear", self.clear_faults),
            ("/search-lag", self.set_search_lag),
            ("/token/expire", self.expire_token),
            ("/token/renew", self.renew_token),
            ("/app/uninstall", self.uninstall),
            ("/app/install", self.install),
            ("/reset", self.reset),
        ]
        return [
            *(Route("GET", path, self._view(view)) for path, view in shown),
            *(Route("POST", path, self._act(action)) for path, action in actions),
        ]

    def buy(self, form: dict[str, str], _: dict[str, str]) -> str:
        order = self._simulator.buy(
            _whole(form, "product_id"),
            _whole(form, "combination_id") if form.get("combination_id") else None,
            quantity=_whole(form, "quantity"),
            payment_status="AWAITING_PAYMENT" if form.get("payment") == "later" else "PAID",
        )
        line = order.lines[0]
        return f"Order {order.id}: {line.quantity} × {line.name} ({line.sku})."

    def set_quantity(self, form: dict[str, str], _: dict[str, str]) -> str:
        product_id, combination_id = _pool(form)
        quantity = _whole(form, "quantity")
        self._simulator.set_quantity(product_id, combination_id, quantity=quantity)
        return f"The quantity was set to {quantity} by hand."

    def set_unlimited(self, form: dict[str, str], _: dict[str, str]) -> str:
        product_id, combination_id = _pool(form)
        unlimited = form.get("unlimited") == "yes"
        self._simulator.set_unlimited(product_id, combination_id, unlimited=unlimited)
        return "The stock is now unlimited." if unlimited else "The stock is now counted."

    def cancel(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.cancel(variables['order_id']).id} was cancelled and restocked."

    def refund(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.refund(variables['order_id']).id} was refunded and restocked."

    def ship(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.ship(variables['order_id']).id} was shipped."

    def pay(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.pay(variables['order_id']).id} was paid."

    def edit_line(self, form: dict[str, str], variables: dict[str, str]) -> str:
        quantity = _whole(form, "quantity")
        self._simulator.edit_line(variables["order_id"], int(variables["line_id"]), quantity)
        return f"Order {variables['order_id']} was edited. Ecwid leaves the stock as it is."

    def redeliver(self, _: dict[str, str], variables: dict[str, str]) -> str:
        if not self._simulator.redeliver(int(variables["delivery_id"])):
            raise ValueError("There is no such webhook, or no webhook address is set.")
        return "The webhook is sent again."

    def set_fault(self, form: dict[str, str], _: dict[str, str]) -> str:
        name = form.get("name", "")
        self._simulator.faults.set(
            name,
            next=_whole(form, "next"),
            probability=_number(form, "percent") / 100,
            seconds=_number(form, "seconds") if "seconds" in form else None,
        )
        return f"{self._simulator.faults.kinds[name].label}: set."

    def clear_faults(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.faults.clear()
        return "All faults are off."

    def set_search_lag(self, form: dict[str, str], _: dict[str, str]) -> str:
        seconds = _number(form, "seconds")
        self._simulator.options.search_lag_seconds = seconds
        return f"Product search now lags {seconds:g} s behind."

    def expire_token(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.access.expire()
        return "Every token is dead: calls now get 403 INVALID_API_TOKEN."

    def renew_token(self, form: dict[str, str], _: dict[str, str]) -> str:
        same = form.get("same") == "yes"
        token = self._simulator.access.renew(same=same)
        return "The first token works again." if same else f"New token: {token}"

    def uninstall(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.uninstall()
        return "The app is gone: its tokens are dead and application.uninstalled was sent."

    def install(self, _: dict[str, str], __: dict[str, str]) -> str:
        return f"The app is installed again. New token: {self._simulator.install()}"

    def reset(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.reset()
        return "The store is as it was at the start."

    def _view(self, view: Callable[[EcwidSimulator, dict[str, str], tuple[str, str] | None], str]) -> Handler:
        def show(request: Request, _: dict[str, str]) -> Response:
            with self._lock:
                note = self._notes.get(request.query.get("note", ""))
            return html_response(view(self._simulator, request.query, note))

        return show

    def _act(self, action: Action) -> Handler:
        def act(request: Request, variables: dict[str, str]) -> Response:
            if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return Response(403, b"Posts from other sites are refused.", "text/plain; charset=utf-8")
            try:
                note = "done", action(request.form(), variables)
            except (OutOfStock, CannotBuy, BadFault, ValueError) as error:
                note = "refused", str(error)
            except ApiError as error:
                note = "refused", error.message
            except (UnknownFault, KeyError) as error:
                note = "refused", f"Unknown: {error}"
            return redirect(f"{_back(request)}note={self._keep(note)}")

        return act

    def _keep(self, note: tuple[str, str]) -> str:
        with self._lock:
            key = str(next(self._note_ids))
            self._notes[key] = note
            while len(self._notes) > 100:
                self._notes.popitem(last=False)
        return key


def _back(request: Request) -> str:
    """Return the page the form was on, up to its ``?`` or ``&``, judged by the Referer's path and no more."""
    came_from = urlsplit(request.headers.get("referer", ""))
    path = came_from.path if came_from.path in ("/", "/orders", "/webhooks", "/faults") else "/"
    return f"{path}?watch=1&" if "watch=1" in came_from.query.split("&") else f"{path}?"


def _pool(form: dict[str, str]) -> tuple[int, int | None]:
    return _whole(form, "product_id"), _whole(form, "combination_id") if form.get("combination_id") else None


def _whole(form: dict[str, str], name: str) -> int:
    try:
        return int(form.get(name, ""))
    except ValueError:
        raise ValueError(f"{name.replace('_', ' ').capitalize()} must be a whole number.") from None


def _number(form: dict[str, str], name: str) -> float:
    try:
        return float(form.get(name, ""))
    except ValueError:
        raise ValueError(f"{name.capitalize()} must be a number.") from None
