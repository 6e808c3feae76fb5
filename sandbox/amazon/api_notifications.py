"""Notifications v1: destinations and subscriptions. https://developer-docs.amazon.com/sp-api/docs/notifications-api"""

from __future__ import annotations

import re
import uuid

from sandbox.amazon.errors import ApiError, invalid_input, not_found
from sandbox.amazon.notifications import (
    THROUGH_EVENT_BRIDGE,
    VERSIONS,
    Destination,
    Notifications,
    Subscription,
    queue_arn,
)
from sandbox.amazon.options import Options
from sandbox.amazon.parameters import body_of, listed, text_of
from sandbox.server import Json, Request, Response, Route, json_response

DESTINATIONS = "/notifications/v1/destinations"
SUBSCRIPTIONS = "/notifications/v1/subscriptions"
CHANGE_TYPES = ("OrderStatusChange", "BuyerRequestedChange", "DeliveryTipChange")


class NotificationsApi:
    def __init__(self, notifications: Notifications, options: Options) -> None:
        self._kept = notifications
        self._options = options

    def routes(self) -> list[Route]:
        one, kind = f"{DESTINATIONS}/{{id}}", f"{SUBSCRIPTIONS}/{{kind}}"
        return [
            Route("GET", DESTINATIONS, self._destinations, "getDestinations"),
            Route("POST", DESTINATIONS, self._create_destination, "createDestination"),
            Route("GET", one, self._destination, "getDestination"),
            Route("DELETE", one, self._delete_destination, "deleteDestination"),
            Route("GET", SUBSCRIPTIONS, self._subscriptions, "getSubscriptions"),
            Route("GET", kind, self._subscription, "getSubscription"),
            Route("POST", kind, self._create_subscription, "createSubscription"),
            Route("GET", f"{kind}/{{id}}", self._subscription_by_id, "getSubscriptionById"),
            Route("DELETE", f"{kind}/{{id}}", self._delete_subscription, "deleteSubscriptionById"),
        ]

    # Destinations -----------------------------------------------------------------------------------------------

    def _destinations(self, _: Request, __: dict[str, str]) -> Response:
        return json_response({"payload": [each.as_json() for each in self._kept.destinations.values()]})

    def _destination(self, _: Request, variables: dict[str, str]) -> Response:
        return json_response({"payload": self._find(variables).as_json()})

    def _create_destination(self, request: Request, _: dict[str, str]) -> Response:
        body = body_of(request)
        name, wanted = text_of(body, "name"), body.get("resourceSpecification")
        if not isinstance(wanted, dict) or len(name) > 256:
            raise invalid_input("resourceSpecification is required, and a name of 256 characters at most")
        made = self._specified(name, wanted)
        for other in self._kept.destinations.values():
            if (other.arn, other.account, other.region) == (made.arn, made.account, made.region):
                raise ApiError(409, "Conflict", "The resource specification is in use by another destination.")
        self._kept.destinations[made.id] = made
        return json_response({"payload": made.as_json()})

    def _specified(self, name: str, wanted: Json) -> Destination:
        ref = str(uuid.uuid4())
        queue, bus = wanted.get("sqs"), wanted.get("eventBridge")
        if isinstance(queue, dict) and bus is None:
            arn = queue_arn(queue.get("arn"))
            if not arn or arn.endswith(".fifo"):
                raise invalid_input("sqs.arn must be the ARN of a standard queue")
            return Destination(id=ref, name=name, arn=arn)
        if isinstance(bus, dict) and queue is None:
            account, region = str(bus.get("accountId", "")), str(bus.get("region", ""))
            if not re.fullmatch(r"\d{12}", account) or not region:
                raise invalid_input("eventBridge must name an account and a region")
            return Destination(id=ref, name=name, account=account, region=region, app_id=self._kept.app_id)
        raise invalid_input("Give exactly one of sqs and eventBridge")

    def _delete_destination(self, _: Request, variables: dict[str, str]) -> Response:
        found = self._find(variables)
        if any(each.destination_id == found.id for each in self._kept.subscriptions.values()):
            raise ApiError(409, "Conflict", "The destination has subscriptions.")
        del self._kept.destinations[found.id]
        return json_response({})

    def _find(self, variables: dict[str, str]) -> Destination:
        found = self._kept.destinations.get(variables["id"])
        if found is None:
            raise not_found("There is no such destination")
        return found

    # Subscriptions ----------------------------------------------------------------------------------------------

    def _subscriptions(self, request: Request, _: dict[str, str]) -> Response:
        kinds = listed(request, "notificationTypes")
        if not kinds:
            raise invalid_input("notificationTypes is required")
        found = [each.as_json() for each in self._kept.subscriptions.values() if each.type in kinds]
        return json_response({"payload": {"subscriptions": found}})

    def _subscription(self, request: Request, variables: dict[str, str]) -> Response:
        found = self._kept.of_type(variables["kind"])
        version = request.query.get("payloadVersion", "")
        if found is None or version not in ("", found.version):
            raise not_found(f"There is no subscription to {variables['kind']}")
        return json_response({"payload": found.as_json()})

    def _create_subscription(self, request: Request, variables: dict[str, str]) -> Response:
        kind, body = variables["kind"], body_of(request)
        version, destination = text_of(body, "payloadVersion"), text_of(body, "destinationId")
        if VERSIONS.get(kind) != version:
            raise invalid_input(f"There is no version {version} of {kind}")
        found = self._kept.destinations.get(destination)
        if found is None:
            raise invalid_input("There is no such destination")
        if found.is_queue == (kind in THROUGH_EVENT_BRIDGE):
            raise invalid_input(f"{kind} does not go to a destination of this kind")
        directive = _directive(body, kind)
        if kind == "ORDER_CHANGE" and directive is None and self._options.order_filter_required:
            raise invalid_input("processingDirective is required for ORDER_CHANGE")
        if self._kept.of_type(kind) is not None:
            raise ApiError(409, "Conflict", f"There is a subscription to {kind} already.")
        made = Subscription(
            id=str(uuid.uuid4()), type=kind, version=version, destination_id=destination, directive=directive
        )
        self._kept.subscriptions[made.id] = made
        return json_response({"payload": made.as_json()})

    def _subscription_by_id(self, _: Request, variables: dict[str, str]) -> Response:
        return json_response({"payload": self._found(variables).as_json()})

    def _delete_subscription(self, _: Request, variables: dict[str, str]) -> Response:
        del self._kept.subscriptions[self._found(variables).id]
        return json_response({})

    def _found(self, variables: dict[str, str]) -> Subscription:
        found = self._kept.subscriptions.get(variables["id"])
        if found is None or found.type != variables["kind"]:
            raise not_found("There is no such subscription")
        return found


def _directive(body: Json, kind: str) -> Json | None:
    """Return the filter of a subscription. Raises ApiError 400 for one that is not understood."""
    directive = body.get("processingDirective")
    if directive is None:
        return None
    wanted = directive.get("eventFilter") if isinstance(directive, dict) else None
    if not isinstance(wanted, dict) or wanted.get("eventFilterType") != kind or kind != "ORDER_CHANGE":
        raise invalid_input("processingDirective.eventFilter must be of the notification's type")
    types = wanted.get("orderChangeTypes", list(CHANGE_TYPES))
    if not isinstance(types, list) or not set(types) <= set(CHANGE_TYPES):
        raise invalid_input("orderChangeTypes holds a type there is not")
    return dict(directive)
