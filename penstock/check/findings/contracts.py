"""Contracts: rules of a project for its flows, checked as import-linter checks imports."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING

from penstock.check.findings.finding import Finding
from penstock.errors import did_you_mean, near_names
from penstock.model.finding_kinds import FINDING_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from penstock.config.accepted import Contract
    from penstock.model import Flow, Step

Node = tuple[str, str]
"""A step: the full name of its flow, and its own."""


def find_broken(contracts: Sequence[Contract], flows: Sequence[Flow]) -> Iterator[Finding]:
    """Yield a finding for each violation of a contract, and for each contract with an unknown name."""
    application = Application(flows)
    for contract in contracts:
        yield from (_finding(contract, None, message) for message in _check_names(contract, application))
        covered_flows = [flow for flow in flows if contract.covers(flow)]
        if not covered_flows:
            yield _finding(contract, None, f"no flow name matches {' or '.join(contract.flows)}.")
        for flow in covered_flows:
            yield from TYPES[contract.type](contract, flow, application)


def _check_names(contract: Contract, application: Application) -> Iterator[str]:
    """Yield a message for each unknown name, so that renaming cannot disable a contract."""
    if contract.type != "never-reaches":
        return
    if not contract.never:
        yield "it names nothing in never."
    known_names = {name for flow in application.flows for name in _names(flow)} | application.named.keys()
    for name in contract.never:
        if name not in known_names:
            yield f"no flow or step has the name {name}.{did_you_mean(near_names(name, known_names))}"


def _names(flow: Flow, step: str = "") -> tuple[str, str]:
    """Return the names of a flow, or of a step in it: with and without the service's."""
    return (f"{flow.full_name}.{step}", f"{flow.name}.{step}") if step else (flow.full_name, flow.name)


def _check_trigger(contract: Contract, flow: Flow, _application: Application) -> Iterator[Finding]:
    if not any(step.trigger for step in flow.entrypoints):
        first = next(iter((*flow.entrypoints, *flow.steps)), None)
        yield _finding(contract, flow, f"no entrypoint of {flow.name} says what triggers it.", first)


def _check_docstrings(contract: Contract, flow: Flow, _application: Application) -> Iterator[Finding]:
    for step in flow.steps:
        if not step.docstring.strip():
            yield _finding(contract, flow, f"{step.name} has no docstring.", step)


def _check_all_confirmed(contract: Contract, flow: Flow, _application: Application) -> Iterator[Finding]:
    for edge in flow.edges:
        if edge.origin == "declared" and edge.state != "confirmed":
            message = f"{edge.source} -> {edge.target} is {edge.state or 'not checked'}."
            yield _finding(contract, flow, message, flow.step(edge.target))


def _check_never_reaches(contract: Contract, flow: Flow, application: Application) -> Iterator[Finding]:
    starts = [(flow.full_name, step.name) for step in flow.entrypoints]
    names = [name for name in contract.never if not application.leading_to(name).isdisjoint(starts)]
    predecessors = _find_reachable(starts, application.following) if names else {}
    for name in names:
        for flow_name, step in sorted(predecessors):
            other_flow = application.by_name[flow_name]
            if name in _names(other_flow, step) or (flow_name != flow.full_name and name in _names(other_flow)):
                path = _way(predecessors, (flow_name, step))
                message = f"{flow.name} reaches {name}: {' -> '.join(path)}."
                yield _finding(contract, flow, message, other_flow.step(step))
                break


TYPES: Mapping[str, Callable[[Contract, Flow, Application], Iterator[Finding]]] = {
    "has-trigger": _check_trigger,
    "has-docstrings": _check_docstrings,
    "all-confirmed": _check_all_confirmed,
    "never-reaches": _check_never_reaches,
}
"""Every flow has an entrypoint with a trigger; every step a docstring; every edge is confirmed; some steps, or flows,
are never reached, through edges and through channels (effects that are triggers elsewhere)."""


class Application:
    """All flows, and how each leads to others, through edges and through channels.

    Attributes:
        flows: The flows.
        by_name: The same by their full names.
    """

    def __init__(self, flows: Sequence[Flow]) -> None:
        self.flows = flows
        self.by_name = {flow.full_name: flow for flow in flows}
        self._leading: dict[str, AbstractSet[Node]] = {}

    @cached_property
    def following(self) -> dict[Node, list[Node]]:
        """The steps that directly follow each step."""
        listening: dict[str, list[Node]] = {}
        for flow, step in self._steps():
            if step.trigger:
                listening.setdefault(step.trigger, []).append((flow.full_name, step.name))
        return {
            (flow.full_name, step.name): [
                *((flow.full_name, name) for name in flow.successors[step.name]),
                *(node for effect in step.effects for node in listening.get(effect, ())),
            ]
            for flow, step in self._steps()
        }

    @cached_property
    def named(self) -> dict[str, list[Node]]:
        """The steps of each name, which is that of a step or of a flow."""
        nodes_by_name: dict[str, list[Node]] = {}
        for flow, step in self._steps():
            for name in (*_names(flow), *_names(flow, step.name)):
                nodes_by_name.setdefault(name, []).append((flow.full_name, step.name))
        return nodes_by_name

    def leading_to(self, name: str) -> AbstractSet[Node]:
        """Return the steps from which those of a name can be reached, and those steps themselves."""
        if name not in self._leading:
            self._leading[name] = _find_reachable(self.named.get(name, ()), self._preceding).keys()
        return self._leading[name]

    @cached_property
    def _preceding(self) -> dict[Node, list[Node]]:
        preceding: dict[Node, list[Node]] = {}
        for node, following in self.following.items():
            for after in following:
                preceding.setdefault(after, []).append(node)
        return preceding

    def _steps(self) -> Iterator[tuple[Flow, Step]]:
        return ((flow, step) for flow in self.flows for step in flow.steps)


def _find_reachable(starts: Sequence[Node], following: Mapping[Node, Sequence[Node]]) -> dict[Node, Node | None]:
    """Return every step that can be reached, with the one from which it was."""
    predecessors: dict[Node, Node | None] = dict.fromkeys(starts)
    waiting = deque(starts)
    while waiting:
        node = waiting.popleft()
        for after in following.get(node, ()):
            if after not in predecessors:
                predecessors[after] = node
                waiting.append(after)
    return predecessors


def _way(predecessors: Mapping[Node, Node | None], end: Node) -> list[str]:
    node: Node | None = end
    way: list[str] = []
    while node is not None:
        way.append(".".join(node))
        node = predecessors[node]
    return way[::-1]


def _finding(contract: Contract, flow: Flow | None, message: str, step: Step | None = None) -> Finding:
    subject = f"{repr(contract.name) if contract.name else contract.type} is broken"
    return Finding(
        code="contract",
        severity=FINDING_KINDS["contract"].severity,
        flow=flow.full_name if flow else "",
        service=flow.service if flow else "",
        target=step.name if step else "",
        message=f"{subject}: {message}",
        file=step.file if step else "",
        line=step.line if step else 0,
    )
