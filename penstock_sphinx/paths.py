"""Where the pages of flows stand: in a folder that counts from the page with the directive, as autosummary's does."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.model import Flow


def folder_of(docname: str, folder: str) -> str | None:
    """Return a folder by its name below the folder of the sources, or ``None`` where it is outside.

    Args:
        docname: The page that names it.
        folder: What the page says: with a slash in front it counts from the folder of the sources.
    """
    base = "" if folder.startswith("/") else posixpath.dirname(docname)
    found = posixpath.normpath(posixpath.join(base, folder.lstrip("/")))
    if found == ".." or found.startswith("../"):
        return None
    return "" if found == "." else found


def paths_of(flows: Iterable[Flow], names: Mapping[str, str], folder: str) -> dict[str, Flow]:
    """Return the flow of each page in a folder; ``names`` has the name of a page for each flow by its full name."""
    return {posixpath.join(folder, names[flow.full_name]): flow for flow in flows}
