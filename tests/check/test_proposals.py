"""What is proposed for ``after=``: the fewest names that explain every run, and a flow that is clean once they are written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import flow, flow_context, observing
from penstock.check.evidence import Evidence, Fact, Seen
from penstock.check.evidence.history import History, LastSeen
from penstock.check.findings.finding import findings
from penstock.check.findings.grouping import group_by_cause
from penstock.check.findings.shared_causes import with_causes
from penstock.check.proposals.minimum_cover import find_smallest_cover
from penstock.check.verdict.judgement import judge
from penstock.model import Call, Edge, Flow, Step
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from penstock.check.evidence import Orphan
    from penstock.check.findings.finding import Finding

NAMES = "abcdef"
ENTRYPOINTS = "ab"


@dataclass(frozen=True)
class Node:
    """A call of a step, and the calls in it."""

    step: str
    calls: tuple[Node, ...] = ()


def declared(*arrows: str, calls: Iterable[Call] = (), names: str = NAMES, generators: str = "") -> Flow:
    """Return a flow with arrows such as ``a>b``, or ``a>b:if new`` with a label."""
    steps = tuple(
        Step(
            name=name,
            entrypoint=name in ENTRYPOINTS,
            file="f.py",
            line=line,
            kind="generator" if name in generators else "function",
        )
        for line, name in enumerate(names, 1)
    )
    pairs = (arrow.partition(":") for arrow in arrows)
    edges = tuple(Edge(source=pair[0], target=pair[-1], label=label) for pair, _, label in pairs)
    return Flow(name="f", steps=steps, edges=edges, calls=tuple(calls))


def fact(step: str, parent: str, done: str = "", ancestors: str = "") -> Fact:
    """Return a fact; several steps stand as letters in one text."""
    return Fact("f", Seen(step), Seen(parent), frozenset(map(Seen, done)), frozenset(map(Seen, ancestors)))


def evidence_of(*facts: Fact, orphans: Sequence[Orphan] = ()) -> Evidence:
    """Return evidence of facts that were seen once."""
    return Evidence(dict.fromkeys(facts, 1), dict.fromkeys(orphans, 1), {("f", Seen("a")): 1})


def errors(of: Flow, evidence: Evidence) -> list[Finding]:
    """Return what fails the check."""
    return [finding for finding in findings(judge(of, evidence)) if finding.severity == "error"]


def wishes(found: Iterable[Finding]) -> dict[str, tuple[str, ...]]:
    """Return the names to write for each step."""
    return {finding.target: finding.after for finding in found if finding.after is not None}


def with_after(of: Flow, after: Mapping[str, Iterable[str]]) -> Flow:
    """Return a flow in which ``after=`` of some steps holds other names; labels of those that stay are kept."""
    edges = [edge for edge in of.edges if edge.target not in after or edge.source in after[edge.target]]
    known = {(edge.source, edge.target) for edge in edges}
    new = [(source, target) for target, names in after.items() for source in names if (source, target) not in known]
    return replace(of, edges=(*edges, *(Edge(source=source, target=target) for source, target in new)))


def has_circle(of: Flow) -> bool:
    """Return whether the arrows of a flow run in a circle."""
    left = {step.name for step in of.steps}
    while free := {name for name in left if left.isdisjoint(edge.source for edge in of.edges_into(name))}:
        left -= free
    return bool(left)


def play(runs: Sequence[tuple[str, Sequence[Node]]]) -> Evidence:
    """Run steps as trees of calls under the recorder, each below an entrypoint, or in a bare run where none is named."""
    handle = flow("f")

    def make(name: str) -> Any:
        mark = handle.entrypoint if name in ENTRYPOINTS else handle.step
        return mark(name=name)(lambda *nodes: [steps[node.step](*node.calls) for node in nodes])

    steps = {name: make(name) for name in NAMES}
    with observing(EvidenceObserver()) as observer:
        for start, nodes in runs:
            if start:
                steps[start](*nodes)
            else:
                with flow_context():
                    for node in nodes:
                        steps[node.step](*node.calls)
    evidence = observer.evidence()  # type: ignore[attr-defined]
    return replace_sources(evidence)


def replace_sources(evidence: Evidence) -> Evidence:
    """Return evidence without the hashes of sources: all steps have the same source."""

    def bare(group: Iterable[Seen]) -> frozenset[Seen]:
        return frozenset(Seen(seen.step) for seen in group)

    facts = {
        Fact(
            "f", Seen(each.step.step), Seen(each.parent.step), *map(bare, (each.done, each.ancestors, each.outside))
        ): n
        for each, n in evidence.facts.items()
    }
    orphans = {
        replace(each, step=Seen(each.step.step), done=None if each.done is None else bare(each.done)): n
        for each, n in evidence.orphans.items()
    }
    return Evidence(facts, orphans, {("f", Seen(seen.step)): n for (_, seen), n in evidence.runs.items()})


NODES = st.recursive(
    st.builds(Node, st.sampled_from("bcdef")),
    lambda nodes: st.builds(Node, st.sampled_from("bcdef"), st.lists(nodes, max_size=3).map(tuple)),
    max_leaves=6,
)
RUNS = st.lists(
    st.tuples(st.sampled_from(["a", "a", "b", ""]), st.lists(NODES, min_size=1, max_size=4)), min_size=1, max_size=4
)
CALLS = st.lists(
    st.builds(
        Call,
        source=st.sampled_from(NAMES),
        target=st.sampled_from(NAMES),
        kind=st.sampled_from(["data", "order", "call"]),
    ),
    max_size=3,
)


LABELLED = st.dictionaries(
    st.sampled_from([f"{source}>{target}" for source, target in combinations(NAMES, 2)]),
    st.sampled_from(["", "", ":if so"]),
    min_size=2,
    max_size=8,
).map(lambda arrows: sorted(arrow + label for arrow, label in arrows.items()))
GENERATORS = st.sampled_from(["", "", "c"])


@settings(max_examples=100)
@given(LABELLED, CALLS, GENERATORS, RUNS)
def test_following_it_once_ends_clean(
    arrows: list[str], calls: list[Call], lazy: str, runs: list[tuple[str, list[Node]]]
) -> None:
    """Once all proposals are written, the same runs fail nothing but what was said to have no after=, and no arrows run in a circle."""
    of, evidence = declared(*arrows, calls=calls, generators=lazy), play(runs)
    before = errors(of, evidence)
    after = with_after(of, wishes(before))
    hopeless = {finding.target for finding in before if finding.after is None}
    assert set() == {finding.arrow for finding in errors(after, evidence) if finding.target not in hopeless}
    assert not has_circle(after)


@settings(max_examples=75)
@given(LABELLED, RUNS)
def test_where_nothing_can_be_written_the_reason_is_true(arrows: list[str], runs: list[tuple[str, list[Node]]]) -> None:
    """A step is said to lead to another one already only where declared arrows do, and any arrow would close a circle."""
    of, evidence = declared(*arrows), play(runs)
    found = errors(of, evidence)
    after = with_after(of, wishes(found))
    for finding in found:
        _, leads, rest = finding.cure.partition(f"{finding.target} leads to ")
        if leads:
            there = rest.split(" already")[0]
            assert has_circle(replace(of, edges=(*of.edges, Edge(source=there, target=finding.target))))
        if finding.after is None and finding.code == "undeclared" and "circle" in finding.cure:
            assert has_circle(replace(after, edges=(*after.edges, Edge(source=finding.source, target=finding.target))))


@settings(max_examples=75)
@given(LABELLED, RUNS)
def test_no_smaller_set_of_names_explains_the_runs(arrows: list[str], runs: list[tuple[str, list[Node]]]) -> None:
    """What is declared and not refuted stays, and no fewer names besides explain what the proposal explains."""
    of, evidence = declared(*arrows), play(runs)
    wanted = wishes(errors(of, evidence))
    for target, names in wanted.items():
        contexts = [
            {each.parent.step, *(seen.step for seen in each.done)}
            for each in evidence.facts
            if each.step.step == target
        ]
        explained = [context for context in contexts if context & {*names}]
        states = {
            edge.source: edge.state for edge in judge(of, evidence).flow.edges_into(target) if edge.origin == "declared"
        }
        kept = {name for name, state in states.items() if state not in ("never-seen", "indirect")}
        assert kept <= {*names}
        for size in range(len({*names} - kept)):
            for fewer in combinations(set(NAMES) - kept - {target}, size):
                smaller = {*kept, *fewer}
                assert not all(context & smaller for context in explained) or has_circle(
                    with_after(of, {**wanted, target: smaller})
                )


@settings(max_examples=100)
@given(st.lists(st.frozensets(st.sampled_from("abcdefg"), min_size=1, max_size=4), max_size=7))
def test_a_cover_is_smallest(groups: list[frozenset[str]]) -> None:
    """Every group has one of the names, and no fewer names do that."""
    cover = find_smallest_cover(groups, dict.fromkeys("abcdefg", 1))
    assert all(group & {*cover} for group in groups)
    smaller = (names for size in range(len(cover)) for names in combinations("abcdefg", size))
    assert not any(all(group & {*names} for group in groups) for names in smaller)


@pytest.mark.parametrize(
    ("arrows", "facts", "calls", "target", "cure"),
    [
        (["a>c:no input", "d>c:asked"], [fact("c", "a"), fact("d", "a", "c")], [], "c", 'Write: after={"a": "no input"}'),
        (["a>c:x", "a>c:y"], [fact("c", "a"), fact("c", "b")], [], "c", 'Write: after=[{"a": "x"}, {"a": "y"}, "b"]'),
        (["a>c:x"], [fact("c", "a"), fact("c", "b")], [], "c", 'Write: after={"a": "x", "b": None}'),
        (["a>c", "a>d"], [fact("c", "a"), fact("e", "a", "cd"), fact("d", "a", "c")], [], "e", 'Write: after="a"'),
        (["a>c", "c>d"], [fact("c", "a"), fact("d", "a", "c"), fact("e", "a", "cd")], ["c>e"], "e", 'Write: after="c"'),
        (["a>c", "c>d"], [fact("c", "a"), fact("e", "a", "cd"), fact("e", "b", "d")], [], "e", 'Write: after="d"'),
        (["a>c", "c>d"], [fact("c", "a"), fact("d", "a", "c"), fact("e", "a", "cd"), fact("e", "b", "cd")], [], "e",
         'Write: after="d"'),
        (["a>c", "d>c"], [fact("c", "a"), fact("c", "e", "f"), fact("c", "b", "f")], [], "c", 'Write: after=["a", "d", "f"]'),
    ],
    ids=["label", "labels", "label and name", "nearest", "data", "fewest", "last", "not refuted"],
)  # fmt: skip
def test_the_cure(arrows: list[str], facts: list[Fact], calls: list[str], target: str, cure: str) -> None:
    """The fewest names, labels kept; of as few, the one that hands data over, then the nearest; what only nothing shows stays."""
    data = [Call(source=call[0], target=call[-1], kind="data") for call in calls]
    found = errors(declared(*arrows, calls=data), evidence_of(*facts))
    assert {cure} == {finding.cure for finding in found if finding.target == target}


def test_a_circle_over_two_proposals_names_the_one_that_closes_it() -> None:
    """Where only what is proposed elsewhere leads back, nobody is told that the step leads there already."""
    facts = (fact("c", "a"), fact("d", "a"), fact("d", "c", "", "a"), fact("c", "d", "", "a"))
    found = {finding.arrow: finding for finding in errors(declared("a>c", "a>d"), evidence_of(*facts))}
    assert "what is proposed for c leads from d to c" not in found["d -> c"].cure
    assert "Write no after= for it: what is proposed for c leads from d to c, and arrows" in found["c -> d"].cure


def test_what_shows_only_later_is_reported_at_once() -> None:
    """A path that goes with a refuted arrow is missed by the data along it, which is said and mended with the same step."""
    of = declared("a>b", "a>c", "b>c", "c>d", calls=[Call(source="b", target="d", kind="data")])
    evidence = evidence_of(fact("c", "a"), fact("b", "a", "c"), fact("d", "a", "bc"))
    found = errors(of, evidence)
    assert {"c": ("a",), "d": ("c", "b")} == wishes(found)
    assert found[-1].seen.endswith("This shows once other arrows of the flow are mended.")
    assert [] == errors(with_after(of, wishes(found)), evidence)


def test_what_a_mock_excuses_only_until_others_are_written_is_reported_at_once() -> None:
    """Once an arrow leads to the replaced step, its test accuses; that is said before anything is written."""
    masked = fact("f", "d")
    evidence = replace(evidence_of(fact("f", "a"), fact("e", "f"), masked), replaced={masked: frozenset("e")})
    of = declared("a>f", "e>d")
    found = errors(of, evidence)
    assert {"f -> e": ("f",), "d -> f": None} == {finding.arrow: finding.after for finding in found}
    assert ["d -> f"] == [finding.arrow for finding in errors(with_after(of, wishes(found)), evidence)]


def no_longer_seen(evidence: Evidence, source: str, target: str) -> Evidence:
    """Return evidence of which an earlier recording had shown one arrow more."""
    last = {("f", source, target): LastSeen("2026-11-20", "", "call")}
    return replace(evidence, history=History(last_seen=last))


def test_an_arrow_that_is_only_missed_stays_beside_a_proposal() -> None:
    """What another finding proposes for the same step keeps the name of a call that may come back."""
    facts = (fact("d", "a"), fact("c", "a", "d"), fact("e", "a", "dc"))
    of = declared("a>c", "a>d", "a>e", "c>d", "e>d")
    found = errors(of, no_longer_seen(evidence_of(*facts), "c", "d"))
    assert {"c -> d": None, "e -> d": ("a", "c")} == {finding.arrow: finding.after for finding in found}


def test_a_call_that_was_turned_round_is_not_only_missed() -> None:
    """The arrow that is no longer seen goes where the runs show the opposite one, or both would be a circle."""
    evidence = no_longer_seen(evidence_of(fact("d", "a"), fact("c", "d", "", "a")), "c", "d")
    of = declared("a>c", "a>d", "c>d")
    after = with_after(of, wishes(errors(of, evidence)))
    assert not has_circle(after)
    assert [] == [finding.arrow for finding in errors(after, evidence) if finding.code == "undeclared"]


def test_an_arrow_to_an_entrypoint_that_leads_the_wrong_way() -> None:
    """Where runs show that the entrypoint comes first, the arrow back to it goes, and the right one is written."""
    of, evidence = declared("c>a", "b>c"), evidence_of(fact("c", "a"), fact("c", "b"))
    found = errors(of, evidence)
    assert {"c": ("b", "a"), "a": ()} == wishes(found)
    assert "The runs show that c comes after a." == found[-1].seen
    assert [] == errors(with_after(of, wishes(found)), evidence)
    assert 1 == len(group_by_cause(with_causes(found, [of])))


def test_an_entrypoint_that_a_step_calls_is_a_step_besides() -> None:
    """The mark of an entrypoint takes no ``after=``, so a second one is proposed; with one, it is that which changes."""
    facts = (fact("c", "a"), fact("b", "c", "", "a"))
    bare = errors(declared("a>c"), evidence_of(*facts))
    assert [("b", ("c",))] == [(finding.target, finding.after) for finding in bare]
    assert bare[0].cure.startswith('Write below the mark of its entrypoint: @step(after="c"')
    assert 'Write: after="c"' == errors(declared("a>c", "a>b"), evidence_of(*facts))[0].cure


def test_hundreds_of_steps_that_lack_their_arrows() -> None:
    """The search takes seconds, not minutes, where every step of a large flow has to be explained."""
    names = [f"s{number}" for number in range(300)]
    steps = (Step(name="a", entrypoint=True), *(Step(name=name) for name in names))
    facts = {
        Fact("f", Seen(name), Seen("a"), frozenset(map(Seen, names[at - 9 if at > 9 else 0 : at]))): 1
        for at, name in enumerate(names)
    }
    of = Flow(name="f", steps=steps)
    found = errors(of, Evidence(facts, {}, {("f", Seen("a")): 1}))
    assert {("a",)} == {finding.after for finding in found}
