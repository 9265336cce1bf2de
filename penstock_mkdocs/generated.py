"""The files that the plugin makes. MkDocs has them in memory; other plugins, which read a file by its path, on disk."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, InclusionLevel

from penstock._files import own_folder, write_atomically
from penstock.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from mkdocs.config.defaults import MkDocsConfig


def generated(
    config: MkDocsConfig,
    project: Path,
    path: str,
    content: str,
    inclusion: InclusionLevel = InclusionLevel.UNDEFINED,
) -> File:
    """Return a file.

    Args:
        config: The configuration of MkDocs.
        project: The folder that has our own folder, in which the file is kept; where it cannot be, it has no path.
        path: Where it would stand below the folder of pages.
        content: What is in it.
        inclusion: Whether it stands in the navigation.
    """
    file = File.generated(config, path, content=content, inclusion=inclusion)
    with suppress(OSError, OutputError):
        kept = own_folder(project / ".penstock") / "mkdocs" / path
        if not kept.is_file() or kept.read_bytes() != content.encode():  # a server may watch the whole project
            write_atomically(kept, content.encode())
        file.abs_src_path = str(kept)
    return file
