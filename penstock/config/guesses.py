"""Guesses what was meant by the value of a setting that is not valid, for the cure in the message."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.errors import near_names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_NEGATIVES = frozenset({"disabled", "false", "n", "never", "no", "none", "off", "0"})
"""Words for no, in any setting."""

_AFFIRMATIVES = frozenset({"enabled", "on", "true", "y", "yes", "1"})

_SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("down", "vertical", "top-down"), "TB"),
        **dict.fromkeys(("right", "horizontal", "left-to-right"), "LR"),
        "up": "BT",
        "left": "RL",
        **dict.fromkeys(("fail", "fatal", "strict"), "error"),
        **dict.fromkeys(("rst", "rest", "restructuredtext"), "sphinx"),
        **dict.fromkeys(("md", "myst"), "markdown"),
    }
)
"""What users write for a choice that has another name here."""


def guess_truth(value: object) -> bool | None:
    """Return what a word for yes or no means, or ``None``."""
    word = str(value).lower()
    return True if word in _AFFIRMATIVES else False if word in _NEGATIVES else None


def guess_number(value: object) -> float | None:
    """Return the positive number in a text such as ``60`` or ``1.5 s``, or ``None``."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:s|sec|seconds)?\s*", value) if isinstance(value, str) else None
    number = float(match[1]) if match else 0.0
    return (int(number) if number.is_integer() else number) or None


def guess_choice(name: str, names: Collection[str]) -> str | None:
    """Return the nearest name, or ``None``."""
    if name.lower() in _NEGATIVES and "off" in names:
        return "off"
    if _SYNONYMS.get(name.lower()) in names:
        return _SYNONYMS[name.lower()]
    return next(iter(near_names(name, names)), None)
