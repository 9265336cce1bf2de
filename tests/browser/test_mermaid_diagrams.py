"""What Mermaid's own parser and layout make of the text that the renderer writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.model import Edge, Flow, Step
from penstock.render import mermaid
from penstock.render.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Drawn = Callable[..., "Drawing"]

READ = """() => {
    const texts = (selector) => [...document.querySelectorAll(selector)].map((node) => node.textContent);
    const ends = [...document.querySelectorAll(".edgePaths path")].map((path) => path.id);
    const links = [...document.querySelectorAll("svg a")].map((a) => a.getAttribute("xlink:href"));
    const tips = [...document.querySelectorAll(".node[title]")].map((node) => node.getAttribute("title"));
    return [texts(".nodeLabel"), texts(".edgeLabels .label").filter(Boolean), ends.length, links, tips];
}"""


class Drawing(NamedTuple):
    """What stands in the picture."""

    nodes: list[str]
    labels: list[str]
    arrows: int
    links: list[str]
    tips: list[str]


@pytest.fixture(scope="module")
def drawn(draw: Callable[..., Any]) -> Drawn:
    """Let Mermaid draw a flow; raises where it refuses the text."""

    def run(flow: Flow, *, theme: str = "default", **options: Any) -> Drawing:
        return Drawing(*draw(mermaid.render(flow, Options(**options)), READ, theme=theme))

    return run


def ring(*names: str) -> Flow:
    """Return a flow with an arrow from each step to the next and from the last to the first, names on the arrows."""
    pairs = zip(names, (*names[1:], names[0]), strict=True)
    edges = tuple(Edge(source=source, target=target, label=target) for source, target in pairs)
    return Flow(name="ring", steps=tuple(Step(name=name) for name in names), edges=edges)


WORDS = """
    end graph subgraph style class classDef linkStyle flowchart click call href default direction interpolate
    _self _blank _parent _top TB TD LR RL BT BR v x o o1 x1 ox elk accTitle accDescr title state root node edge
    end_of_day graph_x subgraph1 style_it class_a classDef_b linkStyle2 flowchart_x click_me call_me href_x default_x
    direction_x interpolate_y _self_a _blank_b x_ray o_ring v_1 the_end sub-graph flowchart-elk End END Graph
    constructor toString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString __proto__
    __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ prototype then
    n0 n1 n7 io0 io1 N0 n_0 _ __ _private __init__ __call__ _x_ a__b 1 1a 42 a-b a--b a.b a..b a-.b a==b a:b a::b
    """.split()  # noqa: SIM905 - a word a line reads worse

TEXTS = [
    '"; click n0 href "javascript:alert(1)"',
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<br/>",
    "#35;",
    "&amp;",
    "&lt;b&gt;",
    "`code`",
    "``",
    "%%",
    "%% comment",
    "%%{init: {'theme': 'dark'}}%%",
    "---",
    "===",
    "- item",
    "* item",
    "+ item",
    "1. first",
    "2) second",
    "# heading",
    "> quote",
    "*a* **b** _c_ ~~d~~",
    "[text](https://example.org)",
    "![image](x.png)",
    "https://example.org/a_b?c=d&e=f#g",
    "www.example.org",
    "mail a@b.co",
    "a@{ shape: circle }",
    "fa:fa-ban",
    "$$x^2$$",
    r"a\nb",
    r"C:\temp",
    "direction LR",
    "in direction TB",
    "style a:b#35;",
    "classDef x:#fff;",
    "a --> b",
    "a -- text --> b",
    "a | b",
    "a & b",
    "a; b",
    "]",
    "})",
    "((x))",
    "[/x/]",
    "accTitle: x",
    "subgraph x",
    "end end",
    "受注を検証する",
    "مرحبا",
    "👩‍🚀 lift-off",
    "naïve café",
    "100 %",
    "C#",
    "it's",
    "a < b && c > d",
    "if paid",
]

UNSEEN = [
    ("", "''"),
    ("   ", "'   '"),
    ("\u200b", r"'\u200b'"),
    ("two\nlines", "two lines"),
    ("bell\x07", "bell"),
    ("\x1b[31mred", "[31mred"),
    ("\u202eabc", "abc"),
    ("half \ud800", "half \ufffd"),
    ("not\uffff", "not\ufffd"),
    ("line\u2028break", "line break"),
    ("ﬂ°°35¶ß", "ﬂ\u2060°°35¶\u2060ß"),
]


@pytest.mark.parametrize("name", [*WORDS, *TEXTS])
def test_any_name_is_drawn_as_it_is(drawn: Drawn, name: str) -> None:
    """Every name stands in its own node and on its arrow exactly as written, whatever it means to Mermaid."""
    drawing = drawn(ring("first", name, "last"))

    assert sorted(["first", name, "last"]) == sorted(drawing.nodes)
    assert 3 == drawing.arrows
    assert sorted(["first", name, "last"]) == sorted(drawn(ring("first", name, "last"), details=True).labels)


@pytest.mark.parametrize(("name", "shown"), UNSEEN)
def test_invisible_characters_are_not_drawn(drawn: Drawn, name: str, shown: str) -> None:
    """A name is drawn on one line without characters that nobody sees, and a name of nothing else is spelled out."""
    assert sorted(["first", shown]) == sorted(drawn(ring("first", name)).nodes)


def test_all_names_live_together(drawn: Drawn) -> None:
    """No name takes another one's node, however many hostile ones there are."""
    names = [*WORDS, *TEXTS]
    drawing = drawn(ring(*names))

    assert sorted(names) == sorted(drawing.nodes)
    assert len(names) == drawing.arrows


def test_lone_steps_are_drawn(drawn: Drawn) -> None:
    """A step that no arrow touches has its node all the same."""
    steps = tuple(Step(name=name) for name in ("alone", "end", "x"))

    assert ["alone", "end", "x"] == drawn(Flow(name="lone", steps=steps)).nodes


def test_an_empty_flow_is_drawn(drawn: Drawn) -> None:
    """A flow without steps is an empty picture, not an error."""
    assert [] == drawn(Flow(name="empty")).nodes


printable = st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs")), max_size=12)
names_of_all_kinds = printable.map(lambda text: f"a{' '.join(text.split())}b")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(names_of_all_kinds, min_size=2, max_size=12, unique=True))
def test_random_names_are_drawn_as_they_are(drawn: Drawn, names: list[str]) -> None:
    """Any mixture of letters, marks, digits, punctuation, symbols and spaces is drawn as it is."""
    drawing = drawn(ring(*names))

    assert sorted(names) == sorted(drawing.nodes)
    assert sorted(names) == sorted(drawn(ring(*names), details=True).labels)


@pytest.mark.parametrize("theme", ["default", "dark"])
@pytest.mark.parametrize("text", TEXTS)
def test_details_are_drawn_as_they_are(drawn: Drawn, text: str, theme: str) -> None:
    """Titles, triggers and effects are drawn as written, each trigger or effect once."""
    steps = (
        Step(name="start", title=text, trigger=text, entrypoint=True),
        Step(name=f"style {text}", effects=(text, "disk")),
        Step(name="end", effects=("disk",)),
    )
    drawing = drawn(Flow(name="f", steps=steps), theme=theme, details=True)

    assert [f"start{text}", f"style {text}", "end", text, "disk"] == drawing.nodes
    assert 4 == drawing.arrows


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.org/a?b=c&d=e#f", "https://example.org/a?b=c&d=e#f"),
        ("steps.html#style:one;two", "steps.html#style:one;two"),
        ("../a b/", "../ab/"),
        ("#fragment", "#fragment"),
        ('/"><script>', '/"><script>'),
        ("steps/été.html", "steps/été.html"),
        ("javascript%3Aalert(1)", "./javascript:alert(1)"),
        ("javascript&colon;alert(1)", "./javascript&colon;alert(1)"),
        ("/%%{init: {}}%%", "/%%%7Binit:%7B%7D%7D%%"),
    ],
)
def test_links_lead_where_they_should(drawn: Drawn, url: str, target: str) -> None:
    """A step's node leads to its address, quoted where Mermaid needs it, and shows the signature."""
    flow = Flow(name="f", steps=(Step(name="pay", signature='(how: str = "card") -> None'),))
    drawing = drawn(flow, details=True, links={"pay": url})

    assert [target] == drawing.links
    assert drawing.tips in (['pay(how: str = "card") -> None'], [])
    assert ["pay"] == drawing.nodes


@pytest.mark.parametrize("url", ["javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "JAVASCRIPT:1"])
def test_links_that_run_code_are_dropped(drawn: Drawn, url: str) -> None:
    """An address that is neither relative nor of the web makes no link."""
    drawing = drawn(Flow(name="f", steps=(Step(name="pay"),)), details=True, links={"pay": url})

    assert ([], ["pay"]) == (drawing.links, drawing.nodes)
