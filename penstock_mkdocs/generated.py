"""The files that the plugin makes: each is on disk while MkDocs runs, as many plugins read a file by its path."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, InclusionLevel

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


class Generated:
    """Makes files, outside the folders of the site, and removes them at last."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None

    def file(
        self, config: MkDocsConfig, path: str, content: str, inclusion: InclusionLevel = InclusionLevel.UNDEFINED
    ) -> File:
        """Return a file that stands at a path below the folder of pages; without room on the disk, it has no other."""
        with suppress(OSError):
            if self._folder is None:
                self._folder = TemporaryDirectory(prefix="penstock-", ignore_cleanup_errors=True)
            made = Path(self._folder.name, path)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(content, encoding="utf-8")  # each time, as a dirty build looks at when it was written
            return File.generated(config, path, abs_src_path=str(made), inclusion=inclusion)
        return File.generated(config, path, content=content, inclusion=inclusion)

    def remove(self) -> None:
        """Remove them from the disk."""
        if self._folder:
            self._folder.cleanup()
            self._folder = None
