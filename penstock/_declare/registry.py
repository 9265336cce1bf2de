"""The only store of declarations: declarations in, immutable flows out."""

from __future__ import annotations

import os
import sys

from penstock._declare.marks import marks_on
from penstock._util.call_site import body_of, place_of
from penstock._util.locks import make_reentrant_lock
from penstock.errors import DuplicateStepError, UnknownFlowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from types import FrameType

    from penstock._declare.marks import StepMark
    from penstock._declare.patches import Patch
    from penstock.model import Flow, Problem


class Said:
    """A title, a description or tags, with the origin.

    Attributes:
        value: The value as given.
        where: File and line.
        module: The module's name.
        body: The execution of the declaration; see :func:`penstock._util.call_site.body_of`.
    """

    __slots__ = ("body", "module", "value", "where")

    def __init__(self, value: object, frame: FrameType) -> None:
        self.value = value
        self.where = place_of(frame)
        self.module = str(frame.f_globals.get("__name__", ""))
        self.body = body_of(frame)

    def corrects(self, other: Said) -> bool:
        """Return whether this entry supersedes ``other``: same lines run again, or an earlier text of the file."""
        return self.where == other.where or (self.where[0] == other.where[0] and self.body is not other.body)


class Declared:
    """All declarations of one flow.

    Attributes:
        name: The flow's name.
        said: Titles, descriptions and tags still present in the source, the latest last.
        marks: The marks that it has taken, in the order of declaration.
        hidden: Replaced marks, each with the mark that took its place without being a new definition of it.
        where: File and line of the first declaration.
        unmarked: Identity and place of each object under ``@flow`` that carries no mark.
        patches: The functions known by name that steps replace.
        built: The flow as last built, until something changes.
    """

    __slots__ = ("_alike", "built", "hidden", "marks", "name", "patches", "said", "unmarked", "where")

    def __init__(self, name: str, where: tuple[str, int]) -> None:
        self.name = name
        self.where = where
        self.said: dict[str, list[Said]] = {"title": [], "description": [], "tags": []}
        self.marks: list[StepMark] = []
        self.hidden: list[tuple[StepMark, StepMark]] = []
        self.unmarked: dict[tuple[str, str], tuple[str, int]] = {}
        self.patches: list[Patch] = []
        self.built: Flow | None = None
        self._alike: dict[object, list[StepMark]] = {}

    def like(self, mark: StepMark) -> list[StepMark]:
        """Return the marks with the same object, function or step name: those that ``mark`` may replace."""
        matches = {id(candidate): candidate for trait in _traits(mark) for candidate in self._alike.get(trait, ())}
        return list(matches.values())

    def take(self, mark: StepMark) -> None:
        """Append a mark."""
        self.marks.append(mark)
        for trait in _traits(mark):
            self._alike.setdefault(trait, []).append(mark)

    def give_up(self, marks: Collection[StepMark]) -> None:
        """Remove some of the marks."""
        self.marks = [mark for mark in self.marks if mark not in marks]
        for mark in marks:
            for trait in _traits(mark):
                self._alike[trait].remove(mark)
                if not self._alike[trait]:  # a function declared inside another one is a new object each time
                    del self._alike[trait]


# Reentrant: building a flow reads attributes of user objects, which may declare more.
_lock = make_reentrant_lock()
_flows: dict[str, Declared] = {}
_unclaimed: dict[tuple[str, str] | int, StepMark] = {}


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
    with _lock:
        record = _flows.setdefault(name, Declared(name, place_of(frame)))
        for kind, value in {**values, **({} if tags is None else {"tags": tags})}.items():
            entry = Said(value, frame)
            record.said[kind] = [*(peer for peer in record.said[kind] if not entry.corrects(peer)), entry]
        record.built = None


def note_mark(mark: StepMark) -> None:
    """Remember a mark until a flow takes it; unclaimed marks are reported."""
    with _lock:
        earlier = _unclaimed.get(_place(mark))
        if earlier is not None and mark.is_beside(earlier):
            mark.hides = earlier
        _unclaimed[_place(mark)] = mark


def note_unmarked(name: str, identity: tuple[str, str], where: tuple[str, int]) -> None:
    """Remember that ``@flow`` decorates an object without a mark."""
    with _lock:
        _flows[name].unmarked[identity] = where
        _flows[name].built = None


def note_patch(patch: Patch) -> None:
    """Remember a patch of a named function, or its changed state."""
    with _lock:
        record = _flows.setdefault(patch.flow, Declared(patch.flow, (patch.where.file, patch.where.line)))
        same = [peer for peer in record.patches if peer is patch or patch.replaces(peer)]
        record.patches = [*(peer for peer in record.patches if peer not in same), patch]
        record.built = None


def claim(name: str, mark: StepMark) -> None:
    """Add a mark to a flow; the same function declared again replaces its earlier declaration.

    Raises:
        DuplicateStepError: Another function already has the step's name in this flow.
    """
    with _lock:
        record = _flows.setdefault(name, Declared(name, mark.declared))  # a handle may outlive `forget`
        _unclaimed.pop(_place(mark), None)
        old_marks = [peer for peer in record.like(mark) if _replaces(name, mark, peer)]
        if old_marks:
            record.give_up(old_marks)
        record.take(mark)
        record.hidden = [pair for pair in record.hidden if pair[1] not in old_marks]
        record.hidden += [(peer, mark) for peer in (*old_marks, mark.hides) if peer and mark.is_beside(peer)]
        if not mark.deferred:
            record.unmarked.pop(mark.key, None)
        record.built = None
        mark.flows = tuple(dict.fromkeys((*mark.flows, name)))


def get_flow(name: str) -> Flow:
    """Return a declared flow, resolved and checked.

    Raises:
        UnknownFlowError: No such flow is declared; the error lists near names and all known ones.
    """
    _resolve(name)
    with _lock:
        record = _flows.get(name)
        if record is None:
            raise UnknownFlowError(name, _flows)
        return _build_flow(record)


def flows() -> tuple[Flow, ...]:
    """Return all declared flows, by name; modules named by patches are imported first."""
    _resolve()
    return known_flows()


def known_flows() -> tuple[Flow, ...]:
    """Return all flows with their present steps, by name; nothing is imported."""
    with _lock:
        return tuple(_build_flow(_flows[name]) for name in sorted(_flows))


def marks() -> tuple[StepMark, ...]:
    """Return every mark of every flow; a mark of several flows occurs once for each."""
    with _lock:
        return tuple(mark for record in _flows.values() for mark in record.marks)


def release(marks: Collection[StepMark]) -> None:
    """Remove these marks from every flow: a notebook cell that ran again no longer declares them."""
    with _lock:
        for record in _flows.values():
            if given_up := [mark for mark in record.marks if mark in marks]:
                record.give_up(given_up)
                record.built = None


def problems() -> tuple[Problem, ...]:
    """Return the problems outside every flow: marks that no flow took."""
    from penstock._resolve.flow_builder import unclaimed_problem  # noqa: PLC0415 - needed only for reports

    with _lock:
        return tuple(unclaimed_problem(mark) for mark in _unclaimed.values())


def forget(name: str | None = None) -> None:
    """Forget one flow, or everything: for tests and notebooks."""
    with _lock:
        if name is None:
            _flows.clear()
            _unclaimed.clear()
        else:
            _flows.pop(name, None)


def _resolve(name: str | None = None) -> None:
    """Import modules that patches of one flow, or of all, wait for; without our lock: imports take their own."""
    with _lock:
        chosen = [*_flows.values()] if name is None else [_flows[name]] if name in _flows else []
        waiting = [patch for record in chosen for patch in record.patches if patch.is_pending]
    for patch in waiting:
        patch.resolve()


def _build_flow(declared: Declared) -> Flow:
    from penstock._resolve.flow_builder import build  # noqa: PLC0415 - needed only when a flow is used

    if declared.built is None:
        declared.built = build(declared)
    return declared.built


def _place(mark: StepMark) -> tuple[str, str] | int:
    return id(mark.root) if mark.deferred else mark.key


def _traits(mark: StepMark) -> tuple[object, ...]:
    """Return the traits that two marks may share; a lazy object is not asked for its name."""
    return (id(mark.root),) if mark.deferred else (id(mark.root), mark.key, mark.step_name)


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
