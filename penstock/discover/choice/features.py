"""The plain features of a function in the runs of an entrypoint, by which steps are chosen."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from penstock.discover.choice.attention import share_attention
from penstock.discover.choice.runs import members
from penstock.discover.choice.source import is_out_of_reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.discover.choice.attention import Attention
    from penstock.discover.choice.runs import Runs
    from penstock.discover.choice.source import FunctionSource, SourceReader
    from penstock.discover.recording import Function

_GETTERS = ("get_", "is_", "has_", "as_", "to_", "from_", "can_", "should_", "format_", "_get_", "_is_", "_has_")
"""How functions are called that answer a question, or turn a value into another."""
_DETAIL_STATEMENTS = 8
"""The most statements of a function that is a detail of its caller."""
_FEW_PARTS = 2
_TYPICAL_STATEMENTS = 3
"""The number of statements assumed for a function without source."""


class Features(NamedTuple):
    """What speaks for a function as a step, and what against it.

    Attributes:
        attention: The attention that it gets.
        depth: The least number of calls between the entrypoint and it.
        share: The share of the runs that it was called in, or another function of its name by the same callers.
        rate: How often it was called in a run, where it was.
        callers: By how many functions it was called in the whole recording.
        callees: How many functions it called itself.
        statements: How many statements it has.
        public: Whether its name, and its class's, begins with no underscore.
        documented: Whether it has a docstring.
        writes: Whether it or a function inside it wrote outside.
        answers: Whether its name says that it answers a question.
        repeated: Whether its most frequent caller has its name: a method calls the one that it overrides.
        detail: Whether it is short, and answers a question or is the last part of callers that do more than call it.
        delegates: Whether it is private, undocumented, and does nothing but call others.
    """

    attention: Attention
    depth: int
    share: float
    rate: float
    callers: int
    callees: int
    statements: int
    public: bool
    documented: bool
    writes: bool
    answers: bool
    repeated: bool
    detail: bool
    delegates: bool


def collect_features(runs: Runs, sources: SourceReader) -> dict[int, Features]:
    """Return the features of each function that can be a step of the runs' flow."""
    return _Collector(runs, sources).collect()


def can_be_step(function: Function, source: FunctionSource | None) -> bool:
    """Return whether a function can be decorated and would be named: no local one, no attribute, no plumbing."""
    if is_out_of_reach(function):
        return False
    return source is None or not (source.is_attribute or source.is_plumbing)


class _Collector:
    """Describes the functions of runs."""

    def __init__(self, runs: Runs, sources: SourceReader) -> None:
        self._runs = runs
        self._sources = {number: sources.find(runs.recording.functions[number]) for number in runs.depths}
        self._attention = share_attention(runs, self._count_statements)
        self._callers = _find_callers(runs)

    def _count_statements(self, number: int) -> int:
        source = self._sources[number]
        return max(1, source.statements) if source else _TYPICAL_STATEMENTS

    def collect(self) -> dict[int, Features]:
        """Return the features of each function that can be a step."""
        functions = self._runs.recording.functions
        return {
            number: self._describe(number, functions[number], self._sources[number])
            for number in sorted(self._runs.functions)
            if number not in self._runs.entrypoints and can_be_step(functions[number], self._sources[number])
        }

    def _describe(self, number: int, function: Function, source: FunctionSource | None) -> Features:
        runs, callers = self._runs, self._runs.callers[number]
        most_frequent = max(callers, key=lambda caller: (callers[caller], -caller))
        inside = {number, *members(runs.functions_below[number])}
        return Features(
            attention=self._attention[number],
            depth=runs.depths[number],
            share=min(1.0, self._count_runs(number) / runs.number),
            rate=runs.functions[number] / runs.present[number],
            callers=len(self._callers[number]),
            callees=len(runs.callees.get(number, set()) - {number}),
            statements=self._count_statements(number),
            public=not any(part.startswith("_") for part in function.qualname.split(".")),
            documented=bool(source and source.docstring),
            writes=any(runs.touches[inner].writes for inner in inside if inner in runs.touches),
            answers=function.name.startswith(_GETTERS),
            repeated=most_frequent != number and runs.recording.functions[most_frequent].name == function.name,
            detail=self._is_detail(number, [*callers]),
            delegates=not (source and source.docstring)
            and function.name.startswith("_")
            and self._count_statements(number) <= len(runs.callees.get(number, ())),
        )

    def _count_runs(self, number: int) -> int:
        """Return in how many runs a function, or one that the same callers call by the same name, was called."""
        runs, functions = self._runs, self._runs.recording.functions
        peers = {peer for caller in runs.callers[number] for peer in runs.callees[caller]}
        return sum(runs.present[peer] for peer in peers if functions[peer].name == functions[number].name)

    def _is_detail(self, number: int, callers: Iterable[int]) -> bool:
        """Return whether a function is short, calls next to nothing, and answers a question or is all that its callers call."""
        is_short = self._sources[number] is not None and self._count_statements(number) <= _DETAIL_STATEMENTS
        if not is_short or len(self._runs.callees.get(number, ())) > 1:
            return False
        return self._runs.recording.functions[number].name.startswith(_GETTERS) or all(
            self._has_few_parts(caller) for caller in callers
        )

    def _has_few_parts(self, caller: int) -> bool:
        """Return whether a function is no entrypoint, calls few others, and has more statements than those."""
        parts = len(self._runs.callees[caller])
        return caller not in self._runs.entrypoints and parts <= _FEW_PARTS and parts < self._count_statements(caller)


def _find_callers(runs: Runs) -> Mapping[int, set[int]]:
    """Return the functions that called each function anywhere in the recording."""
    callers: dict[int, set[int]] = defaultdict(set)
    shapes = runs.recording.shapes
    for shape in shapes:
        for child in shape.children:
            callers[shapes[child.shape].function].add(shape.function)
    return callers
