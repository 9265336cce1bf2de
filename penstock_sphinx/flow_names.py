"""Names of flows as written after ``penstock-flow``: as they are, or in double quotes with escapes as in JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.embed.names import quote_name, unquote_name
from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

Object = tuple[str, str]
"""Kind and name of what roles lead to."""

_PLAIN = re.compile(r"(?![:\"])[^\s`\\\"{}]+(?: [^\s`\\\"{}]+)*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def write_name(name: str) -> str:
    """Return a name on one line, escaped so that no directive, fence or template misreads it."""
    if _PLAIN.fullmatch(name) and name == visible(name):
        return name
    return quote_name(name)


def name_object(name: str) -> str:
    """Return what roles and links call a flow or step: its name, or with escapes where others would look the same."""
    return name if name == visible(name) else quote_name(name)


def objects_by_look(objects: Iterable[Object]) -> dict[tuple[str, str], Object]:
    """Return the objects whose names have escapes by what is seen of them; of several that look the same, the first."""
    return {(known[0], _show(known[1])): known for known in sorted(objects, reverse=True) if '"' in known[1]}


def objects_by_ending(objects: Iterable[Object]) -> dict[str, list[Object]]:
    """Return objects by each ending of their names that stands behind a dot or a slash."""
    found: dict[str, list[Object]] = {}
    for known in objects:
        name = known[1]
        for at in re.finditer("[./]", name):
            found.setdefault(name[at.end() :], []).append(known)
    return found


def _show(name: str) -> str:
    return visible(_QUOTED.sub(lambda quoted: visible(unquote_name(quoted[0])), name))
