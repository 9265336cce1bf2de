"""Finds the modules beside a missing one, and the near names among them."""

from __future__ import annotations

import pkgutil
import sys
from typing import TYPE_CHECKING

from penstock._util import source_paths
from penstock.errors import did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_SIBLINGS = 12


def suggest_sibling(missing: str, siblings: Sequence[str]) -> str:
    """Return the near names of a missing submodule; only its own part counts, not that of the package."""
    package, _, name = missing.rpartition(".")
    near = near_names(name, [sibling.rpartition(".")[2] for sibling in siblings], limit=2)
    return did_you_mean([f"{package}.{candidate}" for candidate in near]).strip()


def list_siblings(package: str) -> list[str]:
    """Return the names of the modules in a package, or of those on ``sys.path`` outside installed libraries."""
    if package:
        folders = [str(folder) for folder in getattr(sys.modules.get(package), "__path__", ())]
        return sorted(f"{package}.{module.name}" for module in pkgutil.iter_modules(folders))
    own = [folder for folder in sys.path if not source_paths.is_installed(folder)]
    return sorted(module.name for module in pkgutil.iter_modules(own))


def join_some(names: Sequence[str]) -> str:
    """Return the first names of a list, and the number of the others."""
    rest = len(names) - _MOST_SIBLINGS
    return ", ".join(names[:_MOST_SIBLINGS]) + (f" and {rest} more" if rest > 0 else "")
