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

_SKIPPED = frozenset({"__pycache__", "node_modules"})


def to_watch(settings: Mapping[str, object], host: Host) -> set[Path]:
    """Return the files and folders that the pages depend on.

    Folders are those of packages, each to be watched without its subfolders. The project's folder is
    excluded: the built site, our cache or a log may be written there, and the server would build forever.
    """
    try:
        config = load_config(settings, host)
    except PenstockError:  # the build has reported it
        return set()
    files = {config.project / "pyproject.toml", evidence_file(config), *config.manifests}
    paths = {*files, *_packages(config), *_inputs(config)}
    return {path for path in paths if path.exists() and path not in {config.project, host.folder}}


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
    for root in config.path:
        for module in config.modules:
            yield from inside(root / module.split(".")[0])


def inside(top: Path) -> Iterator[Path]:
    """Yield a folder and its subfolders, except those that contain no sources."""
    folders = (top, *top.rglob("*/"))
    return (path for path in folders if not any(map(_is_skipped, (top.name, *path.relative_to(top).parts))))


def _is_skipped(name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED
