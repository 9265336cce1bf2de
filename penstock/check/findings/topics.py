"""Topics and queues with one end: only where several services are merged, since a single one has neighbours unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.check.findings.finding import make_step_finding
from penstock.model.resources import read_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.check.findings.finding import Finding
    from penstock.check.questions.application import Application, Node
    from penstock.model.finding_kinds import FindingCode
    from penstock.model.resource_uses import ResourceUse


def find_unmatched_topics(application: Application) -> Iterator[Finding]:
    """Yield a note for each step that writes to a topic which starts no flow, or is started by one that no step writes."""
    if len({flow.service for flow in application.flows}) < 2:
        return
    uses = [(node, use) for node, uses in application.uses.items() for use in uses if _is_topic(use)]
    written = [use.resource for _, use in uses if use.verb == "writes"]
    heard = [use.resource for _, use in uses if use.verb == "starts on"]
    consumers = application.vocabulary.match(written, heard)
    producers = application.vocabulary.match(heard, written)
    for node, use in uses:
        if use.origin != "declared":
            continue
        if use.verb == "writes" and not consumers[use.resource]:
            message = f"{node.step} writes to {use.resource}, which starts no flow of these services."
            yield _finding(application, "topic-without-consumer", node, message)
        elif use.verb == "starts on" and not producers[use.resource]:
            message = f"{node.step} is started by {use.resource}, to which no step of these services writes."
            yield _finding(application, "topic-without-producer", node, message)


def _is_topic(use: ResourceUse) -> bool:
    return read_resource(use.resource).family == "message"


def _finding(application: Application, code: FindingCode, node: Node, message: str) -> Finding:
    return make_step_finding(code, application.by_name[node.flow], application.step(node), message)
