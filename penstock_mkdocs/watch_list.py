"""The files and folders that a server watches, so that pages follow their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.collect import input_files, input_folders
from penstock.config import evidence_file
from penstock.errors import CollectError, PenstockError
from penstock.proof import flows_for_docs, last_shown
from penstock_mkdocs.site import load_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from penstock.config import Config
    from penstock.manifest import Manifest
    from penstock_mkdocs.hosts import Host


def to_watch(settings: Mapping[str, object], host: Host) -> dict[Path, int]:
    """Return the files and folders that the pages depend on, each with its inode, which is new when it was made again.

    Folders are to be watched with all that is in them. The project's folder is excluded: the built site, our cache or a
    log may be written there, and the server would build forever.
    """
    try:
        config = load_config(settings, host)
    except PenstockError:  # the build has reported it
        return {}
    files = {config.project / "pyproject.toml", evidence_file(config), *config.manifests}
    paths = {*files, *_packages(config), *_inputs(config)}
    inodes = {path: inode for path in paths - {config.project, host.folder} if (inode := _inode(path))}
    return {path: inode for path, inode in inodes.items() if inodes.keys().isdisjoint(path.parents)}


def find_unwatched(config: Config, host: Host) -> list[str]:
    """Return what a server has to be told to watch, as it is written in its configuration; nothing where it needs no word.

    Args:
        config: The settings.
        host: The host, which knows what its server watches.
    """
    if host.watched is None or not host.serving:
        return []
    roots = (root / module.split(".")[0] for root in config.path for module in config.modules)
    sources = (path for root in roots for path in (root, root.with_name(f"{root.name}.py")))
    wanted = dict.fromkeys((*sources, config.project / "pyproject.toml", *config.manifests))
    watched = [path.resolve() for path in host.watched]
    missing = (path for path in wanted if path.exists() and not any(map(path.resolve().is_relative_to, watched)))
    return [host.relative(path) for path in missing]


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _inputs(config: Config) -> set[Path]:
    try:
        manifest = flows_for_docs(config).manifest
    except CollectError as error:
        failure_files = {config.project / getattr(failure, "file", "") for failure in error.failures}
        last = last_shown(config)
        return failure_files if last is None else failure_files | _made_from(last, config)
    except PenstockError:
        return set()
    return _made_from(manifest, config)


def _made_from(manifest: Manifest, config: Config) -> set[Path]:
    return {*input_files(manifest, config.project), *input_folders(manifest, config.project)}


def _packages(config: Config) -> Iterator[Path]:
    """Yield the folders of the configured packages, which count even while they cannot be imported."""
    return (root / module.split(".")[0] for root in config.path for module in config.modules)
