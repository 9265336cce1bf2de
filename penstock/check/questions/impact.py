"""What a change of a step may affect: the steps that come after it, in its flow and in those that it starts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.model import Edge, Flow, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from penstock.check.questions.application import Application, Node
    from penstock.model.resource_uses import ResourceUse


@dataclass(frozen=True, slots=True)
class AffectedStep:
    """A step that comes after a changed one, or the changed one itself.

    Attributes:
        node: The step.
        source: The step that leads to it; ``None`` for the changed one.
        channel: The resource through which it is started, or an empty string for an edge of its flow.
        uses: What it uses.
    """

    node: Node
    source: Node | None
    channel: str
    uses: tuple[ResourceUse, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change of some steps may affect.

    Attributes:
        steps: The changed steps, then those that come after them, the nearest first.
        edges: Each connection between two of these steps, with the channel that it is, or an empty string.
    """

    steps: tuple[AffectedStep, ...]
    edges: Mapping[tuple[Node, Node], str]

    @property
    def resources(self) -> tuple[str, ...]:
        """The resources that these steps write, each once."""
        written = (use.resource for step in self.steps for use in step.uses if use.verb == "writes")
        return tuple(dict.fromkeys(written))

    @property
    def flows(self) -> tuple[str, ...]:
        """The flows of these steps, each once."""
        return tuple(dict.fromkeys(step.node.flow for step in self.steps))


def find_impact(application: Application, nodes: Sequence[Node]) -> Impact:
    """Return the steps that come after some others, through edges and through channels."""
    affected = {node: AffectedStep(node, None, "", tuple(application.uses[node])) for node in nodes}
    edges: dict[tuple[Node, Node], str] = {}
    waiting = deque(nodes)
    while waiting:
        node = waiting.popleft()
        for target, channel in _connections(application, node):
            edges[node, target] = channel
            if target not in affected:
                affected[target] = AffectedStep(target, node, channel, tuple(application.uses[target]))
                waiting.append(target)
    return Impact(tuple(affected.values()), edges)


def _connections(application: Application, node: Node) -> Iterator[tuple[Node, str]]:
    for target in application.following[node]:
        yield target, application.channels[node].get(target, "")


def draw_impact(application: Application, impact: Impact, name: str) -> Flow:
    """Return what is affected as a flow, whose entrypoints are the changed steps."""
    return Flow(
        name=name,
        title=name,
        steps=tuple(_draw_step(application, step) for step in impact.steps),
        edges=tuple(
            Edge(source=str(source), target=str(target), label=channel)
            for (source, target), channel in impact.edges.items()
        ),
    )


def _draw_step(application: Application, affected: AffectedStep) -> Step:
    step = application.step(affected.node)
    return Step(
        name=str(affected.node),
        title=step.title,
        file=step.file,
        line=step.line,
        entrypoint=affected.source is None,
        effects=step.effects,
    )
