"""The facts about a flow, as frozen values: what every renderer and documentation engine is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from penstock import _graph
from penstock.errors import UnknownStepError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Kind = Literal["function", "coroutine", "generator", "async generator", "class", "callable"]
"""What a step is when called: the four kinds of function, a class, or any other callable."""

State = Literal[
    "",
    "confirmed",
    "unexercised",
    "never-seen",
    "no-longer-seen",
    "undeclared",
    "context-lost",
    "indirect",
    "outdated",
]
"""What the witnesses say of an arrow; empty where nobody asked them."""

CallKind = Literal["call", "order", "data"]

UNREAD = "to read further would take too long"
"""The reason of a :class:`Blind` that says that the time was over before all of the flow's code was read."""

_PUT_OFF = "_put_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with a declaration, or with the import of a module.

    Attributes:
        code: What kind of problem it is: ``unknown-after``, ``cycle``, ``no-entrypoint``, ``unreachable``,
            ``bad-after``, ``bad-effects``, ``bad-name``, ``bad-patch``, ``bad-tags``, ``bad-trigger``, ``bypassed``,
            ``contradiction``, ``duplicate-step``, ``unknown-patch``, ``unmarked``, ``unclaimed``, ``unread`` or
            ``import``.
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
        title: The docstring's first sentence, or its first paragraph if none ends in it, without markup; or an empty string.
        docstring: The whole docstring, indentation cleaned.
        signature: Parameters and return annotation as written, such as ``(msg: Message) -> None``; without
            ``self`` or ``cls``, and with ``…`` for a default that no source tells.
        imports: The imported names that the signature speaks of, as an import statement writes them:
            ``collections.abc.Mapping``, ``typing as t``.
        module: The module that defines the function.
        qualname: The function's qualified name in it.
        file: The source file: absolute in a running process, relative to the project in a manifest.
        line: The first line of the definition, decorators included, counted from 1; 0 where there is no source.
        end_line: The last line of the definition.
        kind: What kind of callable it is.
        entrypoint: Whether a run can start here.
        trigger: What starts it, such as ``kafka:bom-updates``, or an empty string.
        effects: What it changes elsewhere, such as ``postgres:parts``.
        source_hash: 16 hex digits over the source from ``def`` on, without the docstring (SHA-256, cut), or an empty string.
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

    @property
    def where(self) -> str:
        """``file:line``, as far as they are known."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the code says of two steps of a flow, without running.

    Attributes:
        source: The name of the step that comes first.
        target: The name of the step that follows.
        kind: ``call`` where the source's code calls the target, directly or through functions that are no steps;
            ``order`` where some function calls first the source and then the target; ``data`` where, besides, what
            the source returns reaches an argument of the target.
        file: The file of the call, relative to the project in a manifest.
        line: The line of the call, counted from 1.
    """

    source: str
    target: str
    kind: CallKind
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """A place at which the reading of the code gave up.

    Attributes:
        step: The step from which the place was reached.
        reason: Why, in words.
        file: The file, relative to the project in a manifest.
        line: The line, counted from 1.
    """

    step: str
    reason: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An arrow from one step to the next.

    Attributes:
        source: The name of the step that comes first.
        target: The name of the step that follows.
        label: When the arrow is taken, such as ``if paid``, or an empty string.
        origin: Who says so: ``declared`` for an arrow written as ``after=``, ``seen`` for one that only ran.
        state: What the witnesses say of it; empty where nobody asked them.
        witness: What confirmed it: ``call`` or ``order`` (runs), ``static`` (the code), else empty.
        note: The same in words, one sentence.
    """

    source: str
    target: str
    label: str = ""
    origin: str = "declared"
    state: State = ""
    witness: str = ""
    note: str = ""


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
        calls: What the code says of the steps, where it was asked.
        blind: Where the reading of the code gave up.
        provenance: What the arrows' states rest on, one line; empty where nobody asked the witnesses.
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
    provenance: str = ""

    if not TYPE_CHECKING:  # a type checker would take any name for an attribute

        def __getattr__(self, name: str) -> object:
            """Read what was put off until somebody asks for it."""
            held = self.__dict__
            if read := None if name.startswith("__") else held.get(_PUT_OFF):
                held.update(read())
                held.pop(_PUT_OFF, None)  # not before: another thread may ask at the same time
            if name in held:
                return held[name]
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

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
    def positions(self) -> dict[str, int]:
        """The place of each step among the steps, by its name, counted from 0."""
        return {name: position for position, name in enumerate(self._by_name)}

    @cached_property
    def successors(self) -> dict[str, list[str]]:
        """The names of the steps that directly follow each step, as declared."""
        declared = ((edge.source, edge.target) for edge in self.edges if edge.origin != "seen")
        return _graph.adjacency(self._by_name, declared)

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


def put_off(flow: Flow, names: Iterable[str], read: Callable[[], dict[str, Any]]) -> None:
    """Let a flow read some of its fields only when somebody asks for one that it does not have yet.

    Args:
        flow: The flow; its fields of these names are forgotten.
        names: Fields that have a factory as default, or the class would have a value for them.
        read: Returns fields with their values.
    """
    held = vars(flow)
    for name in names:
        del held[name]
    held[_PUT_OFF] = read
