"""A simulated InvenTree server, API version 530, held against recordings of a real one."""

from sandbox.inventree.server import InvenTree

__all__ = ["InvenTree"]
