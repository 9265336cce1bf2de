"""The one place that knows what was declared: declarations in, immutable flows out."""

from __future__ import annotations

import os
import sys

from penstock._caller import body_of, place_of
from penstock._locks import make_reentrant_lock
from penstock._marks import marks_on
from penstock.errors import DuplicateStepError, UnknownFlowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from types import FrameType

    from penstock._marks import Mark
    from penstock._patch import Patch
    from penstock.model import Flow, Problem


class Said:
    """A title, a description or tags, and who said so.

    Attributes:
        value: What was said, as it was given.
        where: File and line.
        module: The module's name.
        body: What ran then; see :func:`penstock._caller.body_of`.
    """

    __slots__ = ("body", "module", "value", "where")

    def __init__(self, value: object, frame: FrameType) -> None:
        self.value = value
        self.where = place_of(frame)
        self.module = str(frame.f_globals.get("__name__", ""))
        self.body = body_of(frame)

    def corrects(self, other: Said) -> bool:
        """Tell whether ``other`` was said by the same lines when they ran before, or by an earlier text of the file."""
        return self.where == other.where or (self.where[0] == other.where[0] and self.body is not other.body)


class Declared:
    """All that was said of one flow so far.

    Attributes:
        name: The flow's name.
        said: Titles, descriptions and tags, all that still stand in the source, the latest last.
        marks: The marks that it took, in the order of declaration.
        hidden: Marks that are gone, each with the one which took its place without being a new definition of it.
        where: File and line of the first declaration.
        unmarked: Identity and place of each object under ``@flow`` that carries no mark.
        patches: The functions that steps take the place of, as far as they were only named.
        built: The flow as it was last built, until something changes.
    """

    __slots__ = ("_alike", "built", "hidden", "marks", "name", "patches", "said", "unmarked", "where")

    def __init__(self, name: str, where: tuple[str, int]) -> None:
        self.name = name
        self.where = where
        self.said: dict[str, list[Said]] = {"title": [], "description": [], "tags": []}
        self.marks: list[Mark] = []
        self.hidden: list[tuple[Mark, Mark]] = []
        self.unmarked: dict[tuple[str, str], tuple[str, int]] = {}
        self.patches: list[Patch] = []
        self.built: Flow | None = None
        self._alike: dict[object, list[Mark]] = {}

    def like(self, mark: Mark) -> list[Mark]:
        """Return the marks with the same object, function or step name: those that ``mark`` may take the place of."""
        found = {id(other): other for trait in _traits(mark) for other in self._alike.get(trait, ())}
        return list(found.values())

    def take(self, mark: Mark) -> None:
        """Add a mark behind the others."""
        self.marks.append(mark)
        for trait in _traits(mark):
            self._alike.setdefault(trait, []).append(mark)

    def give_up(self, marks: Collection[Mark]) -> None:
        """Remove some of its marks."""
        self.marks = [mark for mark in self.marks if mark not in marks]
        for mark in marks:
            for trait in _traits(mark):
                self._alike[trait].remove(mark)
                if not self._alike[trait]:  # a function that is declared inside another one is a new object each time
                    del self._alike[trait]


# Reentrant: building a flow reads attributes of user objects, which may declare more.
_lock = make_reentrant_lock()
_flows: dict[str, Declared] = {}
_unclaimed: dict[tuple[str, str] | int, Mark] = {}


def declare(
    name: str,
    frame: FrameType,
    title: str | None = None,
    description: str | None = None,
    tags: object = None,
) -> None:
    """Note that a flow exists, and what a line of the source says of it."""
    texts = {"title": title, "description": description}
    given = {what: str(text) for what, text in texts.items() if text is not None}
    with _lock:
        declared = _flows.setdefault(name, Declared(name, place_of(frame)))
        for what, value in {**given, **({} if tags is None else {"tags": tags})}.items():
            said = Said(value, frame)
            declared.said[what] = [*(other for other in declared.said[what] if not said.corrects(other)), said]
        declared.built = None


def note_mark(mark: Mark) -> None:
    """Remember a mark until a flow takes it, to report it if none does."""
    with _lock:
        earlier = _unclaimed.get(_place(mark))
        if earlier is not None and mark.is_beside(earlier):
            mark.hides = earlier
        _unclaimed[_place(mark)] = mark


def note_unmarked(name: str, identity: tuple[str, str], where: tuple[str, int]) -> None:
    """Remember that ``@flow`` stands over something that has no mark."""
    with _lock:
        _flows[name].unmarked[identity] = where
        _flows[name].built = None


def note_patch(patch: Patch) -> None:
    """Remember a function that is only named, or that something new is known of it."""
    with _lock:
        declared = _flows.setdefault(patch.flow, Declared(patch.flow, (patch.where.file, patch.where.line)))
        same = [other for other in declared.patches if other is patch or patch.replaces(other)]
        declared.patches = [*(other for other in declared.patches if other not in same), patch]
        declared.built = None


def claim(name: str, mark: Mark) -> None:
    """Let a flow take a mark; the same function declared again replaces its earlier declaration.

    Raises:
        DuplicateStepError: Another function already has the step's name in this flow.
    """
    with _lock:
        declared = _flows.setdefault(name, Declared(name, mark.declared))  # a handle may outlive `forget`
        _unclaimed.pop(_place(mark), None)
        replaced = [other for other in declared.like(mark) if _replaces(name, mark, other)]
        if replaced:
            declared.give_up(replaced)
        declared.take(mark)
        declared.hidden = [pair for pair in declared.hidden if pair[1] not in replaced]
        declared.hidden += [(other, mark) for other in (*replaced, mark.hides) if other and mark.is_beside(other)]
        if not mark.deferred:
            declared.unmarked.pop(mark.key, None)
        declared.built = None
        mark.flows = tuple(dict.fromkeys((*mark.flows, name)))


def get_flow(name: str) -> Flow:
    """Return a declared flow, resolved and checked.

    Raises:
        UnknownFlowError: Nobody declared such a flow; the error lists near names and all known ones.
    """
    _resolve(name)
    with _lock:
        declared = _flows.get(name)
        if declared is None:
            raise UnknownFlowError(name, _flows)
        return _built(declared)


def flows() -> tuple[Flow, ...]:
    """Return all flows that are declared so far, by name; modules that patches name are imported for it."""
    _resolve()
    return known_flows()


def known_flows() -> tuple[Flow, ...]:
    """Return all flows with the steps that are there, by name; nothing is imported for it."""
    with _lock:
        return tuple(_built(_flows[name]) for name in sorted(_flows))


def marks() -> tuple[Mark, ...]:
    """Return every mark that a flow took, one mark once for each flow."""
    with _lock:
        return tuple(mark for declared in _flows.values() for mark in declared.marks)


def release(marks: Collection[Mark]) -> None:
    """Let every flow give these marks up: a notebook's cell was run again, and no longer declares them."""
    with _lock:
        for declared in _flows.values():
            if given_up := [mark for mark in declared.marks if mark in marks]:
                declared.give_up(given_up)
                declared.built = None


def problems() -> tuple[Problem, ...]:
    """Return what is wrong outside every flow: the marks that no flow took."""
    from penstock._build import unclaimed_problem  # noqa: PLC0415 - needed only when somebody looks

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
    """Import what patches of one flow, or of all, still wait for; without the lock, for an import takes locks of its own."""
    with _lock:
        chosen = [*_flows.values()] if name is None else [_flows[name]] if name in _flows else []
        waiting = [patch for declared in chosen for patch in declared.patches if patch.is_pending]
    for patch in waiting:
        patch.resolve()


def _built(declared: Declared) -> Flow:
    from penstock._build import build  # noqa: PLC0415 - needed only when somebody looks

    if declared.built is None:
        declared.built = build(declared)
    return declared.built


def _place(mark: Mark) -> tuple[str, str] | int:
    return id(mark.root) if mark.deferred else mark.key


def _traits(mark: Mark) -> tuple[object, ...]:
    """Return what two marks may have in common; a lazy object is not asked for its name."""
    return (id(mark.root),) if mark.deferred else (id(mark.root), mark.key, mark.step_name)


def _replaces(flow: str, mark: Mark, other: Mark) -> bool:
    """Tell whether ``mark`` takes the place of ``other``; names of lazy objects wait until the flow is built."""
    if mark.root is other.root:
        stacked = any(other in group for group in marks_on(mark.function))  # one declaration in several lines
        return not stacked and mark.name == other.name and mark.entrypoint == other.entrypoint
    if mark.deferred or other.deferred:
        return False
    same_name = mark.step_name == other.step_name
    if mark.key == other.key:
        # A new object under an old name is a new definition (a reload, a notebook cell), whatever its step's
        # name is now. Lambdas and inner functions share names without being each other's successors.
        return same_name or not (mark.one_of_many or _stands_beside(mark, other))
    if same_name and not _is_loaded_twice(mark, other):
        raise DuplicateStepError(flow, mark.step_name, _shown(other), _shown(mark))
    return same_name


def _is_loaded_twice(mark: Mark, other: Mark) -> bool:
    """Tell whether two modules are one file, as a program is both ``__main__`` and what a server imports by name."""
    files = {_file_of(mark), _file_of(other)}
    return mark.key[1] == other.key[1] and len(files) == 1 and "" not in files


def _file_of(mark: Mark) -> str:
    file = getattr(sys.modules.get(mark.key[0]), "__file__", None)
    return os.path.realpath(file) if file else ""


def _stands_beside(mark: Mark, other: Mark) -> bool:
    """Tell whether two definitions of one name stand at two places of one file, as many a ``def _`` does."""
    code, earlier = getattr(mark.root, "__code__", None), getattr(other.root, "__code__", None)
    if code is None or earlier is None or mark.name is None or other.name is None:
        return False
    return bool(code.co_filename == earlier.co_filename and code.co_firstlineno != earlier.co_firstlineno)


def _shown(mark: Mark) -> str:
    file, line = mark.declared
    return f"{file}:{line} ({'.'.join(filter(None, mark.key))})"
