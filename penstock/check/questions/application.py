"""All flows of an application, joined by the edges between steps and by the channels between flows."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from penstock.errors import ConfigError, did_you_mean, near_names
from penstock.model.resource_uses import list_uses
from penstock.model.resources import PLAIN_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from penstock.model import Flow, Step
    from penstock.model.resource_uses import ResourceUse
    from penstock.model.resources import Vocabulary


class Node(NamedTuple):
    """A step among those of all flows: the full name of its flow, and its own."""

    flow: str
    step: str

    def __str__(self) -> str:
        return ".".join(self)


class Application:
    """All flows, and how each leads to others, through edges and through channels.

    A channel is an effect of one step that is the trigger of another one, such as ``kafka:orders``.

    Args:
        flows: The flows.
        vocabulary: The words for resources.

    Attributes:
        flows: The flows.
        by_name: The same by their full names.
        vocabulary: The words for resources.
    """

    def __init__(self, flows: Sequence[Flow], vocabulary: Vocabulary = PLAIN_WORDS) -> None:
        self.flows = flows
        self.by_name = {flow.full_name: flow for flow in flows}
        self.vocabulary = vocabulary
        self._leading: dict[str, AbstractSet[Node]] = {}

    def step(self, node: Node) -> Step:
        """Return the step that a node stands for."""
        return self.by_name[node.flow].step(node.step)

    @cached_property
    def uses(self) -> dict[Node, list[ResourceUse]]:
        """What each step was seen to use, if its flow was checked, else what it declares."""
        uses: dict[Node, list[ResourceUse]] = {node: [] for node in self._nodes()}
        for flow in self.flows:
            for use in list_uses(flow):
                uses[Node(flow.full_name, use.step)].append(use)
        return uses

    @cached_property
    def channels(self) -> dict[Node, dict[Node, str]]:
        """The steps that each step starts in other runs, each with the effect that does."""
        triggers = [(use.resource, node) for node, uses in self.uses.items() for use in uses if use.verb == "starts on"]
        listening: dict[str, list[Node]] = {}
        for trigger, node in triggers:
            listening.setdefault(trigger, []).append(node)
        effects = {use.resource for uses in self.uses.values() for use in uses if use.verb == "writes"}
        matching = self.vocabulary.match(effects, listening)
        return {
            node: {
                target: use.resource
                for use in uses
                if use.verb == "writes"
                for trigger in matching[use.resource]
                for target in listening[trigger]
            }
            for node, uses in self.uses.items()
        }

    @cached_property
    def following(self) -> dict[Node, list[Node]]:
        """The steps that directly follow each step."""
        return {
            node: [
                *(Node(node.flow, name) for name in self.by_name[node.flow].successors[node.step]),
                *self.channels[node],
            ]
            for node in self._nodes()
        }

    @cached_property
    def named(self) -> dict[str, list[Node]]:
        """The steps of each name, which is that of a step or of a flow."""
        nodes_by_name: dict[str, list[Node]] = {}
        for flow in self.flows:
            for step in flow.steps:
                for name in (*names_of(flow), *names_of(flow, step.name)):
                    nodes_by_name.setdefault(name, []).append(Node(flow.full_name, step.name))
        return nodes_by_name

    def leading_to(self, name: str) -> AbstractSet[Node]:
        """Return the steps from which those of a name can be reached, and those steps themselves."""
        if name not in self._leading:
            self._leading[name] = find_reachable(self.named.get(name, ()), self._preceding).keys()
        return self._leading[name]

    def find_steps(self, name: str) -> list[Node]:
        """Return the steps that a reader may mean by ``step``, ``flow.step``, or the same with a service.

        Raises:
            ConfigError: No step has that name; the error lists near names.
        """
        nodes = [node for node in self._nodes() if name in {node.step, *names_of(self.by_name[node.flow], node.step)}]
        if not nodes:
            known_names = {text for node in self._nodes() for text in (node.step, str(node))}
            raise ConfigError(f"no flow has the step {name!r}.{did_you_mean(near_names(name, known_names))}")
        return nodes

    @cached_property
    def _preceding(self) -> dict[Node, list[Node]]:
        preceding: dict[Node, list[Node]] = {}
        for node, following in self.following.items():
            for after in following:
                preceding.setdefault(after, []).append(node)
        return preceding

    def _nodes(self) -> Iterator[Node]:
        return (Node(flow.full_name, step.name) for flow in self.flows for step in flow.steps)


def names_of(flow: Flow, step: str = "") -> tuple[str, str]:
    """Return the names of a flow, or of a step in it: with and without the service's."""
    return (f"{flow.full_name}.{step}", f"{flow.name}.{step}") if step else (flow.full_name, flow.name)


def find_reachable(starts: Sequence[Node], following: Mapping[Node, Sequence[Node]]) -> dict[Node, Node | None]:
    """Return every step that can be reached, with the one from which it was first."""
    predecessors: dict[Node, Node | None] = dict.fromkeys(starts)
    waiting = deque(starts)
    while waiting:
        node = waiting.popleft()
        for after in following.get(node, ()):
            if after not in predecessors:
                predecessors[after] = node
                waiting.append(after)
    return predecessors
