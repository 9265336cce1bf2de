"""Sets of names as one text: sorted and joined by commas; a comma in a name is ``%2C``, a percent sign ``%25``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def escape_name(name: str) -> str:
    """Return a step's name as it stands in a list of names."""
    return name.replace("%", "%25").replace(",", "%2C")


def join_names(names: Iterable[str]) -> str:
    """Return names as one text."""
    return ",".join(map(escape_name, sorted(names)))


def split_names(text: str) -> frozenset[str]:
    """Return the names in a text."""
    return frozenset(name.replace("%2C", ",").replace("%25", "%") for name in text.split(",")) if text else frozenset()
