"""The facts about a flow, as frozen values: the input of every renderer and documentation engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

from penstock._util import graphs
from penstock.errors import UnknownStepError
from penstock.model.finding_kinds import State
from penstock.model.numbers import Numbers, NumbersOrigin
from penstock.model.static_relations import UNREAD, Blind, Call, CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model.problem_codes import ProblemCode
    from penstock.model.resource_uses import ResourceUse, StaticTouch

__all__ = [
    "UNREAD",
    "Blind",
    "Call",
    "CallKind",
    "Edge",
    "EvidenceSummary",
    "Flow",
    "Kind",
    "Numbers",
    "NumbersOrigin",
    "Problem",
    "State",
    "Step",
]

Kind = Literal["function", "coroutine", "generator", "async generator", "class", "callable"]
"""The kind of a step's callable: the four kinds of function, a class, or any other callable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem with a declaration, or with the import of a module.

    Attributes:
        code (ProblemCode): The kind of problem, one of :data:`ProblemCode`.
        message (str): The problem and its remedy, in one sentence or two.
        file (str): The file in which to fix it, relative to the project in a manifest, or an empty string.
        line (int): The line in it, counted from 1; 0 if unknown.
        step (str): The step concerned, or an empty string.
        advice (str): The end of the message that says what to do, and may name other steps, or an empty string.
        missing (str): The name that no step has, where that is the problem, or an empty string.
    """

    code: ProblemCode
    message: str
    file: str = ""
    line: int = 0
    step: str = ""
    advice: str = ""
    missing: str = ""

    @property
    def where(self) -> str:
        """``file:line``, as far as they are known."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One function of a flow.

    Attributes:
        name (str): The step's name, unique in its flow.
        title (str): The docstring's first sentence, or its first paragraph if none ends in it, without markup.
        docstring (str): The whole docstring, indentation cleaned.
        signature (str): Parameters and return annotation as written, such as ``(msg: Message) -> None``; without
            ``self`` or ``cls``, and with ``…`` for a default without source.
        imports (tuple[str, ...]): The imported names in the signature, in the form of an import statement:
            ``collections.abc.Mapping``, ``typing as t``.
        module (str): The module that defines the function.
        qualname (str): The function's qualified name in it.
        file (str): The source file: absolute in a running process, relative to the project in a manifest.
        line (int): The first line of the definition, decorators included, counted from 1; 0 without source.
        end_line (int): The last line of the definition.
        kind (Kind): The kind of callable.
        entrypoint (bool): Whether a run can start here.
        trigger (str): The source that starts it, such as ``kafka:bom-updates``, or an empty string.
        effects (tuple[str, ...]): The resources that it changes, such as ``postgres:parts``.
        source_hash (str): 16 hex digits over the source from ``def`` on, without the docstring (SHA-256, cut).
        helper_hash (str): The same over the functions that it calls and that are no steps, as far as they were found.
        numbers (Numbers | None): How often it ran and how long it took, if that was counted.
    """

    name: str
    title: str = ""
    docstring: str = ""
    signature: str = "()"
    imports: tuple[str, ...] = ()
    module: str = ""
    qualname: str = ""
    file: str = ""
    line: int = 0
    end_line: int = 0
    kind: Kind = "function"
    entrypoint: bool = False
    trigger: str = ""
    effects: tuple[str, ...] = ()
    source_hash: str = ""
    helper_hash: str = ""
    numbers: Numbers | None = None

    @property
    def where(self) -> str:
        """``file:line``, as far as they are known."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An edge from one step to the next.

    Attributes:
        source (str): The name of the step that comes first.
        target (str): The name of the step that follows.
        label (str): The condition of the edge, such as ``if paid``, or an empty string.
        origin (str): ``declared`` for an edge written as ``after=``, ``seen`` for one only observed in runs.
        state (State): The result of the check; empty if the edge was not checked.
        witness (str): The evidence that confirmed it: ``call`` or ``order`` (runs), ``static`` (the code), else empty.
        note (str): The result in words, one sentence.
        untested (bool): Whether the evidence names the tests that ran, and none of them took it.
        numbers (Numbers | None): How often runs took it, if that was counted.
    """

    source: str
    target: str
    label: str = ""
    origin: str = "declared"
    state: State = ""
    witness: str = ""
    note: str = ""
    untested: bool = False
    numbers: Numbers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSummary:
    """The recorded runs that the states of a flow's edges rest on; the edges themselves say what confirmed each.

    Attributes:
        runs (int): The number of recorded runs of the flow.
        commit (str): The last commit recorded, with ``+`` behind it for uncommitted changes; or another version.
        date (str): The day of its last recording (ISO 8601, UTC), or an empty string.
        tests (int): The number of tests that ran a step of the flow; 0 also if they are not known.
    """

    runs: int = 0
    commit: str = ""
    date: str = ""
    tests: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Flow:
    """A declared flow: its steps and edges in flow order, and its problems.

    Attributes:
        name (str): The flow's name, unique in its service.
        title (str): A human-readable title; by default, the name.
        description (str): The purpose of the flow, or an empty string.
        service (str): The flow's service, or an empty string.
        tags (tuple[str, ...]): Words to group flows by, in the order given.
        steps (tuple[Step, ...]): The steps, in flow order.
        edges (tuple[Edge, ...]): The edges, in the order of the steps.
        problems (tuple[Problem, ...]): The problems of the declaration.
        calls (tuple[Call, ...]): The static relations of the steps, if analysed.
        blind (tuple[Blind, ...]): The places at which static analysis gave up.
        touches (tuple[StaticTouch, ...]): The resources that static analysis found, if analysed.
        evidence (EvidenceSummary | None): The evidence of the edges' states; ``None`` if they were not checked.
        uses (tuple[ResourceUse, ...]): The triggers and effects, each with its state, and what else was seen, if checked.
        numbers (NumbersOrigin | None): The runs that the numbers of steps and edges come from; ``None`` if there are none.
    """

    name: str
    title: str = ""
    description: str = ""
    service: str = ""
    tags: tuple[str, ...] = ()
    steps: tuple[Step, ...] = field(default_factory=tuple)
    edges: tuple[Edge, ...] = field(default_factory=tuple)
    problems: tuple[Problem, ...] = ()
    calls: tuple[Call, ...] = field(default_factory=tuple)
    blind: tuple[Blind, ...] = field(default_factory=tuple)
    touches: tuple[StaticTouch, ...] = field(default_factory=tuple)
    evidence: EvidenceSummary | None = None
    uses: tuple[ResourceUse, ...] = field(default_factory=tuple)
    numbers: NumbersOrigin | None = None

    def __eq__(self, other: object) -> bool:
        """Return whether all fields are equal, also those of a subclass, which may read them later."""
        return _field_values(self) == _field_values(other) if isinstance(other, Flow) else NotImplemented

    def __hash__(self) -> int:
        return hash(_field_values(self))

    @property
    def full_name(self) -> str:
        """``service/name``, or the bare name without a service."""
        return f"{self.service}/{self.name}" if self.service else self.name

    @cached_property
    def entrypoints(self) -> tuple[Step, ...]:
        """The steps at which a run can start."""
        return tuple(step for step in self.steps if step.entrypoint)

    @cached_property
    def _by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

    @cached_property
    def positions(self) -> dict[str, int]:
        """The index of each step among the steps, by name."""
        return {name: position for position, name in enumerate(self._by_name)}

    @cached_property
    def successors(self) -> dict[str, list[str]]:
        """The names of the steps that directly follow each step, as declared."""
        pairs = ((edge.source, edge.target) for edge in self.edges if edge.origin != "seen")
        return graphs.adjacency(self._by_name, pairs)

    def step(self, name: str) -> Step:
        """Return the step of that name.

        Raises:
            UnknownStepError: The flow has no such step; the error lists near names.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownStepError(name, self._by_name) from None

    @cached_property
    def _arrows(self) -> dict[str, tuple[list[Edge], list[Edge]]]:
        arrows: dict[str, tuple[list[Edge], list[Edge]]] = {step.name: ([], []) for step in self.steps}
        for edge in self.edges:
            arrows[edge.target][0].append(edge)
            arrows[edge.source][1].append(edge)
        return arrows

    def edges_into(self, name: str) -> tuple[Edge, ...]:
        """Return the edges that end at the step with that name.

        Raises:
            UnknownStepError: The flow has no such step.
        """
        return tuple(self._arrows[self.step(name).name][0])

    def edges_from(self, name: str) -> tuple[Edge, ...]:
        """Return the edges that start at the step with that name.

        Raises:
            UnknownStepError: The flow has no such step.
        """
        return tuple(self._arrows[self.step(name).name][1])

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Yield every path from an entrypoint to an end, as step names, one at a time.

        An edge that closes a cycle is not taken, so every path ends.
        """
        return graphs.paths(self.successors, (step.name for step in self.entrypoints))

    @cached_property
    def path_count(self) -> int:
        """The number of paths, counted without walking each."""
        return graphs.count_paths(self.successors, (step.name for step in self.entrypoints))


_field_values = attrgetter(*Flow.__dataclass_fields__)
