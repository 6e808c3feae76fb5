"""A simulated ECOSIRE account, written from docs.ecosire.com."""

from sandbox.ecosire.account import Ecosire

__all__ = ["Ecosire"]
