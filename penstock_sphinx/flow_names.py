"""Names of flows as written after ``penstock-flow``: as they are, or in double quotes with escapes as in JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

Object = tuple[str, str]
"""Kind and name of what roles lead to."""

_PLAIN = re.compile(r"(?![:\"])[^\s`\\\"{}]+(?: [^\s`\\\"{}]+)*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_TO_ESCAPE = re.compile(r"[^\w ./-]|\s(?<! )")


def write_name(name: str) -> str:
    """Return a name on one line, escaped so that no directive, fence or template misreads it."""
    if _PLAIN.fullmatch(name) and name == visible(name):
        return name
    return f'"{_TO_ESCAPE.sub(_escape, name)}"'


def read_name(text: str) -> str:
    """Return the unescaped name."""
    if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def name_object(name: str) -> str:
    """Return what roles and links call a flow or step: its name, or with escapes where others would look the same."""
    return name if name == visible(name) else f'"{_TO_ESCAPE.sub(_escape, name)}"'


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
    return visible(_QUOTED.sub(lambda quoted: visible(read_name(quoted[0])), name))


def _escape(mark: re.Match[str]) -> str:
    return json.dumps(mark[0])[1:-1] if mark[0] > "\x7f" else f"\\u{ord(mark[0]):04x}"
