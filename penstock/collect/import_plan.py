"""What is to be imported, and how: read from the settings once, before a child starts."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util import source_paths
from penstock.config.sources import SettingsSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from penstock.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """All that a child needs to import an application.

    Attributes:
        project: The project's folder.
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
    def of(cls, config: Config, *, calls: bool) -> Self:
        """Return the plan that the settings describe."""
        python = config.python or sys.executable
        return cls(
            project=config.project,
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
            calls=calls,
            settings=config.source or SettingsSource({}, config.project, "pyproject.toml"),
        )


def _share_path(python: str) -> tuple[str, ...]:
    """Return this process's ``sys.path`` for a child with the same interpreter; empty for any other."""
    if python != sys.executable:
        return ()
    scripts = os.path.realpath(sysconfig.get_path("scripts"))  # the folder of `sphinx-build`, which holds no modules
    entries = dict.fromkeys(source_paths.absolute(entry) for entry in sys.path)
    return tuple(entry for entry in entries if os.path.realpath(entry) != scripts and Path(entry).exists())
