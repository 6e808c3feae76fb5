"""A simulated Amazon seller account: the Selling Partner API as its documentation describes it."""

from sandbox.amazon.orders import Wanted
from sandbox.amazon.simulator import AmazonSimulator

__all__ = ["AmazonSimulator", "Wanted"]
