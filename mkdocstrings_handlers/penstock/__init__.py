"""Where mkdocstrings looks for the handler ``penstock``."""

from penstock_mkdocs.handler import PenstockHandler, get_handler

__all__ = ["PenstockHandler", "get_handler"]
