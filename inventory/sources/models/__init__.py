"""The sources' tables."""

from inventory.sources.models.pull import Pull, PullDifference, PulledRow, PullProblem, Reading
from inventory.sources.models.shipment import ExternalShipment, ExternalShipmentLine
from inventory.sources.models.source import Source, SourceEvent, SourceLocation

__all__ = [
    "ExternalShipment",
    "ExternalShipmentLine",
    "Pull",
    "PullDifference",
    "PullProblem",
    "PulledRow",
    "Reading",
    "Source",
    "SourceEvent",
    "SourceLocation",
]
