"""Parts of a flow, and coarser views of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from penstock import entrypoint, flow, generate_dag, step
from penstock.errors import RenderError, UnknownNameError, UnknownStepError
from penstock.model import Edge, EvidenceSummary, Flow, Step
from penstock.render import FORMATS
from penstock.render.excerpt import Part, take_part

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = Flow(
    name="orders",
    steps=(
        Step(name="receive", module="shop.web", entrypoint=True, trigger="POST /orders"),
        Step(name="check", module="shop.desk"),
        Step(name="charge", module="shop.desk", effects=("db:payments",)),
        Step(name="refuse", module="shop.desk"),
        Step(name="ship", module="depot.desk", effects=("kafka:parcels",)),
    ),
    edges=(
        Edge(source="receive", target="check"),
        Edge(source="check", target="charge", label="if valid"),
        Edge(source="check", target="refuse", label="else"),
        Edge(source="charge", target="ship", state="never-seen", note="ship never runs after charge."),
    ),
)


def names(part: Part) -> list[str]:
    """Return the steps of a part of the orders."""
    return [step.name for step in take_part(ORDERS, part)[0].steps]


@pytest.mark.parametrize(
    ("part", "steps", "note"),
    [
        (Part(), ["receive", "check", "charge", "refuse", "ship"], ""),
        (Part(focus="charge"), ["receive", "check", "charge", "ship"], "1 of 5 steps left out."),
        (Part(focus="charge", depth=1), ["check", "charge", "ship"], "2 of 5 steps left out."),
        (Part(focus="charge", depth=0), ["charge"], "4 of 5 steps left out."),
        (Part(depth=1), ["receive", "check"], "3 of 5 steps left out."),
        (Part(depth=9), ["receive", "check", "charge", "refuse", "ship"], ""),
    ],
)
def test_a_part_has_what_is_near(part: Part, steps: list[str], note: str) -> None:
    """A focus has what leads to it and what it leads to; a depth counts edges; and the note counts what is missing."""
    smaller, said = take_part(ORDERS, part)
    assert (steps, note) == ([step.name for step in smaller.steps], said)
    assert {end for edge in smaller.edges for end in (edge.source, edge.target)} <= set(steps)


def test_a_flow_without_entrypoint_is_counted_from_its_first_step() -> None:
    """A depth has to begin somewhere."""
    headless = Flow(name="f", steps=(Step(name="a"), Step(name="b")), edges=(Edge(source="a", target="b"),))
    assert ["a"] == [step.name for step in take_part(headless, Part(depth=0))[0].steps]


def test_a_circle_is_left_again() -> None:
    """Edges that lead back do not count forever."""
    ring = Flow(
        name="f",
        steps=(Step(name="a", entrypoint=True), Step(name="b")),
        edges=(Edge(source="a", target="b"), Edge(source="b", target="a")),
    )
    assert "" == take_part(ring, Part(focus="b"))[1]


def test_modules_are_one_box_each() -> None:
    """A box has the steps of its module, their effects and triggers; equal names of modules get longer."""
    smaller, note = take_part(ORDERS, Part(collapse="module"))
    assert ["web", "shop.desk", "depot.desk"] == [step.name for step in smaller.steps]
    assert "5 steps in 3 modules." == note
    assert "check, charge, refuse" == smaller.step("shop.desk").title
    assert (("db:payments",), True) == (smaller.step("shop.desk").effects, smaller.step("web").entrypoint)


def test_a_collapsed_edge_hides_no_fault() -> None:
    """An edge between two boxes is as doubtful as the most doubtful in it, and says which that is."""
    [_, edge] = take_part(ORDERS, Part(collapse="module"))[0].edges
    assert ("never-seen", "charge → ship: ship never runs after charge.") == (edge.state, edge.note)


def untested(*numbers: int, tests: int = 1) -> Flow:
    """Return the orders, whose edges with some numbers are taken by no test."""
    edges = (replace(edge, untested=number in numbers) for number, edge in enumerate(ORDERS.edges))
    return replace(ORDERS, edges=tuple(edges), evidence=EvidenceSummary(tests=tests))


@pytest.mark.parametrize(
    ("orders", "states", "note"),
    [
        (untested(1, 3), ["", "untested", "", "never-seen"], "2 of 4 arrows are taken by no test."),
        (untested(0, tests=0), ["untested", "", "", "never-seen"], "1 of 4 arrows is taken by no test."),
        (untested(), ["", "", "", "never-seen"], "Tests take all arrows."),
        (
            untested(tests=0),
            ["", "", "", "never-seen"],
            "The evidence does not say which test took an arrow: pytest --penstock",
        ),
    ],
)
def test_arrows_that_no_test_takes(orders: Flow, states: list[str], note: str) -> None:
    """They are marked unless something worse is known of them; a note counts all, or says that nothing is known."""
    drawn, said = take_part(orders, Part(untested=True))
    assert (states, note) == ([edge.state for edge in drawn.edges], said)
    assert (orders, "") == take_part(orders, Part())


def test_a_box_of_steps_is_untested_only_as_a_whole() -> None:
    """An arrow between two modules is taken if a test takes any of those that it stands for."""
    edges = (Edge(source="check", target="ship", untested=True), Edge(source="refuse", target="ship"))
    orders = replace(ORDERS, edges=edges, evidence=EvidenceSummary(tests=1))
    part = Part(collapse="module", untested=True)
    assert ("", "untested") == (
        take_part(orders, part)[0].edges[0].state,
        take_part(replace(orders, edges=edges[:1]), part)[0].edges[0].state,
    )


@pytest.mark.parametrize(
    ("part", "error", "text"),
    [
        (Part(focus="chrage"), UnknownStepError, "Did you mean 'charge'?"),
        (Part(collapse="modul"), UnknownNameError, "Did you mean 'module'?"),
        (Part(depth=-1), RenderError, "a depth counts edges, so it is 0 or more, not -1"),
    ],
)
def test_a_part_that_is_not_there_is_an_error(part: Part, error: type[Exception], text: str) -> None:
    """The error names what is wrong, and what was probably meant."""
    with pytest.raises(error, match=text.replace("?", r"\?")):
        take_part(ORDERS, part)


@pytest.fixture
def loans() -> None:
    """Declare a flow of two steps."""

    @flow("loans")
    @entrypoint
    def ask() -> None: ...

    @flow("loans")
    @step(after="ask")
    def lend() -> None: ...


@pytest.mark.usefixtures("loans")
@pytest.mark.parametrize("kind", [name for name, kind in FORMATS.items() if not kind.binary and name != "json"])
def test_each_format_says_what_is_left_out(kind: str) -> None:
    """A reader of a part is told that it is one."""
    assert "1 of 2 steps left out." in generate_dag("loans", kind, depth=0)
    assert "left out" not in generate_dag("loans", kind)


@pytest.mark.usefixtures("loans")
def test_a_png_has_room_for_the_note(tmp_path: Path) -> None:
    """A picture of a part is higher than its boxes."""
    from PIL import Image

    generate_dag("loans", "png", tmp_path / "part.png", depth=0)
    with Image.open(tmp_path / "part.png") as part:
        assert part.height > 2 * 36  # pixels of the box, at two dots each
