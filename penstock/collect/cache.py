"""The last manifests, with the state of their inputs: in this process, and in the project's folder ``.penstock/cache``."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from penstock import manifest
from penstock._util.atomic_files import own_folder
from penstock._util.cache_files import read_cache_file, write_cache_file
from penstock.collect.inputs import Snapshot
from penstock.errors import PenstockError
from penstock.manifest import lazy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from penstock.manifest import Manifest

_MAX_FILES = 8


@dataclass(frozen=True, slots=True)
class CollectedManifest:
    """A manifest and the state of its inputs."""

    manifest: Manifest
    snapshot: Snapshot


_of_this_process: dict[str, CollectedManifest] = {}


@dataclass(frozen=True, slots=True)
class ManifestCache:
    """The cache of one configuration.

    Attributes:
        folder: The folder of its files.
        key: What tells it from those of other configurations.
    """

    folder: Path
    key: str

    def find_current(self) -> CollectedManifest | None:
        """Return the cached manifest whose inputs have not changed, or ``None``."""
        return next((entry for entry in self._entries() if entry.snapshot.is_current()), None)

    def find_last(self) -> CollectedManifest | None:
        """Return the manifest cached last, or ``None``."""
        return next(self._entries(), None)

    def remember(self, collected: CollectedManifest) -> None:
        """Cache a manifest for this process."""
        _of_this_process[self.key] = collected

    def write(self, collected: CollectedManifest, text: str) -> None:
        """Cache a manifest for later processes; without a writable folder, they import again."""
        head = {"snapshot": collected.snapshot.to_json(), "inputs": manifest.input_values(collected.manifest.inputs)}
        with contextlib.suppress(OSError):
            write_cache_file(self.folder / f"{self.key}.json", head, text.encode())
            own_folder(self.folder.parent)
            for old in sorted(self.folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)[:-_MAX_FILES]:
                old.unlink()

    def _entries(self) -> Iterator[CollectedManifest]:
        """Yield the manifest of this process, then that of an earlier one."""
        if (entry := _of_this_process.get(self.key)) is not None:
            yield entry
        if (entry := self._read()) is not None:
            yield entry

    def _read(self) -> CollectedManifest | None:
        """Return the manifest that an earlier process cached, or ``None`` if the file is invalid in any way."""
        try:
            head, text = read_cache_file(self.folder / f"{self.key}.json")
            state = Snapshot.from_json(head["snapshot"])
            inputs = manifest.inputs_of(head["inputs"])
            return CollectedManifest(replace(lazy.loads(text.decode()), inputs=inputs), state)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, PenstockError):
            return None
