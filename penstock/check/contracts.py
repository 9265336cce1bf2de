"""Contracts: what a project has decided about its flows, checked as import-linter checks imports."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from penstock.check.findings import Finding
from penstock.errors import did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from penstock.model import Flow, Step

Node = tuple[str, str]
"""A step: the full name of its flow, and its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One contract as configured.

    Attributes:
        type: What is demanded; :data:`TYPES` has the known ones.
        name: What the project calls it.
        flows: Patterns of the flows that it is about, such as ``orders`` or ``shop/*``.
        never: For ``never-reaches``: the steps, as ``flow.step``, or flows that must not be reached; with or without
            the service's name.
    """

    type: str
    name: str = ""
    flows: tuple[str, ...] = ("*",)
    never: tuple[str, ...] = ()

    def covers(self, flow: Flow) -> bool:
        """Tell whether the contract is about a flow."""
        return any(fnmatchcase(name, pattern) for pattern in self.flows for name in (flow.name, flow.full_name))


def broken(contracts: Sequence[Contract], flows: Sequence[Flow]) -> Iterator[Finding]:
    """Yield a finding for each place where a contract is broken, and for one that names what is not there."""
    for contract in contracts:
        yield from (_finding(contract, None, said) for said in _unknown(contract, flows))
        covered = [flow for flow in flows if contract.covers(flow)]
        if not covered:
            yield _finding(contract, None, f"no flow has a name like {' or '.join(contract.flows)}.")
        for flow in covered:
            yield from TYPES[contract.type](contract, flow, flows)


def _unknown(contract: Contract, flows: Sequence[Flow]) -> Iterator[str]:
    """Yield what to say of names that nothing has, so that nothing escapes a contract by a new name."""
    if contract.type != "never-reaches":
        return
    if not contract.never:
        yield "it names nothing in never."
    known = {name for flow in flows for name in _names(flow.full_name)}
    known |= {name for flow in flows for step in flow.steps for name in _names(flow.full_name, step.name)}
    for name in contract.never:
        if name not in known:
            yield f"no flow or step has the name {name}.{did_you_mean(near_names(name, known))}"


def _names(flow: str, step: str = "") -> tuple[str, str]:
    """Return the names of a flow, or of a step in it: with and without the service's."""
    bare = flow.rpartition("/")[2]
    return (f"{flow}.{step}", f"{bare}.{step}") if step else (flow, bare)


def _triggers(contract: Contract, flow: Flow, _flows: Sequence[Flow]) -> Iterator[Finding]:
    if not any(step.trigger for step in flow.entrypoints):
        first = next(iter((*flow.entrypoints, *flow.steps)), None)
        yield _finding(contract, flow, f"no entrypoint of {flow.name} says what triggers it.", first)


def _docstrings(contract: Contract, flow: Flow, _flows: Sequence[Flow]) -> Iterator[Finding]:
    for step in flow.steps:
        if not step.docstring.strip():
            yield _finding(contract, flow, f"{step.name} has no docstring.", step)


def _confirmed(contract: Contract, flow: Flow, _flows: Sequence[Flow]) -> Iterator[Finding]:
    for edge in flow.edges:
        if edge.origin == "declared" and edge.state != "confirmed":
            message = f"{edge.source} -> {edge.target} is {edge.state or 'not checked'}."
            yield _finding(contract, flow, message, flow.step(edge.target))


def _never(contract: Contract, flow: Flow, flows: Sequence[Flow]) -> Iterator[Finding]:
    following = _following(flows)
    found = _reached([(flow.full_name, step.name) for step in flow.entrypoints], following)
    for name in contract.never:
        for other, step in sorted(found):
            if name in _names(other, step) or (other != flow.full_name and name in _names(other)):
                path = _way(found, (other, step))
                message = f"{flow.name} reaches {name}: {' -> '.join(path)}."
                yield _finding(contract, flow, message, _step(flows, (other, step)))
                break


TYPES: Mapping[str, Callable[[Contract, Flow, Sequence[Flow]], Iterator[Finding]]] = {
    "has-trigger": _triggers,
    "has-docstrings": _docstrings,
    "all-confirmed": _confirmed,
    "never-reaches": _never,
}
"""Every flow has an entrypoint with a trigger; every step a docstring; every arrow is confirmed; some steps, or flows,
are never reached, through arrows and through channels (effects that are triggers elsewhere)."""


def _following(flows: Sequence[Flow]) -> dict[Node, list[Node]]:
    listening: dict[str, list[Node]] = {}
    for flow in flows:
        for step in flow.steps:
            if step.trigger:
                listening.setdefault(step.trigger, []).append((flow.full_name, step.name))
    return {
        (flow.full_name, step.name): [
            *((flow.full_name, name) for name in flow.successors[step.name]),
            *(node for effect in step.effects for node in listening.get(effect, ())),
        ]
        for flow in flows
        for step in flow.steps
    }


def _reached(starts: Sequence[Node], following: Mapping[Node, Sequence[Node]]) -> dict[Node, Node | None]:
    """Return every step that can be reached, with the one from which it was."""
    found: dict[Node, Node | None] = dict.fromkeys(starts)
    waiting = list(starts)
    while waiting:
        node = waiting.pop(0)
        for after in following.get(node, ()):
            if after not in found:
                found[after] = node
                waiting.append(after)
    return found


def _way(found: Mapping[Node, Node | None], end: Node) -> list[str]:
    node: Node | None = end
    way: list[str] = []
    while node is not None:
        way.insert(0, ".".join(node))
        node = found[node]
    return way


def _step(flows: Sequence[Flow], node: Node) -> Step | None:
    return next((flow.step(node[1]) for flow in flows if flow.full_name == node[0]), None)


def _finding(contract: Contract, flow: Flow | None, message: str, step: Step | None = None) -> Finding:
    said = f"{repr(contract.name) if contract.name else contract.type} is broken"
    return Finding(
        code="contract",
        severity="error",
        flow=flow.full_name if flow else "",
        target=step.name if step else "",
        message=f"{said}: {message}",
        file=step.file if step else "",
        line=step.line if step else 0,
    )
