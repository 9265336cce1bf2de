"""What Mermaid's own parser and layout make of the pictures of ``penstock diff``."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from penstock.check.diff.compare import compare
from penstock.check.diff.mermaid import diagram, mermaid
from penstock.manifest import Manifest
from penstock.model import Edge, Flow, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Draw = Callable[..., Any]

READ = """() => {
    const all = (selector, read) => [...document.querySelectorAll(selector)].map(read);
    const style = (node) => getComputedStyle(node);
    return {
        nodes: Object.fromEntries(all(".node", (node) => {
            const shape = style(node.querySelector("rect, path, polygon"));
            const text = node.querySelector(".nodeLabel");
            return [text.textContent, [shape.fill, shape.stroke, shape.strokeDasharray, style(text).color]];
        })),
        arrows: all(".edgePaths path", (path) => [style(path).stroke, style(path).strokeDasharray, path.getAttribute("class")]),
        labels: all(".edgeLabels .label", (node) => node.textContent).filter(Boolean),
    };
}"""

GREEN, RED, AMBER = "rgb(26, 127, 55)", "rgb(207, 34, 46)", "rgb(154, 103, 0)"


def flow(*names: str, **labels: str) -> Flow:
    """Return a chain of steps, some of whose arrows have labels."""
    edges = tuple(
        Edge(source=source, target=target, label=labels.get(f"to_{target}", "")) for source, target in pairwise(names)
    )
    return Flow(name="f", steps=tuple(Step(name=name) for name in names), edges=edges)


def picture(old: Flow, new: Flow) -> str:
    """Return the text of the picture of two flows."""
    return diagram(compare(Manifest(flows=(old,)), Manifest(flows=(new,))).flows[0])


@pytest.mark.parametrize("theme", ["default", "dark"])
def test_changes_have_their_colours_in_light_and_dark(draw: Draw, theme: str) -> None:
    """Boxes and arrows are green, red and dashed, or amber, whatever the theme; texts on them are dark."""
    text = picture(flow("a", "gone", "b", to_b="old"), flow("a", "new", "b", "c", to_c="x"))
    drawn = draw(text, READ, theme=theme)
    found = {name: style[1:3] for name, style in drawn["nodes"].items()}
    assert [GREEN, RED] == [found["+ new"][0], found["- gone"][0]]
    assert ["none", True] == [found["+ new"][1], found["- gone"][1] != "none"]
    assert ["rgb(15, 77, 33)", "rgb(130, 7, 30)"] == [drawn["nodes"][name][3] for name in ("+ new", "- gone")]
    assert [GREEN, GREEN, GREEN, RED, RED] == [stroke for stroke, _, _ in drawn["arrows"]]
    assert [False, False, False, True, True] == ["dotted" in names for _, _, names in drawn["arrows"]]


def test_what_an_arrow_was_stands_on_it(draw: Draw) -> None:
    """An arrow that changed is amber, with old and new label."""
    drawn = draw(picture(flow("a", "b", to_b="if x"), flow("a", "b", to_b="if y")), READ, theme="dark")
    assert ([AMBER], ["label if x → if y"]) == ([stroke for stroke, _, _ in drawn["arrows"]], drawn["labels"])


@pytest.mark.parametrize(
    "name",
    [
        "end",
        "added",
        "changed",
        "classDef x",
        "linkStyle 0",
        "a --> b",
        "a ==> b",
        '"; click',
        "- x",
        "<b>",
        "``` #35;",
        "%% x",
    ],
)
def test_any_name_is_drawn_as_it_is(draw: Draw, name: str) -> None:
    """Names that mean something to Mermaid stand in their boxes and on their arrows as they are."""
    old, new = flow("first", "last"), flow("first", name, "last", **{f"to_{name}": name})
    drawn = draw(picture(old, new), READ)
    assert {"first", "last", f"+ {name}"} == {*drawn["nodes"]}
    assert [name] == drawn["labels"]


@pytest.mark.parametrize("name", ["orders", "a\nb", "{x}", "%%{init: {}}%%"])
def test_each_picture_of_several_is_one(draw: Draw, name: str) -> None:
    """What `--format mermaid` writes is a valid text for each flow, also with its name above."""
    one = Flow(name=name, steps=(Step(name="a", entrypoint=True),))
    parts = mermaid(compare(Manifest(), Manifest(flows=(one, flow("x", "y"))))).split("\n\n")
    assert [["+ a"], ["+ x", "+ y"]] == sorted(sorted(draw(part, READ)["nodes"]) for part in parts)


def test_the_largest_picture_is_drawn(draw: Draw) -> None:
    """A flow with more arrows than Mermaid draws by default is cut down until it does."""
    names = [f"s{number}" for number in range(600)]
    old, new = flow(*names), flow(*names, to_s300="x")
    drawn = draw(picture(old, new), READ)
    assert {"s298", "s299", "s300", "s301"} == {*drawn["nodes"]}
