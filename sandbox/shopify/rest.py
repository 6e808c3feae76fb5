"""The few REST resources that clients of the old kind ask for: shop, locations, levels, access scopes."""

from __future__ import annotations

from sandbox.server import Json, Request, Response, json_response
from sandbox.shopify.api import BAD_TOKEN, Api
from sandbox.shopify.context import Context
from sandbox.shopify.moments import rest_moment
from sandbox.shopify.records import Location


def answer(api: Api, context: Context, request: Request, path: str) -> Response:
    """Answer a REST call; ``path`` begins behind the version."""
    if api.scopes_of(request) is None:
        return json_response({"errors": BAD_TOKEN}, 401)
    if request.method != "GET":
        return json_response({"errors": "Not Acceptable"}, 406)
    with context.shop.lock:
        found = _found(context, request, path)
    if found is None:
        return json_response({"errors": "Not Found"}, 404)
    response = json_response(found)
    response.headers["X-Shopify-Shop-Api-Call-Limit"] = "1/40"
    return response


def _found(context: Context, request: Request, path: str) -> Json | None:
    shop = context.shop
    if path == "/shop.json":
        return {
            "shop": {
                "id": 61_000_000_001,
                "name": context.name,
                "domain": context.domain,
                "myshopify_domain": context.domain,
                "currency": shop.options.currency,
                "plan_name": shop.options.plan.lower(),
                "iana_timezone": "Europe/Dublin",
            }
        }
    if path == "/locations.json":
        return {"locations": [_location(place) for place in shop.locations.values()]}
    if path == "/inventory_levels.json":
        wanted = {int(each) for each in request.query.get("location_ids", "").split(",") if each.isdigit()}
        return {
            "inventory_levels": [
                {
                    "inventory_item_id": level.item_id,
                    "location_id": level.location_id,
                    "available": level.available if shop.items[level.item_id].tracked else None,
                    "updated_at": rest_moment(level.updated_at),
                }
                for level in shop.levels.values()
                if level.location_id in wanted and level.is_active
            ]
        }
    if path == "/oauth/access_scopes.json":
        return {"access_scopes": [{"handle": each} for each in sorted(context.scopes)]}
    return None


def _location(place: Location) -> Json:
    return {
        "id": place.id,
        "name": place.name,
        "active": place.is_active,
        "legacy": place.is_service,
        "created_at": rest_moment(place.created_at),
        "updated_at": rest_moment(place.updated_at),
        "admin_graphql_api_id": f"gid://shopify/Location/{place.id}",
    }
