"""Finds the files that are shipped with penstock; in a checkout, those under ``docs/``."""

from __future__ import annotations

from pathlib import Path

from penstock.errors import PenstockError

_PACKAGE = Path(__file__).parents[2]


def find_bundled(name: str) -> Path:
    """Return the path of a file or folder of ``docs/``, such as ``examples/shop``.

    Raises:
        PenstockError: The installation lacks it.
    """
    for folder in (_PACKAGE / "_bundle", _PACKAGE.parent / "docs"):
        if (folder / name).exists():
            return folder / name
    raise PenstockError(f"this installation lacks {name}. Reinstall it: pip install --force-reinstall penstock")
