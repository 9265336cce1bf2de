"""Makes file paths portable, so that a manifest is the same on every machine."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from penstock.model import Blind, Call, Problem, Step
from penstock.model.resource_uses import StaticTouch

if TYPE_CHECKING:
    from penstock.model import Flow

Placed = TypeVar("Placed", Step, Problem, Call, Blind, StaticTouch)


def place_flow(flow: Flow, root: str, service: str) -> Flow:
    """Return a flow with portable file paths; a service is added if the flow has none."""
    return replace(
        flow,
        service=flow.service or service,
        steps=tuple(place(step, root) for step in flow.steps),
        problems=tuple(place(problem, root) for problem in flow.problems),
        calls=tuple(place(call, root) for call in flow.calls),
        blind=tuple(place(blind, root) for blind in flow.blind),
        touches=tuple(place(touch, root) for touch in flow.touches),
    )


def place(value: Placed, root: str) -> Placed:
    """Return a value with its file made portable by :func:`portable_path`."""
    return replace(value, file=portable_path(value.file, root)) if value.file else value


@lru_cache(maxsize=4096)
def portable_path(file: str, root: str) -> str:
    """Return a file's path without machine-specific parts, with forward slashes.

    Installed code counts from the folder that it is imported from, other code from the project, and code outside
    both by its name alone. A folder that the project links to is a part of it.
    """
    if not PurePath(file).is_absolute():  # relative already, or not a file, such as ``<stdin>``
        return file
    try:
        path = PurePath(os.path.realpath(file))
    except ValueError:  # it is no path at all: a null character, or half a letter
        return PurePath(file).name
    search_paths = [os.path.realpath(entry) for entry in sys.path if entry]
    library_folders = [entry for entry in search_paths if PurePath(entry).name in ("site-packages", "dist-packages")]
    library_folders.append(os.path.realpath(sysconfig.get_path("stdlib")))
    for base in (*sorted(library_folders, key=len, reverse=True), root):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    for folder in PurePath(file).parents:
        if os.path.realpath(folder) == root:
            return PurePath(file).relative_to(folder).as_posix()
    for base in sorted(search_paths, key=len, reverse=True):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name
