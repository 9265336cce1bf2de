"""Recordings of code without decorators, made in other Pythons, as short texts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from penstock.discover.watched_command import WatchOptions, watch_command
from pythons import find_python

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from penstock.discover.recording import Child, Recording

NEWEST = "3.13"


def find_pythons() -> dict[str, str]:
    """Return a Python with ``sys.monitoring`` and one without, by what they have; an empty string for a missing one."""
    is_new = sys.version_info >= (3, 12)
    return {
        "monitoring": sys.executable if is_new else find_python(NEWEST) or find_python("3.12"),
        "profile": find_python("3.11") if is_new else sys.executable,
    }


def record(folder: Path, *command: str, packages: Sequence[str] = ()) -> Recording:
    """Return what is seen of the code in a folder while a command runs, which must succeed."""
    options = WatchOptions(project=folder, packages=tuple(packages), env={"PYTHONDONTWRITEBYTECODE": "1"})
    recording, code = watch_command(command, options)
    assert code == 0
    return recording


def draw_roots(recording: Recording) -> list[str]:
    """Return the outermost calls as texts such as ``POST /orders: 2 x place_order(check, 10 x reserve)``.

    A failed call ends with ``!``, ``>`` precedes what a call writes, and ``<`` what it reads. ``&0`` is a call that began
    while the first one beside it ran.
    """
    rows = sorted(recording.roots.items(), key=lambda item: (item[0].trigger, item[0].shape))
    return [
        f"{root.trigger}{': ' if root.trigger else ''}{_count(count)}{draw_shape(recording, root.shape)}"
        for root, count in rows
    ]


def draw_shape(recording: Recording, index: int) -> str:
    """Return a shape as such a text."""
    shape = recording.shapes[index]
    children = ", ".join(_draw_child(recording, child) for child in shape.children)
    effects = "".join([*(f" >{target}" for target in shape.writes), *(f" <{target}" for target in shape.reads)])
    text = f"{recording.functions[shape.function].name}{'!' if shape.failed else ''}{effects}"
    return f"{text}({children})" if children else f"{text}…" if shape.partial else text


def _draw_child(recording: Recording, child: Child) -> str:
    running = "".join(f"&{place}" for place in child.running)
    return f"{_count(child.times)}{draw_shape(recording, child.shape)}{running}"


def _count(times: int) -> str:
    return f"{times} x " if times > 1 else ""
