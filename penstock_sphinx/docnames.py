"""Paths of the pages of flows: in a folder relative to the page with the directive, as in autosummary."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.model import Flow


def folder_of(docname: str, folder: str) -> str | None:
    """Return a folder relative to the source folder, or ``None`` if it is outside.

    Args:
        docname: The page that names the folder.
        folder: The folder's name on the page; with a leading slash, it is relative to the source folder.
    """
    base = "" if folder.startswith("/") else posixpath.dirname(docname)
    path = posixpath.normpath(posixpath.join(base, folder.lstrip("/")))
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path


def paths_of(flows: Iterable[Flow], names: Mapping[str, str], folder: str) -> dict[str, Flow]:
    """Return the flow of each page in a folder; ``names`` has the name of each flow's page, by the flow's full name."""
    return {posixpath.join(folder, names[flow.full_name]): flow for flow in flows}
