"""The types of sources that flows can be embedded in, as Sphinx names them."""

from __future__ import annotations

RST = ("restructuredtext", "rst")
"""Sphinx's names for the RST type of sources; a source without a type has the first."""


MARKDOWN = ("markdown", "md", "myst", "myst-nb")
"""The names that MyST-Parser and MyST-NB use for their types."""
