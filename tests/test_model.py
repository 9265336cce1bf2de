"""Flows as values: order, paths, and the questions one asks of them."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import Edge, Flow, Problem, Step, flow, get_flow
from penstock.errors import UnknownStepError
from penstock.testing import empty_registry

if TYPE_CHECKING:
    import random

Pairs = list[tuple[int, int]]


def flow_of(count: int, pairs: Pairs, entrypoints: int = 1) -> Flow:
    """Return a flow of numbered steps, the first of which are entrypoints."""
    return Flow(
        name="f",
        steps=tuple(Step(name=str(number), entrypoint=number < entrypoints) for number in range(count)),
        edges=tuple(Edge(source=str(source), target=str(target)) for source, target in pairs),
    )


def ladder(diamonds: int) -> Flow:
    """Return diamonds in a row: each doubles the paths."""
    pairs = []
    for top in range(0, 3 * diamonds, 3):
        pairs += [(top, top + 1), (top, top + 2), (top + 1, top + 3), (top + 2, top + 3)]
    return flow_of(3 * diamonds + 1, pairs)


graphs = st.integers(1, 9).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=16, unique=True),
        st.integers(0, count),
    )
)


@given(graphs)
def test_paths_are_counted_without_walking_them(graph: tuple[int, Pairs, int]) -> None:
    """On any graph, cyclic ones too, path_count says how many paths there are, and no path comes twice."""
    found = flow_of(*graph)
    paths = list(found.paths())
    assert len(paths) == found.path_count
    assert len(paths) == len(set(paths))


@given(graphs)
def test_paths_follow_the_arrows(graph: tuple[int, Pairs, int]) -> None:
    """Each path starts at an entrypoint, goes along arrows, and visits no step twice."""
    found = flow_of(*graph)
    arrows = {(edge.source, edge.target) for edge in found.edges}
    for path in found.paths():
        assert found.step(path[0]).entrypoint
        assert set(itertools.pairwise(path)) <= arrows
        assert len(path) == len(set(path))


@given(graphs)
def test_every_entrypoint_has_a_path(graph: tuple[int, Pairs, int]) -> None:
    """No entrypoint is without a path, be it alone or in a circle."""
    found = flow_of(*graph)
    assert {step.name for step in found.entrypoints} == {path[0] for path in found.paths()}


def test_paths_in_a_diamond() -> None:
    """Two ways lead through a diamond, in the order of the arrows."""
    assert [("0", "1", "3"), ("0", "2", "3")] == list(ladder(1).paths())


def test_a_ladder_of_sixty_diamonds() -> None:
    """2^60 paths are counted, and the first of them found; to go through them would never end."""
    found = ladder(60)
    assert 2**60 == found.path_count
    assert 121 == len(next(found.paths()))


def test_a_chain_of_five_thousand_steps() -> None:
    """Length is no matter: nothing recurses."""
    chain = flow_of(5000, [(number, number + 1) for number in range(4999)])
    assert 1 == chain.path_count
    assert 5000 == len(next(chain.paths()))


def test_the_same_arrow_twice_is_one_way() -> None:
    """Two arrows with different labels between two steps make one path."""
    edges = (Edge(source="0", target="1", label="if paid"), Edge(source="0", target="1", label="if free"))
    found = dataclasses.replace(flow_of(2, []), edges=edges)
    assert [("0", "1")] == list(found.paths())
    assert 2 == len(found.edges_from("0")) == len(found.edges_into("1"))


def test_a_flow_without_steps() -> None:
    """Nothing is there, and nothing fails."""
    empty = Flow(name="f")
    assert ((), [], 0) == (empty.entrypoints, list(empty.paths()), empty.path_count)


def test_asking_for_steps_and_arrows() -> None:
    """Steps are found by name, arrows by their ends; an unknown name is an error with near names."""
    found = ladder(1)
    assert found.steps[2] is found.step("2")
    assert (["0"], ["3"]) == ([e.source for e in found.edges_into("2")], [e.target for e in found.edges_from("2")])
    with pytest.raises(UnknownStepError, match=r"there is no step '33'\. Did you mean '3'\?"):
        found.step("33")


@pytest.mark.parametrize("ask", [Flow.edges_into, Flow.edges_from, Flow.step])
def test_an_unknown_step_is_the_same_error_everywhere(ask: object) -> None:
    """Whatever is asked about a step that is not there, the error is UnknownStepError."""
    with pytest.raises(UnknownStepError):
        ask(ladder(1), "nobody")  # type: ignore[operator]


@pytest.mark.parametrize(
    "value", [ladder(1), Step(name="a"), Edge(source="a", target="b"), Problem(code="c", message="m")]
)
def test_values_are_values(value: object) -> None:
    """They are frozen, equal by content, hashable, and survive pickling and copying."""
    for twin in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value)):
        assert (value, hash(value)) == (twin, hash(twin))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, "other")  # type: ignore[arg-type]


def test_equality_does_not_depend_on_what_was_asked() -> None:
    """A flow whose paths were counted equals one whose paths were not."""
    asked, fresh = ladder(2), ladder(2)
    assert 4 == asked.path_count
    assert asked == fresh
    assert hash(asked) == hash(fresh)


@pytest.mark.parametrize(
    ("file", "line", "shown"), [("a.py", 3, "a.py:3: m"), ("a.py", 0, "a.py: m"), ("", 3, "m"), ("", 0, "m")]
)
def test_a_problem_shows_its_place_as_far_as_it_is_known(file: str, line: int, shown: str) -> None:
    """File and line, file alone, or nothing stand before the message."""
    assert shown == str(Problem(code="c", message="m", file=file, line=line))


def test_full_names() -> None:
    """A flow of a service carries the service's name before its own."""
    assert ("f", "s/f") == (Flow(name="f").full_name, Flow(name="f", service="s").full_name)


dags = st.integers(2, 9).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.lists(
            st.tuples(st.integers(0, count - 2), st.integers(1, count - 1)).filter(lambda pair: pair[0] < pair[1]),
            max_size=16,
            unique=True,
        ),
        st.randoms(use_true_random=False),
    )
)


def declared(count: int, pairs: Pairs, shuffled: list[int]) -> Flow:
    """Declare steps in some order, with names that say nothing of their place, and return the flow."""
    with empty_registry():
        for number in shuffled:
            before = [f"s{source * 7 % count}_{source}" for source, target in pairs if target == number]
            f = flow("f")
            mark = f.step(after=before, name=f"s{number * 7 % count}_{number}") if number else f.entrypoint(name="s0_0")
            mark(lambda: None)
        return get_flow("f")


@given(dags)
def test_steps_stand_in_flow_order(dag: tuple[int, Pairs, random.Random]) -> None:
    """On any graph without circles every arrow points forward, and the arrows stand in the order of the steps."""
    count, pairs, shuffle = dag
    order = list(range(count))
    shuffle.shuffle(order)
    found = declared(count, pairs, order)
    position = {step.name: index for index, step in enumerate(found.steps)}
    ends = [(position[edge.source], position[edge.target]) for edge in found.edges]
    assert all(source < target for source, target in ends)
    assert sorted(ends) == ends
    assert len(pairs) == len(ends)


@given(dags)
def test_the_order_of_declarations_does_not_matter(dag: tuple[int, Pairs, random.Random]) -> None:
    """Steps declared in any order give the same order of steps and arrows."""
    count, pairs, shuffle = dag
    order = list(range(count))
    expected = declared(count, pairs, order)
    shuffle.shuffle(order)
    found = declared(count, pairs, order)
    assert [step.name for step in expected.steps] == [step.name for step in found.steps]
    assert expected.edges == found.edges
