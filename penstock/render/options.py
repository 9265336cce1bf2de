"""Options of a drawing, for all formats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

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
    """

    direction: Direction = "TB"
    details: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    background: str = "white"
