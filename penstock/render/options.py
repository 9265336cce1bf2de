"""Options of a drawing, for all formats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast, get_args

from penstock.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping


Direction = Literal["TB", "LR", "BT", "RL"]
"""The direction of the edges: down, right, up, left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of a flow's drawing.

    Attributes:
        direction: The direction of the edges: ``TB`` down, ``LR`` right, ``BT`` up, ``RL`` left.
        details: Whether titles, triggers, effects and links are drawn too.
        links: The address that each step's node links to, by step name.
        background: The colour behind a picture that is a PNG or a PDF.
        folded: Whether effects are written into the boxes of their steps, and titles wrap earlier, for a narrower drawing.
        flexible: Whether a drawing that runs down, and is too wide for a page, may run to the right instead.
        small: Whether each step is a small box with its initials, for an overview.
        note: What a drawing leaves out, in words that are shown with it.
    """

    direction: Direction = "TB"
    details: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    background: str = "white"
    folded: bool = False
    flexible: bool = False
    small: bool = False
    note: str = ""


_SYNONYMS = {"TD": "TB"}
_WORDS = {"down": "TB", "right": "LR", "up": "BT", "left": "RL", "horizontal": "LR", "vertical": "TB"}
"""What a direction is called in words, for suggestions."""


class UnknownDirectionError(UnknownNameError):
    """A direction other than TB (or TD), LR, BT and RL."""

    what = "direction"
    whats = "directions"


def checked_direction(direction: str) -> Direction:
    """Return the direction, ``TD`` as ``TB``.

    Raises:
        UnknownDirectionError: There is no such direction.
    """
    value = _SYNONYMS.get(direction.upper(), direction.upper())
    for candidate in get_args(Direction):
        if value == candidate:
            return cast("Direction", candidate)
    error = UnknownDirectionError(direction, get_args(Direction))
    error.near = (_WORDS[direction.lower()],) if direction.lower() in _WORDS else error.near
    raise error
