"""Files that the plugin generates: in memory for MkDocs, on disk for plugins that read files by path."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, InclusionLevel

from penstock._util.atomic_files import own_folder, write_atomically
from penstock.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from mkdocs.config.defaults import MkDocsConfig


def generated_file(
    config: MkDocsConfig,
    project: Path,
    path: str,
    content: str,
    inclusion: InclusionLevel = InclusionLevel.UNDEFINED,
) -> File:
    """Return a generated file.

    Args:
        config: The configuration of MkDocs.
        project: The folder that contains our own folder, where the file is stored; if it cannot be, it has no path.
        path: Its path below the folder of pages.
        content: Its content.
        inclusion: Whether it is in the navigation.
    """
    file = File.generated(config, path, content=content, inclusion=inclusion)
    with suppress(OSError, OutputError):
        target = own_folder(project / ".penstock") / "mkdocs" / path
        if not target.is_file() or target.read_bytes() != content.encode():  # a server may watch the whole project
            write_atomically(target, content.encode())
        file.abs_src_path = str(target)
    return file
