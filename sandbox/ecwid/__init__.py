"""A simulated Ecwid store: REST API v3, webhooks, OAuth, and faults on request."""

from sandbox.ecwid.options import Options
from sandbox.ecwid.simulator import EcwidSimulator

__all__ = ["EcwidSimulator", "Options"]
