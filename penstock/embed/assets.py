"""HTML shared by all embedders: the style sheet, and the frame in which a wide diagram scrolls."""

from __future__ import annotations

from functools import cache
from html import escape
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.embed.opening import Opening
    from penstock.embed.views import EvidenceView

SCRIPT = Path(__file__).with_name("penstock.js")
"""The script: highlights the paths through a node, zooms and pans large diagrams, and finds steps. It loads nothing."""

STYLESHEET = Path(__file__).with_name("penstock.css")
"""The style sheet; it loads nothing and names no host."""


def frame(svg: str, label: str, start: Opening | None = None) -> str:
    """Return a diagram in its frame, which scrolls if the diagram is too large and can be focused by keyboard.

    Args:
        svg: The ``<svg>`` element.
        label: The frame's name for screen readers.
        start: What a frame that scrolls has in its middle when it opens.
    """
    place = f' style="--ps-start:{start.x}px;--ps-start-y:{start.y}px"' if start else ""
    css = "ps-frame ps-tall" if start and start.is_tall else "ps-frame"
    return f'<div class="{css}" tabindex="0" role="region" aria-label="{escape(label)}"{place}>\n{svg}\n</div>'


def state_class(*, is_fault: bool) -> str:
    """Return the class of the words that say why something is not confirmed."""
    return "ps-faults" if is_fault else "ps-unproven"


def confirmed_class(view: EvidenceView) -> str:
    """Return the class of the number of confirmed edges; only some deserve a tick."""
    return "ps-confirmed" if view.has_confirmed else "ps-none-confirmed"


def new_name(wanted: str, taken: set[str]) -> str:
    """Return a name for a frame, with a number if another frame of the page has that name.

    Screen readers list the frames of a page by their names.

    Args:
        wanted: The preferred name.
        taken: The names of the preceding frames, to which this one is added.
    """
    numbered_names = (f"{wanted} ({number})" for number in count(2))
    name = wanted if wanted not in taken else next(candidate for candidate in numbered_names if candidate not in taken)
    taken.add(name)
    return name


def thumbnail(svg: str, url: str) -> str:
    """Return a small picture that is a single link; the text beside it has the same content and the same link.

    Args:
        svg: The ``<svg>`` element, hidden from screen readers.
        url: The target of the link, or an empty string.
    """
    opening, closing = (f'<a href="{escape(url)}" tabindex="-1"', "a") if url else ("<span", "span")
    return f'{opening} class="ps-thumb" aria-hidden="true">{svg}</{closing}>'


@cache
def script() -> str:
    """Return the text of the script."""
    return SCRIPT.read_text(encoding="utf-8")


@cache
def stylesheet(own: Path | None = None) -> str:
    """Return the text of the style sheet.

    Args:
        own: The file of an engine's own rules, which come last.
    """
    return "".join(file.read_text(encoding="utf-8") for file in (STYLESHEET, own) if file)
