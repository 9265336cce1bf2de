"""Makes declarations from outside available in processes started by recorded tests.

The recording passes on, in an environment variable, which modules declare steps of which. As soon as one of these is
imported, its declarations are, too. Nothing is imported earlier: the process may need to prepare itself first.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util.import_hook import watch_module

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from penstock._declare.patches import Patch

PATCHES = "PENSTOCK_EVIDENCE_PATCHES"
"""The environment variable with the modules that declare steps from outside, by the module of the functions."""

SITE = Path(__file__).parent / "site"
"""The folder of ``sitecustomize``, which Python imports when it starts."""


def tell(patches: Iterable[Patch]) -> dict[str, str]:
    """Return environment variables that pass some patches on to processes; empty without patches."""
    declaring: dict[str, list[str]] = {}
    folders: dict[str, None] = {}
    for patch in patches:
        file = getattr(sys.modules.get(patch.where.module), "__file__", None)
        if file and patch.where.module != "__main__":
            declaring.setdefault(patch.module, []).append(patch.where.module)
            folders[str(_folder_of(patch.where.module, file))] = None
    if not declaring:
        return {}
    modules = {name: list(dict.fromkeys(names)) for name, names in declaring.items()}
    path = filter(None, (str(SITE), os.environ.get("PYTHONPATH")))
    return {PATCHES: json.dumps([modules, [*folders]]), "PYTHONPATH": os.pathsep.join(path)}


def follow() -> None:
    """Import declarations from outside as soon as the modules that they patch are imported."""
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        modules, folders = json.loads(os.environ[PATCHES])
        for name, names in modules.items():
            watch_module(name, partial(_import, names, folders))


def _import(names: Iterable[str], folders: Iterable[str], module: ModuleType) -> None:
    sys.path.extend(folder for folder in folders if folder not in sys.path)
    from penstock._declare.patches import apply_to  # noqa: PLC0415 - most processes do not need it

    for name in names:
        with contextlib.suppress(Exception):  # the tests import it, too, and report the failure
            import_module(name)
    apply_to(module)


def _folder_of(module: str, file: str) -> Path:
    """Return the folder that a module is imported from."""
    path = Path(file).absolute()
    depth = module.count(".") + (path.stem == "__init__")
    return path.parents[depth]
