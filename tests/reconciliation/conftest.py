"""The stores of the core's tests."""

from tests.channels.core.conftest import at_full_speed, open_store, other, sim, store

__all__ = ["at_full_speed", "open_store", "other", "sim", "store"]
