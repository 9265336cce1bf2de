"""Answers Sphinx where ``extensions`` names a package that is not its extension."""

from __future__ import annotations

from typing import Any


def setup(app: Any) -> dict[str, bool]:
    """Load the extension, with a warning that names it: an error would print a traceback of Sphinx's."""
    from sphinx.util import logging  # noqa: PLC0415 - only Sphinx calls this

    message = "the Sphinx extension of penstock is penstock_sphinx. Write: extensions = ['penstock_sphinx']"
    logging.getLogger(__name__).warning("%s", message, type="penstock")
    app.setup_extension("penstock_sphinx")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
