"""Contracts: rules of a project for its flows, checked as import-linter checks imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.check.findings.finding import Finding
from penstock.check.questions.application import Application, Node, find_reachable, names_of
from penstock.errors import did_you_mean, near_names
from penstock.model.finding_kinds import FINDING_KINDS
from penstock.model.resources import PLAIN_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from penstock.config.accepted import Contract
    from penstock.model import Flow, Step
    from penstock.model.resources import Vocabulary


def find_broken(
    contracts: Sequence[Contract], flows: Sequence[Flow], vocabulary: Vocabulary = PLAIN_WORDS
) -> Iterator[Finding]:
    """Yield a finding for each violation of a contract, and for each contract with an unknown name."""
    application = Application(flows, vocabulary)
    for contract in contracts:
        yield from (_finding(contract, None, message) for message in _check_names(contract, application))
        covered_flows = [flow for flow in flows if contract.covers(flow)]
        if not covered_flows:
            yield _finding(contract, None, f"no flow name matches {' or '.join(contract.flows)}.")
        is_about_others = contract.type == "sole-writer"
        for flow in (flow for flow in flows if contract.covers(flow) is not is_about_others):
            yield from TYPES[contract.type](contract, flow, application)


def _check_names(contract: Contract, application: Application) -> Iterator[str]:
    """Yield a message for each unknown name, so that renaming cannot disable a contract."""
    if contract.type == "sole-writer":
        yield from _check_resources(contract, application)
    if contract.type != "never-reaches":
        return
    if not contract.never:
        yield "it names nothing in never."
    known_names = {name for flow in application.flows for name in names_of(flow)} | application.named.keys()
    for name in contract.never:
        if name not in known_names:
            yield f"no flow or step has the name {name}.{did_you_mean(near_names(name, known_names))}"


def _check_resources(contract: Contract, application: Application) -> Iterator[str]:
    if not contract.resources:
        yield "it names nothing in resources."
    written = {use.resource for uses in application.uses.values() for use in uses if use.verb == "writes"}
    for resource in contract.resources:
        if not application.vocabulary.find(resource, written):
            yield f"no step writes {resource}.{did_you_mean(near_names(resource, written))}"


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
    starts = [Node(flow.full_name, step.name) for step in flow.entrypoints]
    names = [name for name in contract.never if not application.leading_to(name).isdisjoint(starts)]
    predecessors = find_reachable(starts, application.following) if names else {}
    for name in names:
        for flow_name, step in sorted(predecessors):
            other_flow = application.by_name[flow_name]
            if name in names_of(other_flow, step) or (flow_name != flow.full_name and name in names_of(other_flow)):
                path = _way(predecessors, Node(flow_name, step))
                message = f"{flow.name} reaches {name}: {' -> '.join(path)}."
                yield _finding(contract, flow, message, other_flow.step(step))
                break


def _check_sole_writer(contract: Contract, flow: Flow, application: Application) -> Iterator[Finding]:
    for step in flow.steps:
        for use in application.uses[Node(flow.full_name, step.name)]:
            if use.verb == "writes" and application.vocabulary.find(use.resource, contract.resources):
                allowed = " or ".join(contract.flows)
                yield _finding(contract, flow, f"{step.name} writes {use.resource}, which only {allowed} may.", step)


TYPES: Mapping[str, Callable[[Contract, Flow, Application], Iterator[Finding]]] = {
    "has-trigger": _check_trigger,
    "has-docstrings": _check_docstrings,
    "all-confirmed": _check_all_confirmed,
    "never-reaches": _check_never_reaches,
    "sole-writer": _check_sole_writer,
}
"""Every flow has an entrypoint with a trigger; every step a docstring; every edge is confirmed; some steps, or flows,
are never reached, through edges and through channels (effects that are triggers elsewhere); no flow but those named
writes some resources, for which the check goes over all others."""


def _way(predecessors: Mapping[Node, Node | None], end: Node) -> list[str]:
    node: Node | None = end
    way: list[str] = []
    while node is not None:
        way.append(str(node))
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
