"""SVG: well-formed and harmless whatever the names are, linked, themed, readable without eyes."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import Edge, Flow, Step
from penstock.embed import assets
from penstock.render import Options, render, svg
from penstock.render.graphviz import layout
from penstock.render.wording import safe_url

if TYPE_CHECKING:
    from collections.abc import Mapping

pytest.importorskip("graphviz")

SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = {
    "quotes": "a\"b'c`d",
    "markup": "<b>&amp;</b>",
    "unclosed": "<b",
    "html label": "<<table>>",
    "cdata": "]]>",
    "comment": "<!--x-->",
    "entity": "&#60;&nbsp;&&",
    "script": "</text></svg><script>alert(1)</script>",
    "handler": '" onload="alert(1)',
    "javascript": "javascript:alert(1)",
    "dot": '"]; x [label="',
    "record": "{a|b}",
    "arrow": "a -> b --> c",
    "keyword": "end",
    "an id of ours": "s0",
    "escapes": "\\N \\G \\L\\n\\r",
    "backslashes": "C:\\dir\\name\\\\",
    "format": "%s %d {0} {name}",
    "emoji": "👩\u200d👧 🇩🇪",
    "chinese": "部品表を取得する",
    "combining": "e\u0301e\u0301",
    "long": "x" * 10_000,
}

CLEANED = {
    "controls": ("a\x00\x01\x1b[31mb", "a[31mb"),
    "newlines": ("a\n\tb\r\nc", "a b c"),
    "bidi": ("\u202eabc\u2066", "abc"),
    "lone surrogate": ("a\ud800b", "a\ufffdb"),
    "noncharacters": ("a\ufffe\uffff\ufdd0b", "a\ufffd\ufffd\ufffdb"),
    "spaces": ("  a   b  ", "a b"),
    "soft hyphen": ("a\u00adb", "ab"),
}

SEEN = {**{name: (text, text) for name, text in HOSTILE.items()}, **CLEANED}
"""Texts that break careless drawings, with what a reader should see of them."""


def drawn(
    flow: Flow, *, details: bool = True, links: Mapping[str, str] | None = None, standalone: bool = False
) -> ET.Element:
    """Return the drawing, parsed."""
    options = Options(details=details, links=links or {})
    (laid_out,) = layout.lay_out([flow], options)
    assert isinstance(laid_out, layout.Layout)
    return ET.fromstring(svg.draw(flow, laid_out, options, prefix="ps-f", standalone=standalone))


def texts(drawing: ET.Element, css: str) -> list[str]:
    """Return the texts of one class."""
    return [text.text or "" for text in drawing.iter(f"{SVG}text") if text.get("class") == css]


def everything_is(text: str) -> Flow:
    """Return a flow in which every text is the same."""
    return Flow(
        name=text,
        title=text,
        description=text,
        steps=(
            Step(name=text, title=text, docstring=text, trigger=text, effects=(text, text), entrypoint=True),
            Step(name="other", title=text),
        ),
        edges=(Edge(source=text, target="other", label=text),),
    )


@pytest.mark.parametrize("name", SEEN)
def test_any_text_is_drawn_as_it_is(name: str) -> None:
    """Names, triggers, effects and labels are seen letter by letter; invisible characters are left out."""
    text, seen = SEEN[name]
    drawing = drawn(everything_is(text))
    assert [seen, "other"] == texts(drawing, "ps-name")
    assert [seen] == [label.strip("\u00a0") for label in texts(drawing, "ps-label")]
    assert 3 <= texts(drawing, "ps-sub").count(seen)  # a trigger and two effects, and the title where it is short
    assert [seen] == texts(drawn(Flow(name="f", steps=(Step(name=text),)), details=False), "ps-name")


@pytest.mark.parametrize("name", SEEN)
def test_no_text_becomes_markup(name: str) -> None:
    """Nothing but shapes, texts, titles and links comes out, and nothing in them runs or leads astray."""
    text, _ = SEEN[name]
    drawing = drawn(everything_is(text), links={text: text, "other": f"other.html#{text}"}, standalone=True)
    allowed = {"svg", "style", "rect", "g", "a", "title", "text", "path", "polygon"}
    assert {element.tag for element in drawing.iter()} <= {SVG + tag for tag in allowed}
    attributes = {attribute for element in drawing.iter() for attribute in element.attrib}
    assert not [attribute for attribute in attributes if attribute.startswith("on")]
    links = [element.get("href", "") for element in drawing.iter(f"{SVG}a")]
    assert not [link for link in links if re.match(r"\s*(javascript|data|vbscript):", link)]
    idents = [element.get("id") for element in drawing.iter() if element.get("id")]
    assert len(idents) == len(set(idents))


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec=None), max_size=30), st.booleans())
def test_every_text_gives_good_xml(text: str, details: bool) -> None:
    """No text at all breaks the drawing."""
    drawing = drawn(everything_is(text or "x"), details=details, links={"other": text})
    assert 2 == len(texts(drawing, "ps-name"))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("steps.html#a", "steps.html#a"),
        ("#a", "#a"),
        ("../a/", "../a/"),
        ("https://example.org/?a=1&b=2", "https://example.org/?a=1&b=2"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("javascript:alert(1)", ""),
        ("JavaScript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        (" \x00javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("vbscript:x", ""),
        ("file:///etc/passwd", ""),
        ("a\ud800\uffffb", "ab"),
        ("", ""),
    ],
)
def test_links_lead_to_the_web_or_nowhere(url: str, safe: str) -> None:
    """Relative addresses and those of the web stay, all others go."""
    assert safe == safe_url(url)
    links = [element.get("href") for element in drawn(everything_is("x"), links={"x": url}).iter(f"{SVG}a")]
    assert ([safe] if safe else []) == links


def test_two_pictures_fit_into_one_page() -> None:
    """The ids of pictures of their own come from the flows' names, whatever letters these have."""
    pictures = [
        render(Flow(name=name, steps=(Step(name="a"),)), "svg", Options()) for name in ("a-b", "a b", "é", "日")
    ]
    idents = [ident for picture in pictures for ident in re.findall(r' id="([^"]*)"', str(picture))]
    assert (4, "ps-a-b-s0") == (len(set(idents)), idents[0])


def test_texts_stay_in_their_boxes_on_a_page_from_right_to_left() -> None:
    """Where a line of text begins is a matter of the page's direction, and a picture has its own."""
    assert "ltr" == drawn(everything_is("x")).get("direction")


def test_each_node_with_an_address_is_a_link() -> None:
    """A node links to its step and has an id of its own; one without an address is no link."""
    drawing = drawn(everything_is("start"), links={"start": "page.html#start"})
    (link,) = drawing.iter(f"{SVG}a")
    assert ("page.html#start", "ps-f-s0", "ps-node ps-entry") == (link.get("href"), link.get("id"), link.get("class"))
    assert ["ps-f-s1"] == [g.get("id") for g in drawing.iter(f"{SVG}g") if g.get("class") == "ps-node ps-step"]


def test_the_drawing_says_what_it_shows() -> None:
    """Its label names steps and arrows; nodes that are links stay reachable, so the role is a group."""
    drawing = drawn(everything_is("start"))
    expected = "Flow start: 2 steps. Starts at start (start). start leads to other (start)."
    assert ("group", expected) == (drawing.get("role"), drawing.get("aria-label"))


def test_the_description_keeps_the_order_of_names_from_right_to_left() -> None:
    """Names that run from right to left are isolated in what a drawing says, and others are as they are."""
    steps = (Step(name="קבלה", entrypoint=True, trigger="POST /הזמנות"), Step(name="בדיקה"), Step(name="pay"))
    edges = (Edge(source="קבלה", target="בדיקה", label="אם"), Edge(source="קבלה", target="pay"))
    expected = (
        "Flow \u2068תור\u2069: 3 steps. Starts at \u2068קבלה\u2069 (\u2068POST /הזמנות\u2069). "
        "\u2068קבלה\u2069 leads to \u2068בדיקה\u2069 (\u2068אם\u2069) and pay."
    )
    assert expected == drawn(Flow(name="תור", steps=steps, edges=edges)).get("aria-label")


LONG = "See whether the order can be paid, and whether all that is in the cart is still to be had in the shop of the customer."


@pytest.mark.parametrize("links", [{}, {"check": "#check"}], ids=["plain", "linked"])
@pytest.mark.parametrize(
    ("title", "steps", "tooltip"),
    [("See.", 1, None), ("See whether the order can be paid.", 1, None), (LONG, 1, LONG), ("See.", 16, "See.")],
    ids=["short", "two lines", "cut", "not drawn"],
)
def test_nodes_are_called_what_they_show(title: str, steps: int, tooltip: str | None, links: Mapping[str, str]) -> None:
    """A node has its step's name and is described by the title, which is written a second time where it is not drawn whole."""
    others = tuple(Step(name=f"step_{number}") for number in range(1, steps))
    drawing = drawn(Flow(name="f", steps=(Step(name="check", title=title), *others)), links=links)
    node = next(element for element in drawing.iter() if element.get("id") == "ps-f-s0")
    described = next(element for element in drawing.iter() if element.get("id") == node.get("aria-describedby"))
    assert (None if links else "check") == node.get("aria-label")
    assert title == (described.findtext(f"{SVG}title") or " ".join(" ".join(described.itertext()).split()))
    assert tooltip == node.findtext(f".//{SVG}title")


def test_a_link_holds_its_name_alone() -> None:
    """What describes a node is hidden from screen readers, so that its name is the name of the step and no title's."""
    flow = Flow(name="f", steps=tuple(Step(name=f"step_{number}", title=LONG) for number in range(4)))
    for link in drawn(flow, links={step.name: "#a" for step in flow.steps}).iter(f"{SVG}a"):
        shown = [part for part in link if part.get("aria-hidden") != "true" for part in part.iter()]
        assert ["step_"] == [(part.text or "").strip()[:5] for part in shown if (part.text or "").strip()]
        assert [] == [part for part in shown if part.tag == f"{SVG}title"]


@pytest.mark.parametrize("step", [Step(name="check"), Step(name="check", title="\u202e ")], ids=["none", "invisible"])
def test_a_node_without_a_title_is_called_by_its_text(step: Step) -> None:
    """Where nothing describes a step, its name is all that a node holds."""
    node = next(element for element in drawn(Flow(name="f", steps=(step,))).iter() if element.get("id") == "ps-f-s0")
    assert (None, None, None) == (node.get("aria-label"), node.get("aria-describedby"), node.find(f"{SVG}title"))
    assert "check" == "".join(node.itertext()).strip()


def test_marked_arrows_are_called_by_their_ends() -> None:
    """The words of a mark alone would not tell which arrow they are about."""
    flow = Flow(
        name="f", steps=(Step(name="a"), Step(name="b")), edges=(Edge(source="a", target="b", state="declared"),)
    )
    (arrow,) = (g for g in drawn(flow).iter(f"{SVG}g") if g.get("data-from"))
    assert ("group", "a → b") == (arrow.get("role"), arrow.get("aria-label"))


def test_the_description_can_be_given() -> None:
    """An author's own alternative text is used as it is."""
    flow, options = everything_is("x"), Options()
    (laid_out,) = layout.lay_out([flow], options)
    assert isinstance(laid_out, layout.Layout)
    drawing = ET.fromstring(svg.draw(flow, laid_out, options, prefix="p", alt='My "own" <words>'))
    assert 'My "own" <words>' == drawing.get("aria-label")


def test_details_can_be_left_out() -> None:
    """Without details there are the steps and arrows alone."""
    drawing = drawn(everything_is("x"), details=False)
    assert (["x", "other"], [], []) == tuple(texts(drawing, css) for css in ("ps-name", "ps-sub", "ps-label"))
    assert 1 == len([g for g in drawing.iter(f"{SVG}g") if g.get("class") == "ps-edge"])


def test_arrows_name_their_ends() -> None:
    """Scripts and tests can tell which arrow is which."""
    drawing = drawn(everything_is("x"))
    ends = [(g.get("data-from"), g.get("data-to")) for g in drawing.iter(f"{SVG}g") if g.get("data-from")]
    assert {("t0", "s0"), ("s0", "s1"), ("s0", "e0")} == set(ends)


def test_a_picture_of_its_own_has_paper_and_a_dark_variant() -> None:
    """A file has a background and follows the reader's theme; inlined, the page decides both."""
    alone, inlined = drawn(everything_is("x"), standalone=True), drawn(everything_is("x"))
    assert "prefers-color-scheme: dark" in (alone.findtext(f"{SVG}style") or "")
    assert 1 == len([rect for rect in alone.iter(f"{SVG}rect") if rect.get("class") == "ps-paper"])
    assert inlined.find(f"{SVG}style") is None
    assert not [rect for rect in inlined.iter(f"{SVG}rect") if rect.get("class") == "ps-paper"]


def test_a_wide_drawing_does_not_shrink_to_dust() -> None:
    """One unit is a pixel, and the drawing keeps its width, so that its frame scrolls."""
    drawing = drawn(Flow(name="f", steps=tuple(Step(name=f"step_number_{number}") for number in range(30))))
    width = float(drawing.get("width", "0"))
    assert 2000 < width
    assert drawing.get("viewBox", "").split()[2] == drawing.get("width")
    assert f"min-width:{round(width)}px" == drawing.get("style")


def test_texts_stand_apart_for_search() -> None:
    """White space is between any two texts, or an index would read them as one word."""
    flow, options = everything_is("word"), Options(details=True)
    (laid_out,) = layout.lay_out([flow], options)
    assert isinstance(laid_out, layout.Layout)
    stripped = re.sub(r"<[^>]+>", "", svg.draw(flow, laid_out, options, prefix="p"))
    assert {"word", "other"} == set(stripped.replace("\u00a0", " ").split())


def test_the_frame_scrolls_and_can_be_focused() -> None:
    """A wide diagram can be scrolled with the keyboard, and a screen reader knows what it is."""
    frame = ET.fromstring(assets.frame("<svg/>", 'Flow "x" & more'))
    assert ("0", "region", 'Flow "x" & more') == (frame.get("tabindex"), frame.get("role"), frame.get("aria-label"))
    assert "svg" == frame[0].tag


def test_the_style_sheet_loads_nothing() -> None:
    """No font and no picture comes from the network."""
    sheet = assets.stylesheet()
    assert ".ps-frame" in sheet
    assert not re.search(r"@import|url\(|https?:", sheet)


def test_every_class_of_the_drawing_is_styled() -> None:
    """What is drawn inlined follows the site's theme."""
    used = {name for element in drawn(everything_is("x")).iter() for name in (element.get("class") or "").split()}
    assert used - {"ps-node", "ps-step"} <= set(re.findall(r"\.(ps-[\w-]+)", assets.stylesheet()))


def wide(*, effects: bool) -> Flow:
    """Return a flow with five steps beside each other, each with an effect."""
    names = [f"work_{number}" for number in range(5)]
    steps = (
        Step(name="begin", entrypoint=True),
        *(Step(name=name, effects=("database:table",) * effects) for name in names),
    )
    return Flow(name="wide", steps=steps, edges=tuple(Edge(source="begin", target=name) for name in names))


def laid_out(flow: Flow, options: Options) -> layout.Layout:
    """Return the layout of a flow."""
    (result,) = layout.lay_out([flow], options)
    assert isinstance(result, layout.Layout)
    return result


def test_a_drawing_too_wide_for_a_page_has_its_effects_inside() -> None:
    """Effects beside the steps make a drawing wide; inside, it fits the column, and no text is smaller."""
    options = Options(details=True)
    folded = laid_out(wide(effects=True), options)
    assert folded.folded
    assert folded.width < layout.COLUMN_WIDTH
    drawing = drawn(wide(effects=True))
    assert 5 == texts(drawing, "ps-sub").count("database:table")
    assert {"13", "11"} == {text.get("font-size") for text in drawing.iter(f"{SVG}text")}
    assert not [group for group in drawing.iter(f"{SVG}g") if group.get("class") == "ps-node ps-io"]


def test_a_drawing_that_folding_does_not_help_stays() -> None:
    """Names alone cannot be folded."""
    assert not laid_out(wide(effects=False), Options(details=True)).folded
    assert not laid_out(wide(effects=True), Options(details=False)).folded


def fan_of(count: int) -> Flow:
    """Return a flow whose entrypoint leads to so many steps."""
    names = [f"work_on_part_{number}" for number in range(count)]
    steps = (Step(name="begin", entrypoint=True), *(Step(name=name) for name in names))
    return Flow(name="fan", steps=steps, edges=tuple(Edge(source="begin", target=name) for name in names))


def test_a_wide_drawing_is_turned_where_the_page_leaves_it_open() -> None:
    """Many steps beside each other are listed below each other, unless a direction was asked for."""
    asked, open_ = (laid_out(fan_of(8), Options(details=True, flexible=flexible)) for flexible in (False, True))
    assert open_.width < layout.COLUMN_WIDTH < asked.width


def test_a_drawing_is_not_turned_if_that_is_no_help() -> None:
    """A drawing that is too wide both ways runs down, as usual."""
    names = [f"step_number_{number}" for number in range(8)]
    chain = tuple(Edge(source=source, target=target) for source, target in pairwise(names))
    both = Flow(name="both", steps=(*fan_of(8).steps, *map(named, names)), edges=(*fan_of(8).edges, *chain))
    assert laid_out(both, Options(details=True, flexible=True)).text == laid_out(both, Options(details=True)).text


def named(name: str) -> Step:
    """Return a step."""
    return Step(name=name)
