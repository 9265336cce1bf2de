"""Judges a proposed flow by the evidence that it was made of, as ``penstock check`` will, and mends what fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.check.proposals.proposal import proposals
from penstock.check.proposals.search import fails
from penstock.check.verdict.judgement import judge
from penstock.model import Edge, Flow, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from penstock.check.evidence import Evidence
    from penstock.discover.arrows.edges import After
    from penstock.model import Call


def mend_arrows(
    name: str, after: After, entrypoints: Collection[str], evidence: Evidence, calls: Iterable[Call] = ()
) -> tuple[After, list[str]]:
    """Return arrows that pass the check, and the steps that no arrow explains, or an empty list.

    Args:
        name: The name of the flow.
        after: The steps before each step, in flow order.
        entrypoints: The steps that begin runs.
        evidence: What was seen of the flow.
        calls: What is known of its code.
    """
    flow = _make_flow(name, after, entrypoints, calls)
    judgement = judge(flow, evidence)
    if any(map(fails, judgement.flow.edges)):
        proposed = proposals(judgement)
        places = flow.positions
        mended = {step: sorted(dict.fromkeys(proposed[step].after), key=places.__getitem__) for step in after}
        judgement = judge(_make_flow(name, mended, entrypoints, calls), evidence)
        after = mended
    failing = [edge.target for edge in judgement.flow.edges if fails(edge)]
    idle = [step for step, names in after.items() if not names and step not in entrypoints]
    return after, list(dict.fromkeys([*failing, *idle]))


def _make_flow(name: str, after: After, entrypoints: Collection[str], calls: Iterable[Call]) -> Flow:
    return Flow(
        name=name,
        steps=tuple(Step(name=step, entrypoint=step in entrypoints) for step in after),
        edges=tuple(Edge(source=source, target=step) for step, sources in after.items() for source in sources),
        calls=tuple(calls),
    )
