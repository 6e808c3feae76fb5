"""The API's tables: keys, answers that are kept for repeats, and what is told to other systems."""

from api.models.answers import KeptAnswer
from api.models.tokens import ApiToken
from api.models.webhooks import Attempt, Delivery, Endpoint, Event, MovementCursor

__all__ = ["ApiToken", "Attempt", "Delivery", "Endpoint", "Event", "KeptAnswer", "MovementCursor"]
