"""Whatever ran, a proposed flow passes the check on the same evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.check.verdict.judgement import judge
from penstock.discover.proposal import Choice
from penstock.discover.propose import propose
from penstock.discover.recording import Child, Function, Recording, Root, Shape
from penstock.model import Edge, Flow, Step

if TYPE_CHECKING:
    from penstock.discover.proposal import ProposedFlow

NAMES = "mabcdefg"
NOWHERE = Path("/nowhere")
"""A project without sources."""
KINDS = ("function", "coroutine", "generator")


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """Draw a recording: any shapes of any functions, that call each other in any way, also at once."""
    functions = tuple(
        Function("app", name, "app.py", line, draw(st.sampled_from(KINDS))) for line, name in enumerate(NAMES, 1)
    )
    shapes: list[Shape] = []
    for index in range(draw(st.integers(2, 14))):
        function = draw(st.integers(0, len(NAMES) - 1))
        children: list[Child] = []
        for inner in draw(st.lists(st.integers(0, index - 1), max_size=5)) if index else ():
            running = draw(st.sets(st.integers(0, len(children) - 1), max_size=2)) if children else ()
            children.append(Child(inner, tuple(sorted(running)), draw(st.integers(1, 3))))
        shapes.append(Shape(function, children=tuple(children)))
    shapes.append(Shape(0, children=(Child(len(shapes) - 1),)))
    roots = draw(st.sets(st.integers(0, len(shapes) - 1), max_size=4)) | {len(shapes) - 1}
    return Recording(functions, tuple(shapes), {Root(index): draw(st.integers(1, 50)) for index in sorted(roots)})


def check(proposal: ProposedFlow) -> dict[str, str]:
    """Return the edges of a proposed flow that are not confirmed, or that are missing."""
    flow = Flow(
        name=proposal.name,
        steps=tuple(Step(name=step.name, entrypoint=not index) for index, step in enumerate(proposal.steps)),
        edges=tuple(Edge(source=name, target=step.name) for step in proposal.steps for name in step.after),
    )
    assert proposal.evidence
    edges = judge(flow, proposal.evidence).flow.edges
    return {f"{edge.source}>{edge.target}": edge.state for edge in edges if edge.state != "confirmed"}


@given(recordings())
@settings(max_examples=60, deadline=None)
def test_a_proposal_passes_the_check(recording: Recording) -> None:
    """No arrow fails, whatever calls are recorded; and every step has one."""
    proposal = propose(recording, "m", Choice(), NOWHERE)
    assert {} == check(proposal)
    assert all(step.after for step in proposal.steps[1:])
