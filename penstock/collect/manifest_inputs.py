"""The inputs of a manifest as it names them: the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock._util import source_paths
from penstock.manifest import Inputs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock.collect.inputs import Snapshot


@dataclass(frozen=True, slots=True)
class InputRecorder:
    """Makes the inputs of a manifest.

    Attributes:
        project: The folder that files are relative to.
        settings: The digest of the settings that the flows depend on.
    """

    project: Path
    settings: str

    def record(self, snapshot: Snapshot, versions: Mapping[str, str]) -> Inputs:
        """Return the part of a snapshot that is the same on other machines."""
        digests = {file: sha for file, (_, sha) in snapshot.files.items()}
        return Inputs(
            files=self._make_relative(digests),
            folders=self._make_relative(snapshot.folders),
            config=self.settings,
            versions=tuple(sorted(versions.items())),
        )

    def _make_relative(self, digests: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        relative_digests = {source_paths.relative(path, self.project): digest for path, digest in digests.items()}
        return tuple(sorted(item for item in relative_digests.items() if not source_paths.is_installed(item[0])))
