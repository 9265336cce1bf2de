"""Coverage claims nothing that did not happen: recorded runs, compared with what each call saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import flow, get_flow, observing
from penstock.check.coverage.report import cover
from penstock.observers.evidence import EvidenceObserver
from penstock.testing import empty_registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.observers import StepEvent

NAMES = "abcde"
EDGES = [("a", "b"), ("a", "c"), ("b", "c"), ("b", "d"), ("c", "d"), ("c", "e"), ("d", "e")]
ALL_PATHS = ["abce", "abcde", "abde", "ace", "acde"]

plans: st.SearchStrategy[Any] = st.recursive(
    st.tuples(st.sampled_from(NAMES[1:]), st.just([])),
    lambda inner: st.tuples(st.sampled_from(NAMES[1:]), st.lists(inner, max_size=3)),
    max_leaves=6,
)
tests = st.lists(st.lists(st.lists(plans, max_size=4), min_size=1, max_size=3), min_size=1, max_size=3)


class Call(NamedTuple):
    """A call of a step, the calls that have ended in it, the paths that led to it, and the steps right before it."""

    name: str
    ended: list[Call]
    paths: set[str]
    sources: set[str]


class Application:
    """Steps that call each other as planned, and know what led to them."""

    def __init__(self) -> None:
        self.around: list[Call] = []
        self.true_paths: set[str] = set()
        self.true_pairs: dict[str, set[str]] = {}
        self.test = ""
        orders = flow("orders")
        self.steps = {"a": orders.entrypoint(self.step_named("a"))}
        for name in NAMES[1:]:
            after = [source for source, target in EDGES if target == name]
            self.steps[name] = orders.step(after=after)(self.step_named(name))

    def step_named(self, name: str) -> Callable[[list[Any]], None]:
        """Return a step that makes the planned calls."""

        def step(planned: list[Any]) -> None:
            other = next((call for call in reversed(self.around) if call.name != name), None)
            near = [other, *other.ended] if other else []
            leading = [call for call in near if (call.name, name) in EDGES]
            paths = {"a"} if name == "a" else {path + name for call in leading for path in call.paths}
            self.true_paths |= paths
            pairs = {source + call.name + name for call in leading for source in call.sources}
            self.true_pairs.setdefault(self.test, set()).update(pairs)
            call = Call(name, [], paths, {call.name for call in leading})
            self.around.append(call)
            for inner_name, inner_planned in planned:
                self.steps[inner_name](inner_planned)
            self.around.pop()
            for outer in self.around:
                outer.ended.append(call)

        step.__name__ = step.__qualname__ = name
        return step


class TestObserver(EvidenceObserver):
    """A recorder that is told which test runs."""

    __test__ = False

    def __init__(self, application: Application) -> None:
        super().__init__()
        self.application = application

    def find_test(self, _event: StepEvent) -> str:
        """Return the test that runs."""
        return self.application.test


@settings(max_examples=60, deadline=None)
@given(tests)
def test_what_is_covered_was_taken(planned: list[Any]) -> None:
    """A path, a pair of arrows or an arrow that counts as taken was taken by a run of each test that is named."""
    with empty_registry():
        application = Application()
        observer = TestObserver(application)
        with observing(observer):
            for number, runs in enumerate(planned):
                application.test = f"test_{number}"
                for run in runs:
                    application.steps["a"](run)
        coverage = cover(get_flow("orders"), observer.evidence(), 100)

    untested = {"".join(path) for path in coverage.untested_paths}
    assert set(ALL_PATHS) - untested <= application.true_paths
    assert len(ALL_PATHS) - len(untested) == coverage.paths.covered
    assert [] == [
        pair
        for pair in coverage.pairs
        for test in pair.tests
        if "".join(pair.steps) not in application.true_pairs[test]
    ]
