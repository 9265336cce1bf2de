"""What is to be collected, and how: read from the settings once, before anything is read or a child starts."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import manifest
from penstock._util import source_paths
from penstock._version import __version__
from penstock.config.sources import SettingsSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from penstock.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectPlan:
    """All that collecting flows needs to know.

    With ``manifests``, these files are read; with ``modules``, a child imports them; with neither, the flows of this
    process are meant.

    Attributes:
        project: The project's folder.
        manifests: The manifests to read instead of importing modules.
        trusted: Whether the manifests are the project's own.
        python: The interpreter.
        sys_path: ``sys.path`` of a child with the interpreter of this process; empty for any other.
        modules: The modules to import, in this order.
        path: The folders put first on ``sys.path``.
        env: The environment variables set for the import.
        setup: The function called before the first import, or an empty string.
        mock: The modules to stand in for.
        service: The service's name.
        timeout: Seconds that setup and imports together may take.
        reading_timeout: Seconds that static analysis may take.
        calls: Whether flows include static relations.
        settings: The file that names the modules, without its values: messages spell settings as it does.
    """

    project: Path
    manifests: tuple[Path, ...]
    trusted: bool
    python: str
    sys_path: tuple[str, ...]
    modules: tuple[str, ...]
    path: tuple[str, ...]
    env: Mapping[str, str]
    setup: str
    mock: tuple[str, ...]
    service: str
    timeout: float
    reading_timeout: float
    calls: bool
    settings: SettingsSource

    @classmethod
    def of(cls, config: Config, *, calls: bool = False) -> Self:
        """Return the plan that the settings describe.

        Args:
            config: The settings.
            calls: Whether flows include static relations; manifests have those with which they were exported.
        """
        python = config.python or sys.executable
        return cls(
            project=config.project,
            manifests=config.manifests,
            trusted=config.trust_manifests,
            python=python,
            sys_path=_share_path(python),
            modules=config.modules,
            path=tuple(map(str, config.path)),
            env=config.env,
            setup=config.setup,
            mock=config.mock,
            service=config.service,
            timeout=config.timeout,
            reading_timeout=config.reading_timeout,
            calls=calls and not config.manifests,
            settings=config.source or SettingsSource({}, config.project, "pyproject.toml"),
        )

    def digest_settings(self) -> str:
        """Return a digest of the settings for a manifest, without the values in ``env``: they may be secrets."""
        facts = self._list_facts(lambda path: source_paths.relative(path, self.project))
        return _digest({**facts, "env": sorted(self.env)})

    def cache_key(self) -> str:
        """Return the key for the settings, the interpreter, and the versions of penstock and of the format."""
        identity: list[object] = [self.python, os.path.realpath(self.python)]
        with contextlib.suppress(OSError):
            status = Path(self.python).stat()
            identity += [status.st_mtime_ns, status.st_size]
        versions = [__version__, manifest.VERSION, *(["calls"] if self.calls else [])]
        return _digest([str(self.project), self._list_facts(str), identity, self.sys_path, versions])[:32]

    def _list_facts(self, format_path: Callable[[str | Path], str]) -> dict[str, object]:
        """Return the settings that affect the flows and their names."""
        return {
            "modules": self.modules,
            "path": [format_path(path) for path in self.path],
            "env": dict(self.env),
            "setup": self.setup,
            "mock": self.mock,
            "manifests": [format_path(path) for path in self.manifests],
            "service": self.service,
            **({"trust_manifests": True} if self.trusted else {}),
        }


def _share_path(python: str) -> tuple[str, ...]:
    """Return this process's ``sys.path`` for a child with the same interpreter; empty for any other."""
    if python != sys.executable:
        return ()
    scripts = os.path.realpath(sysconfig.get_path("scripts"))  # the folder of `sphinx-build`, which holds no modules
    entries = dict.fromkeys(source_paths.absolute(entry) for entry in sys.path)
    return tuple(entry for entry in entries if os.path.realpath(entry) != scripts and Path(entry).exists())


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
