"""The facts about one run, as frozen values: the input of every format."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from penstock.model import Flow
    from penstock.trace.reading.gathering import FileCount
    from penstock.trace.reading.log_lines import LogLine

Witness = Literal["span", "log"]
"""What shows a fact: a span, which is exact, or a log line, which only shows that it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """A step that ran.

    Attributes:
        number: Its position in the trace.
        step: Its name.
        flows: The names of its flows; those of declared flows are full.
        service: The service that it ran in, or an empty string.
        witness: What shows it.
        start: When it began, in nanoseconds; of a step that only log lines name, the first of them; ``None`` if not known.
        end: When it ended, or the last of those lines; ``None`` if not known.
        parent: The number of the step around it; ``None`` at the top, or if it is not known.
        depth: How many steps are known to be around it.
        entrypoint: Whether it began the run of a flow.
        declared: Whether a flow declares it.
        module: The module of its function, where it is declared.
        error: Why it failed, empty without words; ``None`` if no span says that it did.
        predecessors: The step that its span says is around it, and those that it says had finished there before.
        is_mapped: Whether its span only names its function: other functions may have run without a span.
        lines: The log lines in it.
    """

    number: int
    step: str
    flows: tuple[str, ...]
    service: str = ""
    witness: Witness = "span"
    start: int | None = None
    end: int | None = None
    parent: int | None = None
    depth: int = 0
    entrypoint: bool = False
    declared: bool = True
    module: str = ""
    error: str | None = None
    predecessors: frozenset[str] = frozenset()
    is_mapped: bool = False
    lines: tuple[LogLine, ...] = ()

    @property
    def duration(self) -> int | None:
        """Nanoseconds that it took; ``None`` if only log lines show it."""
        if self.witness == "log" or self.start is None or self.end is None:
            return None
        return max(self.end - self.start, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeclaredTurn:
    """A step that ran where no declared arrow leads.

    Attributes:
        flow: The flow's name.
        source: The step that it ran inside.
        target: The step.
        number: The number of the first such run of the step.
    """

    flow: str
    source: str
    target: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A channel through which a step of one flow started another flow.

    Attributes:
        channel: The effect that is the other's trigger, such as ``kafka:orders``.
        source: The number of the step that writes to it.
        target: The number of the entrypoint that it starts.
    """

    channel: str
    source: int
    target: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that went wrong.

    Attributes:
        number: The number of the step in which it did; ``None`` outside all steps.
        words: The error, or the message of the log line.
        witness: What shows it: a span, whose step raised the error, or a log line of that level.
        time: When, in nanoseconds, or ``None``.
    """

    number: int | None
    words: str
    witness: Witness
    time: int | None = None


@dataclass(frozen=True, kw_only=True)
class FlowRun:
    """What the run shows of one flow.

    Attributes:
        name: The flow's name.
        flow: The flow; ``None`` if none of that name is declared.
        numbers: The numbers of its steps.
        silent: The declared steps of which there is no trace, in flow order.
        is_exact: Whether spans show its steps, so that those of which there is no trace did not run, as far as the files go.
        ways: The declared arrows that the run took, by their ends; only spans show them.
        undeclared: The ways that no arrow declares, the first one first.
    """

    name: str
    flow: Flow | None = None
    numbers: tuple[int, ...] = ()
    silent: tuple[str, ...] = ()
    is_exact: bool = False
    ways: frozenset[tuple[str, str]] = frozenset()
    undeclared: tuple[UndeclaredTurn, ...] = ()

    @property
    def title(self) -> str:
        """The flow's title, or its name where it has none."""
        return (self.flow and self.flow.title) or self.name


@dataclass(frozen=True, kw_only=True)
class RunTrace:
    """One run: its steps and log lines, laid over the declared flows.

    Attributes:
        id: The correlation ID.
        steps: The steps that ran: each below the one around it, others in the order of their time.
        flows: The flows that they belong to.
        lines: The log lines that belong to no step.
        joins: The channels through which one flow started another.
        failures: What went wrong, the first first.
        notes: What a reader has to know about these facts.
        files: The files that were read.
        spans: How many spans were found.
    """

    id: str
    steps: tuple[StepRun, ...] = ()
    flows: tuple[FlowRun, ...] = ()
    lines: tuple[LogLine, ...] = ()
    joins: tuple[Join, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[FileCount, ...] = field(default_factory=tuple)
    spans: int = 0

    @cached_property
    def line_count(self) -> int:
        """How many log lines it has."""
        return len(self.lines) + sum(len(step.lines) for step in self.steps)

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The services that it ran in, in order."""
        names = (step.service for step in self.steps)
        return tuple(dict.fromkeys(filter(None, (*names, *(line.service for line in self.lines)))))

    @cached_property
    def start(self) -> int | None:
        """When it began, in nanoseconds; ``None`` if no time is known."""
        return min(self._times, default=None)

    @cached_property
    def end(self) -> int | None:
        """When it ended, as far as the files go."""
        return max(self._times, default=None)

    @cached_property
    def _times(self) -> list[int]:
        lines = (*self.lines, *(line for step in self.steps for line in step.lines))
        times = (
            *(step.start for step in self.steps),
            *(step.end for step in self.steps),
            *(line.time for line in lines),
        )
        return [time for time in times if time is not None]

    @property
    def undeclared(self) -> UndeclaredTurn | None:
        """The first way that is not declared, or ``None``."""
        ways = [way for flow in self.flows for way in flow.undeclared]
        return min(ways, key=lambda way: (self.steps[way.number].start or 0, way.number), default=None)

    def children(self, number: int | None) -> list[StepRun]:
        """Return the steps directly inside another one, or those at the top."""
        return self._children.get(number, [])

    @cached_property
    def _children(self) -> dict[int | None, list[StepRun]]:
        children: dict[int | None, list[StepRun]] = {}
        for step in self.steps:
            children.setdefault(step.parent, []).append(step)
        return children
