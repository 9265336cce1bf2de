"""The only store of declarations: declarations in, immutable flows out."""

from __future__ import annotations

import os
import sys

from penstock._declare.declaration import DeclaredText, FlowDeclarations
from penstock._declare.marks import marks_on
from penstock._util.call_site import place_of
from penstock._util.locks import make_reentrant_lock
from penstock.errors import DuplicateStepError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from types import FrameType
    from typing import Any

    from penstock._declare.marks import StepMark


# Reentrant: building a flow reads attributes of user objects, which may declare more.
lock = make_reentrant_lock()
declarations: dict[str, FlowDeclarations] = {}
unclaimed: dict[tuple[str, str] | int, StepMark] = {}


def declare(
    name: str,
    frame: FrameType,
    title: str | None = None,
    description: str | None = None,
    tags: object = None,
) -> None:
    """Record the existence of a flow, and the metadata of one declaration."""
    texts = {"title": title, "description": description}
    values = {kind: str(text) for kind, text in texts.items() if text is not None}
    with lock:
        record = declarations.setdefault(name, FlowDeclarations(name, place_of(frame)))
        for kind, value in {**values, **({} if tags is None else {"tags": tags})}.items():
            entry = DeclaredText(value, frame)
            record.texts[kind] = [*(peer for peer in record.texts[kind] if not entry.corrects(peer)), entry]
        record.built_flow = None


def note_mark(mark: StepMark) -> None:
    """Remember a mark until a flow takes it; unclaimed marks are reported."""
    with lock:
        earlier = unclaimed.get(_place(mark))
        if earlier is not None and mark.is_beside(earlier):
            mark.hides = earlier
        unclaimed[_place(mark)] = mark


def note_unmarked(name: str, identity: tuple[str, str], where: tuple[str, int]) -> None:
    """Remember that ``@flow`` decorates an object without a mark."""
    with lock:
        declarations[name].unmarked[identity] = where
        declarations[name].built_flow = None


def note_patch(patch: Any) -> None:
    """Remember a patch of a named function, or its changed state."""
    with lock:
        record = declarations.setdefault(patch.flow, FlowDeclarations(patch.flow, (patch.where.file, patch.where.line)))
        same = [peer for peer in record.patches if peer is patch or patch.replaces(peer)]
        record.patches = [*(peer for peer in record.patches if peer not in same), patch]
        record.built_flow = None


def claim(name: str, mark: StepMark) -> None:
    """Add a mark to a flow; the same function declared again replaces its earlier declaration.

    Raises:
        DuplicateStepError: Another function already has the step's name in this flow.
    """
    with lock:
        record = declarations.setdefault(name, FlowDeclarations(name, mark.declared))  # a handle may outlive `forget`
        unclaimed.pop(_place(mark), None)
        old_marks = [peer for peer in record.like(mark) if _replaces(name, mark, peer)]
        if old_marks:
            record.give_up(old_marks)
        record.take(mark)
        record.hidden = [pair for pair in record.hidden if pair[1] not in old_marks]
        record.hidden += [(peer, mark) for peer in (*old_marks, mark.hides) if peer and mark.is_beside(peer)]
        if not mark.deferred:
            record.unmarked.pop(mark.key, None)
        record.built_flow = None
        mark.flows = tuple(dict.fromkeys((*mark.flows, name)))


def marks() -> tuple[StepMark, ...]:
    """Return every mark of every flow; a mark of several flows occurs once for each."""
    with lock:
        return tuple(mark for record in declarations.values() for mark in record.marks)


def release(marks: Collection[StepMark]) -> None:
    """Remove these marks from every flow: a notebook cell that ran again no longer declares them."""
    with lock:
        for record in declarations.values():
            if given_up := [mark for mark in record.marks if mark in marks]:
                record.give_up(given_up)
                record.built_flow = None


def forget(name: str | None = None) -> None:
    """Forget one flow, or everything: for tests and notebooks."""
    with lock:
        if name is None:
            declarations.clear()
            unclaimed.clear()
        else:
            declarations.pop(name, None)


def _place(mark: StepMark) -> tuple[str, str] | int:
    return id(mark.root) if mark.deferred else mark.key


def _replaces(flow: str, mark: StepMark, other: StepMark) -> bool:
    """Return whether ``mark`` replaces ``other``; names of lazy objects are compared when the flow is built."""
    if mark.root is other.root:
        is_stacked = any(other in group for group in marks_on(mark.function))  # one declaration in several lines
        return not is_stacked and mark.name == other.name and mark.entrypoint == other.entrypoint
    if mark.deferred or other.deferred:
        return False
    same_name = mark.step_name == other.step_name
    if mark.key == other.key:
        # A new object under an old name is a new definition (a reload, a notebook cell), whatever its step's
        # name is now. Lambdas and inner functions share names without being each other's successors.
        return same_name or not (mark.one_of_many or _stands_beside(mark, other))
    if same_name and not _is_loaded_twice(mark, other):
        raise DuplicateStepError(flow, mark.step_name, _format_mark_location(other), _format_mark_location(mark))
    return same_name


def _is_loaded_twice(mark: StepMark, other: StepMark) -> bool:
    """Return whether two modules are one file, such as ``__main__`` and the module that a server imports by name."""
    files = {_file_of(mark), _file_of(other)}
    return mark.key[1] == other.key[1] and len(files) == 1 and "" not in files


def _file_of(mark: StepMark) -> str:
    file = getattr(sys.modules.get(mark.key[0]), "__file__", None)
    return os.path.realpath(file) if file else ""


def _stands_beside(mark: StepMark, other: StepMark) -> bool:
    """Return whether two definitions of one name are at two places of one file, like several ``def _``."""
    code, earlier = getattr(mark.root, "__code__", None), getattr(other.root, "__code__", None)
    if code is None or earlier is None or mark.name is None or other.name is None:
        return False
    return bool(code.co_filename == earlier.co_filename and code.co_firstlineno != earlier.co_firstlineno)


def _format_mark_location(mark: StepMark) -> str:
    file, line = mark.declared
    return f"{file}:{line} ({'.'.join(filter(None, mark.key))})"
