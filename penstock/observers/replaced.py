"""Which steps tests have replaced at present, so that what runs meanwhile is not taken for what the program does.

While something is recorded, the patchers of ``unittest.mock`` and pytest's ``MonkeyPatch`` tell what they replace. What
tests assign by hand is found by comparing where steps are bound with where they were before the first test.
"""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType, NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock import _registry
from penstock._locks import make_reentrant_lock
from penstock._marks import underlying
from penstock.check.frames import NOTHING
from penstock.observers.reach import CONTAINERS, OURS, forget, reach, steps_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import CodeType, FrameType

    Steps = Mapping[str, frozenset[str]]
    """The names of steps, by flow."""

_PLAIN = (str, bytes, int, float, bool, NoneType)
_MOCK = "_execute_mock_call"
"""What every call of a mock runs; see ``unittest.mock``."""

_NO_CODE: frozenset[CodeType] = frozenset()


class _Held(NamedTuple):
    """What a patcher has replaced, the steps that it has put there instead, and the code of both sides."""

    owner: object
    steps: Steps
    instead: frozenset[tuple[str, str]]
    originals: frozenset[CodeType]
    stand_ins: frozenset[CodeType]


class _Binding(NamedTuple):
    """A name of a module or class that stands for a step."""

    space: Mapping[str, Any]
    name: str
    value: object
    flow: str
    step: str


class Replacements:
    """What is replaced in this process.

    Attributes:
        now: The steps that are replaced, or that nothing leads to while others are, by flow.
    """

    def __init__(self) -> None:
        self.now: Steps = {}
        self._held: list[_Held] = []
        self._bindings: dict[str, list[_Binding]] = {}
        self._tables: dict[int, tuple[Mapping[Any, Any], Any]] = {}
        self._lock = make_reentrant_lock()

    def hold(self, owner: object, swaps: Iterable[tuple[Any, Any]]) -> None:
        """Take note of what a patcher has replaced, and by what, until it lets go."""
        for original, stand_in in swaps:
            if type(original) not in _PLAIN:
                with self._lock:
                    self._hold(owner, original, stand_in)

    def _hold(self, owner: object, original: Any, stand_in: Any) -> None:
        found = reach(self.now)
        steps: Steps = found.steps(original)
        if type(original) in CONTAINERS:  # what another list of stages, say, has too is not replaced
            steps = _without(steps, found.steps(stand_in))
        if steps:
            codes = [frozenset(each.__code__ for each in found.functions(side)) for side in (original, stand_in)]
            self._change([*self._held, _Held(owner, steps, frozenset(steps_on(stand_in)), *codes)])

    def watch_table(self, owner: object, before: Mapping[Any, Any], table: Any) -> None:
        """Take note of a table that a patcher will put back, whatever a test takes from it until then."""
        held = {key: value for key, value in before.items() if type(value) not in _PLAIN}
        if held and isinstance(table, dict):
            with self._lock:
                self._tables[id(owner)] = held, table

    def let_go(self, owner: object) -> None:
        """Take note that a patcher has put back all that it had replaced."""
        self._tables.pop(id(owner), None)
        if self._held:
            with self._lock:
                self._change([each for each in self._held if each.owner is not owner])

    def _change(self, held: list[_Held]) -> None:
        self._held = held
        flows = {flow for each in held for flow in each.steps}
        self.now = {flow: NOTHING.union(*(each.steps.get(flow, ()) for each in held)) for flow in flows}

    def acted(self, flow: str, step: str) -> bool:
        """Tell whether the step that begins is or was called by a stand-in, which may do what the program never does."""
        if any((flow, step) in each.instead for each in self._held):
            return True
        originals = _NO_CODE.union(*(each.originals for each in self._held))
        stand_ins = _NO_CODE.union(*(each.stand_ins for each in self._held))
        for code in _running_around(sys._getframe()):
            if code in originals:  # a spy calls what it stands for
                return False
            if code in stand_ins or code.co_name == _MOCK:
                return True
        return False

    def learn(self) -> None:
        """Take note of where steps are bound: in modules, and in the classes there."""
        found: dict[str, list[_Binding]] = {}
        for binding in _bindings() if _registry.marks() else ():
            found.setdefault(binding.flow, []).append(binding)
        self._bindings = found

    def by_hand(self, flow: str) -> frozenset[str]:
        """Return the steps of a flow that are no longer bound where they were, or in a table which will be put back."""
        gone = {each.step for each in self._bindings.get(flow, ()) if _is_gone(each)}
        for before, table in [*self._tables.values()]:
            missing = (value for key, value in before.items() if table.get(key) is not value)
            gone.update(step for value in missing for name, step in steps_on(value) if name == flow)
        return frozenset(gone)

    def forked(self) -> None:
        """Begin anew in a child, where nobody is left who may have held the lock."""
        self._lock = make_reentrant_lock()

    def clear(self) -> None:
        """Forget everything."""
        self._bindings, self._tables = {}, {}
        self._change([])
        forget()


replacements = Replacements()
"""Those that everybody here has in common, as patches are."""


def _without(steps: Steps, others: Steps) -> Steps:
    left = {flow: names - others.get(flow, NOTHING) for flow, names in steps.items()}
    return {flow: names for flow, names in left.items() if names}


def _running_around(frame: FrameType | None) -> Iterator[CodeType]:
    """Yield what runs between a step that begins and the nearest step around it, from the inside out."""
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    while frame is not None and not frame.f_code.co_filename.startswith(OURS):
        yield frame.f_code
        frame = frame.f_back


def _bindings() -> Iterator[_Binding]:
    found = reach()
    for module in [*sys.modules.values()]:
        if issubclass(type(module), ModuleType) and found.is_own(
            module.__name__, module.__dict__.get("__file__") or ""
        ):
            for space in _spaces(module):
                for name, value in [*space.items()]:
                    yield from (_Binding(space, name, value, *named) for named in {*steps_on(value)})


def _spaces(module: ModuleType) -> Iterator[Mapping[str, Any]]:
    yield vars(module)
    for value in [*vars(module).values()]:
        if issubclass(type(value), type) and value.__module__ == module.__name__:
            yield vars(value)


def _is_gone(binding: _Binding) -> bool:
    value = binding.space.get(binding.name)
    if value is binding.value:
        return False
    return _is_foreign(value) or (binding.flow, binding.step) not in steps_on(value)


def _is_foreign(value: Any) -> bool:
    """Tell whether a function is none of our wrappers, whatever marks ``functools.wraps`` has given it."""
    function = underlying(value)
    return type(function) is FunctionType and not function.__code__.co_filename.startswith(OURS)
