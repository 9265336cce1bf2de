"""The facts about a flow, as frozen values: what every renderer and documentation engine is given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from penstock import _graph
from penstock.errors import UnknownStepError

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["function", "coroutine", "generator", "async generator", "class", "callable"]
"""What a step is when called: the four kinds of function, a class, or any other callable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with a declaration, or with the import of a module.

    Attributes:
        code: What kind of problem it is: ``unknown-after``, ``cycle``, ``no-entrypoint``, ``unreachable``,
            ``bad-after``, ``bad-effects``, ``bad-name``, ``bad-tags``, ``bad-trigger``, ``duplicate-step``, ``unmarked``,
            ``unclaimed`` or ``import``.
        message: What happened and what to do, in one sentence or two.
        file: The file in which to mend it, relative to the project in a manifest, or an empty string.
        line: The line in it, counted from 1; 0 where no line is known.
        step: The step concerned, or an empty string.
    """

    code: str
    message: str
    file: str = ""
    line: int = 0
    step: str = ""

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
        name: The step's name, unique in its flow.
        title: The first line of the docstring without markup, or an empty string.
        docstring: The whole docstring, indentation cleaned.
        signature: Parameters and return annotation as written, such as ``(msg: Message) -> None``; without
            ``self`` or ``cls``.
        module: The module that defines the function.
        qualname: The function's qualified name in it.
        file: The source file: absolute in a running process, relative to the project in a manifest.
        line: The first line of the definition, decorators included, counted from 1; 0 where there is no source.
        end_line: The last line of the definition.
        kind: What kind of callable it is.
        entrypoint: Whether a run can start here.
        trigger: What starts it, such as ``kafka:bom-updates``, or an empty string.
        effects: What it changes elsewhere, such as ``postgres:parts``.
        source_hash: 16 hex digits over the source from ``def`` on (SHA-256, cut), or an empty string.
    """

    name: str
    title: str = ""
    docstring: str = ""
    signature: str = "()"
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

    @property
    def where(self) -> str:
        """``file:line``, as far as they are known."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An arrow from one step to the next.

    Attributes:
        source: The name of the step that comes first.
        target: The name of the step that follows.
        label: When the arrow is taken, such as ``if paid``, or an empty string.
        origin: Who says so; ``declared`` for an arrow written as ``after=``.
    """

    source: str
    target: str
    label: str = ""
    origin: str = "declared"


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A declared flow: its steps and arrows in flow order, and what is wrong with it.

    Attributes:
        name: The flow's name, unique in its service.
        title: A human title; the name where none was given.
        description: What the flow is for, or an empty string.
        service: The service whose flow it is, or an empty string.
        tags: Words to group flows by, in the order given.
        steps: The steps, so that what comes first stands first.
        edges: The arrows, in the order of the steps.
        problems: What is wrong with the declaration.
    """

    name: str
    title: str = ""
    description: str = ""
    service: str = ""
    tags: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    edges: tuple[Edge, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def full_name(self) -> str:
        """``service/name``, or the bare name where no service is known."""
        return f"{self.service}/{self.name}" if self.service else self.name

    @cached_property
    def entrypoints(self) -> tuple[Step, ...]:
        """The steps at which a run can start."""
        return tuple(step for step in self.steps if step.entrypoint)

    @cached_property
    def _by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

    @cached_property
    def successors(self) -> dict[str, list[str]]:
        """The names of the steps that directly follow each step."""
        return _graph.adjacency(self._by_name, ((edge.source, edge.target) for edge in self.edges))

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
        """Return the arrows that end at the step of that name.

        Raises:
            UnknownStepError: The flow has no such step.
        """
        return tuple(self._arrows[self.step(name).name][0])

    def edges_from(self, name: str) -> tuple[Edge, ...]:
        """Return the arrows that start at the step of that name.

        Raises:
            UnknownStepError: The flow has no such step.
        """
        return tuple(self._arrows[self.step(name).name][1])

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Yield every path from an entrypoint to an end, as step names, one at a time.

        An arrow that closes a cycle is not taken, so there is always an end.
        """
        return _graph.paths(self.successors, (step.name for step in self.entrypoints))

    @cached_property
    def path_count(self) -> int:
        """How many paths there are, counted without walking each."""
        return _graph.count_paths(self.successors, (step.name for step in self.entrypoints))
