"""A reference bridge for Evenkeel's WMS contract v1, with a small warehouse behind it."""

from sandbox.wms.bridge import Bridge

__all__ = ["Bridge"]
