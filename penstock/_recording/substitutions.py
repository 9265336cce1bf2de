"""Tracks the steps that tests have replaced at present, so that their effects are not attributed to the program.

During a recording, the patchers of ``unittest.mock`` and pytest's ``MonkeyPatch`` report replaced objects. Manual
assignments in tests are found by comparing the bindings of steps with those before the first test.
"""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType, NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._callables.unwrap import underlying
from penstock._declare import registry
from penstock._recording.effects.hidden_effects import hidden_effects
from penstock._recording.reachable_steps import CONTAINERS, OURS, forget, reach, steps_on
from penstock._util.locks import make_reentrant_lock
from penstock.check.evidence.circumstances import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import CodeType, FrameType

    Steps = Mapping[str, frozenset[str]]
    """The names of steps, by flow."""

_PLAIN = (str, bytes, int, float, bool, NoneType)
_MOCK = "_execute_mock_call"
"""The name of the code that every call of a mock runs; see ``unittest.mock``."""

_NO_CODE: frozenset[CodeType] = frozenset()


class _ActivePatch(NamedTuple):
    """An active patch: the replaced steps, the steps put in their place, and the code of both sides."""

    owner: object
    steps: Steps
    instead: frozenset[tuple[str, str]]
    originals: frozenset[CodeType]
    stand_ins: frozenset[CodeType]


class _Binding(NamedTuple):
    """A binding of a step to a name of a module or class."""

    space: Mapping[str, Any]
    name: str
    value: object
    flow: str
    step: str


class Replacements:
    """The replacements in this process.

    Attributes:
        now: The steps that are replaced, or unreachable while others are, by flow.
    """

    def __init__(self) -> None:
        self.now: Steps = {}
        self._held: list[_ActivePatch] = []
        self._bindings: dict[str, list[_Binding]] = {}
        self._tables: dict[int, tuple[Mapping[Any, Any], Any]] = {}
        self._lock = make_reentrant_lock()

    def hold(self, owner: object, swaps: Iterable[tuple[Any, Any]]) -> None:
        """Record the object that a patcher has replaced, and its substitute, until the patcher restores it."""
        for original, stand_in in swaps:
            if type(original) not in _PLAIN:
                with self._lock:
                    self._hold(owner, original, stand_in)
                if not {*steps_on(original)}:  # a step has touches of its own
                    hidden_effects.hold(owner, original)

    def _hold(self, owner: object, original: Any, stand_in: Any) -> None:
        index = reach(self.now)
        steps: Steps = index.steps(original)
        if type(original) in CONTAINERS:  # steps that a substituted list still contains are not replaced
            steps = _without(steps, index.steps(stand_in))
        if steps:
            codes = [frozenset(target.__code__ for target in index.functions(side)) for side in (original, stand_in)]
            self._change([*self._held, _ActivePatch(owner, steps, frozenset(steps_on(stand_in)), *codes)])

    def watch_table(self, owner: object, before: Mapping[Any, Any], table: Any) -> None:
        """Record a table that a patcher will restore, whatever a test removes from it until then."""
        values = {key: value for key, value in before.items() if type(value) not in _PLAIN}
        if values and isinstance(table, dict):
            with self._lock:
                self._tables[id(owner)] = values, table

    def let_go(self, owner: object) -> None:
        """Record that a patcher has restored everything that it had replaced."""
        self._tables.pop(id(owner), None)
        hidden_effects.let_go(owner)
        if self._held:
            with self._lock:
                self._change([patch for patch in self._held if patch.owner is not owner])

    def _change(self, patches: list[_ActivePatch]) -> None:
        self._held = patches
        flows = {flow for patch in patches for flow in patch.steps}
        self.now = {flow: NOTHING.union(*(patch.steps.get(flow, ()) for patch in patches)) for flow in flows}

    def called_by_mock(self, flow: str, step: str) -> bool:
        """Return whether the step that begins is or was called by a stand-in, which may act unlike the program."""
        if any((flow, step) in patch.instead for patch in self._held):
            return True
        originals = _NO_CODE.union(*(patch.originals for patch in self._held))
        stand_ins = _NO_CODE.union(*(patch.stand_ins for patch in self._held))
        for code in _running_around(sys._getframe()):
            if code in originals:  # a spy calls the original
                return False
            if code in stand_ins or code.co_name == _MOCK:
                return True
        return False

    def learn(self) -> None:
        """Record the bindings of steps: in modules, and in the classes there."""
        bindings_by_flow: dict[str, list[_Binding]] = {}
        for binding in _bindings() if registry.marks() else ():
            bindings_by_flow.setdefault(binding.flow, []).append(binding)
        self._bindings = bindings_by_flow

    @property
    def is_watching(self) -> bool:
        """Whether a replacement by hand would be noticed: while tests are recorded."""
        return bool(self._bindings or self._tables)

    def by_hand(self, flow: str) -> frozenset[str]:
        """Return the steps of a flow no longer bound in their former place, or missing in a patched table."""
        missing_steps = {binding.step for binding in self._bindings.get(flow, ()) if _is_gone(binding)}
        for before, table in [*self._tables.values()]:
            missing = (value for key, value in before.items() if table.get(key) is not value)
            missing_steps.update(step for value in missing for name, step in steps_on(value) if name == flow)
        return frozenset(missing_steps)

    def reset_after_fork(self) -> None:
        """Start again in a child, where no thread can hold the lock any more."""
        self._lock = make_reentrant_lock()

    def clear(self) -> None:
        """Discard all state."""
        self._bindings, self._tables = {}, {}
        hidden_effects.clear()
        self._change([])
        forget()


replacements = Replacements()
"""The process-wide registry: patches affect the whole process."""


def _without(steps: Steps, others: Steps) -> Steps:
    names_by_flow = {flow: names - others.get(flow, NOTHING) for flow, names in steps.items()}
    return {flow: names for flow, names in names_by_flow.items() if names}


def _running_around(frame: FrameType | None) -> Iterator[CodeType]:
    """Yield the code between a step that begins and the nearest step around it, from the inside out."""
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    while frame is not None and not frame.f_code.co_filename.startswith(OURS):
        yield frame.f_code
        frame = frame.f_back


def _bindings() -> Iterator[_Binding]:
    index = reach()
    for module in [*sys.modules.values()]:
        if issubclass(type(module), ModuleType) and index.is_own(
            module.__name__, module.__dict__.get("__file__") or ""
        ):
            for space in _spaces(module):
                for name, value in [*space.items()]:
                    yield from (_Binding(space, name, value, *pair) for pair in {*steps_on(value)})


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
    """Return whether a function is not one of our wrappers, whatever marks ``functools.wraps`` has copied to it."""
    function = underlying(value)
    return type(function) is FunctionType and not function.__code__.co_filename.startswith(OURS)
