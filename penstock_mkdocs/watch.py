"""What a server has to watch, so that a page follows its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.collect import collect, input_files, input_folders
from penstock.errors import PenstockError
from penstock_mkdocs.site import load_config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock.config import Config
    from penstock_mkdocs.host import Host

_SKIPPED = frozenset({"__pycache__", "node_modules"})


def folders_to_watch(settings: Mapping[str, object], host: Host) -> set[Path]:
    """Return the folders whose files decide what is shown.

    Each is meant to be watched without its subfolders, because a project's folder may hold the finished site, our
    cache, or an environment: watching those would build forever.
    """
    try:
        config = load_config(settings, host)
    except PenstockError:  # said by the build
        return set()
    folders = {config.project, *(path.parent for path in config.manifests), *_packages(config)}
    try:
        made = collect(config)
        folders |= {*input_folders(made, config.project), *(file.parent for file in input_files(made, config.project))}
    except PenstockError:
        pass
    return {folder for folder in folders if folder.is_dir()}


def _packages(config: Config) -> set[Path]:
    """Return the folders of the configured packages, which count also while they cannot be imported."""
    found: set[Path] = set()
    for root in config.path:
        found.add(root)
        for module in config.modules:
            top = root / module.split(".")[0]
            found |= {top, *_subfolders(top)}
    return found


def _subfolders(top: Path) -> set[Path]:
    folders = (path for path in top.rglob("*") if path.is_dir())
    return {folder for folder in folders if not _SKIPPED & set(folder.relative_to(top).parts)}
