"""A page that shows a stream live in the browser, and its metrics; nothing is stored."""

from edgedf.runtime.serve.address import Address
from edgedf.runtime.serve.server import PageServer

__all__ = ["Address", "PageServer"]
