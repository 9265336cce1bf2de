"""More runs never take back what runs have shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.check.evidence import Evidence, Fact, Orphan, Seen, merge
from penstock.check.evidence.circumstances import Circumstances
from penstock.check.verdict.judgement import judge
from penstock.model import Edge, Flow, Step

STEPS = "abcd"
names = st.sampled_from(STEPS)
seen = st.builds(Seen, names)
groups = st.frozensets(seen, max_size=2)
several = st.frozensets(names, max_size=2)
circumstances = st.just(Circumstances()) | st.builds(Circumstances, several, several, several)
ends = st.tuples(names, names).filter(lambda pair: pair[0] != pair[1])
facts = ends.flatmap(
    lambda pair: st.builds(
        Fact, st.just("f"), st.just(Seen(pair[0])), st.just(Seen(pair[1])), groups, groups, groups, circumstances
    )
)
orphans = st.builds(Orphan, st.just("f"), seen, st.booleans()) | st.builds(
    Orphan, st.just("f"), seen, st.just(value=True), groups
)
evidence = st.builds(
    Evidence,
    st.dictionaries(facts, st.integers(1, 3), max_size=4),
    st.dictionaries(orphans, st.integers(1, 3), max_size=3),
    st.dictionaries(st.tuples(st.just("f"), seen), st.integers(1, 3), max_size=2),
    meanwhile=st.dictionaries(st.tuples(st.just("f"), names), several, max_size=2),
    exact=st.just(value=True),
)
flows = st.lists(ends, max_size=5, unique=True).map(
    lambda pairs: Flow(
        name="f",
        steps=tuple(Step(name=name, entrypoint=name == "a") for name in STEPS),
        edges=tuple(Edge(source=source, target=target) for source, target in pairs),
    )
)


def arrows(flow: Flow, found: Evidence, *states: str) -> set[tuple[str, str]]:
    """Return the arrows in one of some states."""
    return {(edge.source, edge.target) for edge in judge(flow, found).flow.edges if edge.state in states}


@given(flows, evidence, evidence)
def test_an_undeclared_arrow_stays_one(flow: Flow, one: Evidence, other: Evidence) -> None:
    """Whatever else is recorded, a run that no arrow explains is not explained by it."""
    assert arrows(flow, one, "undeclared") <= arrows(flow, merge([one, other]), "undeclared")


@given(flows, evidence, evidence)
def test_a_confirmed_arrow_stays_one(flow: Flow, one: Evidence, other: Evidence) -> None:
    """One run is enough, whatever others do."""
    assert arrows(flow, one, "confirmed") <= arrows(flow, merge([one, other]), "confirmed")


@given(flows, evidence, st.data())
def test_what_is_replaced_in_other_runs_refutes_nothing_less(flow: Flow, one: Evidence, data: st.DataObject) -> None:
    """A test with a mock takes no undeclared arrow back either."""
    other = data.draw(evidence)
    masked = Evidence(other.facts, runs=other.runs, replaced=dict.fromkeys(other.facts, frozenset("b")), exact=True)
    assert arrows(flow, one, "undeclared") <= arrows(flow, merge([one, masked]), "undeclared")
