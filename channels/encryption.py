"""Where the migrations of this app find the field; everybody else takes it from ``inventory.encryption``."""

from inventory.encryption import EncryptedJSONField

__all__ = ["EncryptedJSONField"]
