"""Joins the runs of tasks with the calls that sent them, by the names of the tasks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.discover.choice.runs import collect_below
from penstock.discover.recording import Child

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.discover.recording import Recording, Root, Shape

_QUEUES = ("celery:", "rq:", "arq:", "dramatiq:", "huey:", "taskiq:")
"""The kinds of targets that name a task: a message to it is written, and its run is started by it."""


def join_tasks(recording: Recording) -> Recording:
    """Return a recording in which the run of a task is inside the call that sent it.

    Of the runs of a task, the one with the most functions stands for all. A task that sends itself is not inside itself.
    """
    runs = _find_task_runs(recording)
    if not runs:
        return recording
    joined = _TaskJoiner(recording, runs)
    roots: dict[Root, int] = {}
    for root, times in recording.roots.items():
        moved = root._replace(shape=joined.copy(root.shape, ()))
        roots[moved] = roots.get(moved, 0) + times
    return replace(recording, shapes=tuple(joined.shapes), roots=roots)


def _find_task_runs(recording: Recording) -> dict[str, int]:
    """Return the shape of the run of each task that something sends."""
    sent_names = {name for shape in recording.shapes for name in _list_tasks(shape.writes)}
    below = collect_below(recording)
    runs: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for root, times in recording.roots.items():
        if root.trigger in sent_names:
            runs[root.trigger].append((below[root.shape].bit_count(), times, root.shape))
    return {name: max(shapes)[2] for name, shapes in runs.items()}


def _list_tasks(writes: Iterable[str]) -> list[str]:
    return [name for name in writes if name.startswith(_QUEUES)]


class _TaskJoiner:
    """Copies shapes, children before their parents, with the runs of tasks in those that sent them."""

    def __init__(self, recording: Recording, runs: Mapping[str, int]) -> None:
        self.shapes: dict[Shape, int] = {}
        self._recording, self._runs = recording, runs
        self._below = collect_below(recording)
        self._copies: dict[tuple[int, tuple[str, ...]], int] = {}

    def copy(self, index: int, around: tuple[str, ...]) -> int:
        """Return the index of the copy of a shape.

        Args:
            index: The shape.
            around: The tasks that it runs in.
        """
        waiting = [(index, around, False)]
        while waiting:
            key = waiting[-1][:2]
            parts = self._list_parts(*key)
            missing = [part for part in parts if part not in self._copies and not waiting[-1][2]]
            waiting[-1] = (*key, True)
            if missing:
                waiting += [(*part, False) for part in missing]
            else:
                waiting.pop()
                self._copies.setdefault(key, self._add(key[0], [self._copies[part] for part in parts]))
        return self._copies[index, around]

    def _list_parts(self, index: int, around: tuple[str, ...]) -> list[tuple[int, tuple[str, ...]]]:
        """Return the shapes inside a shape, those of tasks last, each with the tasks around it."""
        shape = self._recording.shapes[index]
        names = [name for name in _list_tasks(shape.writes) if name in self._runs and name not in around]
        tasks = [(self._runs[name], (*around, name)) for name in names if not self._has_run(index, self._runs[name])]
        return [*((child.shape, around) for child in shape.children), *tasks]

    def _has_run(self, index: int, run: int) -> bool:
        """Return whether a task ran at once inside the call that sent it."""
        return bool(self._below[index] >> self._recording.shapes[run].function & 1)

    def _add(self, index: int, parts: list[int]) -> int:
        shape = self._recording.shapes[index]
        own = [child._replace(shape=part) for child, part in zip(shape.children, parts, strict=False)]
        tasks = [Child(part) for part in parts[len(own) :]]
        return self.shapes.setdefault(shape._replace(children=(*own, *tasks)), len(self.shapes))
