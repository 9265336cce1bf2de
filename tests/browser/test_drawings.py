"""What a reader has of a drawing, whatever the flow, its direction and the rules of a theme are."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from penstock import Edge, Flow, Step
from penstock.embed import assets
from penstock.embed.opening import locate_start
from penstock.render import Options, svg
from penstock.render.graphviz import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playwright.sync_api import Page

    from penstock.render.options import Direction

pytest.importorskip("graphviz")

START = """(selector) => {
    const start = document.querySelector(selector).getBoundingClientRect();
    const frame = document.querySelector(".ps-frame").getBoundingClientRect();
    return frame.left - 1 <= start.left && start.right <= frame.right + 1;
}"""
"""Whether a node is in sight."""

SETTLED = "async () => { await Promise.all(document.getAnimations().map((animation) => animation.finished)); }"
"""Waits until a frame is free."""

NAMES = [f"handle_case_number_{number}" for number in range(8)]


def fan(*entrypoints: int) -> Flow:
    """Return a flow whose first step leads to all others that are no entrypoints."""
    steps = tuple(Step(name=name, entrypoint=number in entrypoints) for number, name in enumerate(NAMES))
    edges = tuple(Edge(source=NAMES[0], target=step.name) for step in steps[1:] if not step.entrypoint)
    return Flow(name="fan", steps=steps, edges=edges)


def chain() -> Flow:
    """Return a flow whose steps follow each other."""
    edges = tuple(Edge(source=source, target=target) for source, target in pairwise(NAMES))
    return Flow(name="chain", steps=fan(0).steps, edges=edges)


def page_of(flow: Flow, direction: Direction = "TB", rules: str = "", links: Mapping[str, str] | None = None) -> str:
    """Return a page with the drawing of a flow."""
    options = Options(direction=direction, details=True, links=links or {})
    (laid_out,) = layout.lay_out([flow], options)
    assert isinstance(laid_out, layout.Layout)
    drawing = svg.draw(flow, laid_out, options, prefix="ps")
    frame = assets.frame(drawing, "Diagram", locate_start(flow, laid_out))
    return (
        f"<!doctype html><style>{assets.stylesheet()}{rules}</style><div class='penstock'><figure class='ps-figure'>{frame}"
        f"</figure></div><script>{assets.script()}</script>"
    )


RULES = {
    "right to left": "html { direction: rtl }",
    "without animations": "*, ::before, ::after { animation: none !important }",
    "with short animations": "*, ::before, ::after { animation-duration: .01ms !important }",
    "smooth": "* { scroll-behavior: smooth }",
}
"""What pages and themes say of all elements."""

OPENED: dict[str, dict[str, Any]] = {
    "fan": {"flow": fan(0)},
    "last": {"flow": fan(7)},
    "two": {"flow": fan(0, 7)},
    "from left": {"flow": chain(), "direction": "LR"},
    "from right": {"flow": chain(), "direction": "RL"},
    "from below": {"flow": fan(0), "direction": "BT"},
    **{name: {"flow": fan(0), "rules": rules} for name, rules in RULES.items()},
}


@pytest.fixture
def opened(page: Page) -> Callable[..., Page]:
    """Opens a page in a window of a width."""

    def open_page(text: str, width: int = 400) -> Page:
        page.set_viewport_size({"width": width, "height": 700})
        page.set_content(text)
        page.evaluate(SETTLED)
        return page

    return open_page


@pytest.mark.parametrize("width", [700, 400])
@pytest.mark.parametrize("name", OPENED)
def test_a_frame_opens_at_the_entrypoint(opened: Callable[..., Page], name: str, width: int) -> None:
    """The first entrypoint of a drawing that is wider than its column is in sight, and so is it in its own size."""
    page = opened(page_of(**OPENED[name]), width)
    assert page.evaluate(
        "(({scrollWidth, clientWidth}) => scrollWidth > clientWidth)(document.querySelector('.ps-frame'))"
    )
    assert page.evaluate(START, ".ps-entry")
    for button in ("Fit", "Actual size"):
        page.get_by_role("button", name=button).click()
        page.evaluate(SETTLED)
        assert (button, True) == (button, page.evaluate(START, ".ps-entry"))


def test_a_flow_without_an_entrypoint_opens_at_its_first_step(opened: Callable[..., Page]) -> None:
    """What begins nowhere begins with what is declared first."""
    assert opened(page_of(fan())).evaluate(START, "#ps-s0")


def test_a_frame_that_is_unfolded_opens_at_the_entrypoint(opened: Callable[..., Page]) -> None:
    """A diagram in a tab or in details has no place to scroll to before it is shown."""
    page = opened(page_of(fan(0)).replace("<figure", "<details><summary>Diagram</summary><figure", 1))
    page.locator("summary").click()
    page.evaluate(SETTLED)
    assert page.evaluate(START, ".ps-entry")


def test_a_frame_is_free_once_it_is_open(opened: Callable[..., Page]) -> None:
    """A reader scrolls where they like, and the window's size may change meanwhile."""
    page = opened(page_of(fan(0)))
    page.evaluate("document.querySelector('.ps-frame').scrollLeft = 30")
    page.set_viewport_size({"width": 500, "height": 700})
    assert 30 == page.evaluate("document.querySelector('.ps-frame').scrollLeft")


def test_a_frame_opens_without_scripts(browser) -> None:
    """TechDocs and others keep no script."""
    context = browser.new_context(viewport={"width": 400, "height": 700}, java_script_enabled=False)
    page = context.new_page()
    page.set_content(page_of(fan(0)))
    page.evaluate(SETTLED)
    assert page.evaluate(START, ".ps-entry")
    context.close()


def test_paper_is_no_wider_for_it(opened: Callable[..., Page]) -> None:
    """Where a frame opens is nothing for paper, on which a drawing fits."""
    page = opened(page_of(fan(7)))
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


TITLES = {
    "drawn": "See whether the order can be paid.",
    "cut": "See whether the order can be paid, and whether all that is in the cart is still to be had in the shop of the customer.",
    "of right to left": "בדיקת ההזמנה",
    "none": "",
}


def titled(title: str, steps: int = 2) -> Flow:
    """Return a flow whose steps have a title; a flow of many does not draw it."""
    return Flow(name="titled", steps=tuple(Step(name=f"check_{number}", title=title) for number in range(steps)))


@pytest.mark.parametrize("steps", [2, 16])
@pytest.mark.parametrize(("links", "role"), [({"check_0": "#a"}, "link"), ({}, "group")], ids=["link", "group"])
@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_nodes_are_called_what_they_show(
    opened: Callable[..., Page], accessible_nodes, title: str, links: dict[str, str], role: str, steps: int
) -> None:
    """The name of a node is that of its step, and its title describes it, however much of that is drawn."""
    opened(page_of(titled(title, steps), links=links))
    if title or links:  # what is neither described nor a link is no node of its own, but text
        assert [(role, "check_0", title)] == accessible_nodes("#ps-s0")


def test_marked_arrows_are_called_by_their_ends(opened: Callable[..., Page], accessible_nodes) -> None:
    """What a mark means describes an arrow, whose name says which it is."""
    edge = Edge(source="a", target="b", state="missed", note="3 of 4 runs went past it.")
    opened(page_of(Flow(name="f", steps=(Step(name="a"), Step(name="b")), edges=(edge,))))
    assert [("group", "a → b", "3 of 4 runs went past it.")] == accessible_nodes(".ps-edge")


@pytest.mark.parametrize("selector", ["rect", ".ps-name"])
def test_a_title_that_is_cut_is_a_tooltip(opened: Callable[..., Page], selector: str) -> None:
    """All of a node shows the whole title under a pointer, and is a link."""
    page = opened(page_of(titled(TITLES["cut"]), links={"check_0": "#a"}))
    box = page.locator(f"#ps-s0 {selector}").bounding_box()
    assert box
    tooltip = """([x, y]) => {
        const part = document.elementFromPoint(x, y);
        return [part.closest("a").getAttribute("href"), part.parentNode.querySelector(":scope > title").textContent];
    }"""
    assert ["#a", TITLES["cut"]] == page.evaluate(tooltip, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])


FRAME = "document.querySelector('.ps-frame')"
SCALE = "(() => { const svg = document.querySelector('.ps-svg'); return svg.getBoundingClientRect().width / svg.viewBox.baseVal.width; })()"


def long(steps: int = 30) -> Flow:
    """Return a flow of many steps that follow each other."""
    names = [f"step_{number:02}" for number in range(steps)]
    edges = tuple(Edge(source=source, target=target) for source, target in pairwise(names))
    return Flow(name="long", steps=tuple(Step(name=name, entrypoint=name == names[0]) for name in names), edges=edges)


@pytest.mark.parametrize("width", [1400, 400])
def test_text_has_its_own_size(opened: Callable[..., Page], width: int) -> None:
    """Whatever the width of the page, a name has 13 pixels."""
    assert 1 == round(opened(page_of(fan(0)), width).evaluate(SCALE), 2)


def test_a_tall_drawing_has_a_frame_of_bounded_height(opened: Callable[..., Page]) -> None:
    """The frame takes at most four fifths of the screen, begins at the entrypoint, and says that there is more."""
    page = opened(page_of(long()), 1000)
    assert page.evaluate(f"{FRAME}.clientHeight") <= 0.8 * 700
    assert page.evaluate(START, ".ps-entry")
    assert "bottom" == page.evaluate(f"{FRAME}.dataset.psMore")
    page.get_by_role("button", name="Fit").click()
    assert page.evaluate(f"{FRAME}.scrollHeight <= {FRAME}.clientHeight + 1")
    assert None is page.evaluate(f"{FRAME}.dataset.psMore ?? null")


def test_keys_zoom(opened: Callable[..., Page]) -> None:
    """Plus and minus zoom, 0 shows everything, and 1 goes back to the size of the text."""
    page = opened(page_of(long()), 1000)
    page.locator(".ps-frame").focus()
    scales = []
    for key in ("+", "-", "0", "1"):
        page.keyboard.press(key)
        scales.append(round(page.evaluate(SCALE), 2))
    assert [1.25, 1.0, 1.0] == [scales[0], scales[1], scales[3]]
    assert scales[2] < 0.5


def test_the_mouse_moves_a_drawing(opened: Callable[..., Page]) -> None:
    """A drawing is dragged, and a link that is below the pointer is not followed."""
    links = {f"step_{number:02}": "#elsewhere" for number in range(30)}
    page = opened(page_of(long(), links=links), 1000)
    box = page.locator("#ps-s3").bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] - 90, steps=5)
    page.mouse.up()
    assert 90 < page.evaluate(f"{FRAME}.scrollTop") < 110
    assert "" == page.evaluate("location.hash")


@pytest.fixture
def pinch(page: Page) -> Callable[..., None]:
    """Two fingers on the middle of a frame, which go away from each other and to the right, by numbers of pixels."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def touch(kind: str, *fingers: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def move(start: int, end: int, right: int = 0) -> None:
        box = page.locator(".ps-frame").bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        touch("touchStart", (x - start / 2, y), (x + start / 2, y))
        for part in (0.25, 0.5, 0.75, 1.0):
            half, middle = (start + (end - start) * part) / 2, x + right * part
            touch("touchMove", (middle - half, y), (middle + half, y))
        touch("touchEnd")

    return move


MIDDLE = f"{FRAME}.scrollTop + {FRAME}.clientHeight / 2"


def test_two_fingers_zoom_where_they_are(opened: Callable[..., Page], pinch: Callable[..., None]) -> None:
    """Twice the distance is twice the size, what is between the fingers stays there, and the page keeps its place."""
    page = opened(page_of(long()))
    page.evaluate(f"{FRAME}.scrollTop = 500")
    before = page.evaluate(MIDDLE)
    pinch(60, 120)
    assert 2 == round(page.evaluate(SCALE), 1)
    assert abs(2 * before - page.evaluate(MIDDLE)) < 10
    assert 0 == page.evaluate("window.scrollY")


def test_two_fingers_move_a_drawing(opened: Callable[..., Page], pinch: Callable[..., None]) -> None:
    """Two fingers that keep their distance take the drawing along."""
    page = opened(page_of(fan(0)))
    page.evaluate(f"{FRAME}.scrollLeft = 300")
    pinch(80, 80, right=100)
    assert 1 == round(page.evaluate(SCALE), 2)
    assert 200 == round(page.evaluate(f"{FRAME}.scrollLeft"), -1)


def test_a_small_drawing_gets_its_size_back(opened: Callable[..., Page], pinch: Callable[..., None]) -> None:
    """Where nothing needs buttons, zooming shows them; the frame grows no higher than four fifths of the screen."""
    page = opened(page_of(Flow(name="small", steps=(Step(name="start", entrypoint=True),))))
    size = page.get_by_role("button", name="Actual size")
    assert not size.is_visible()
    pinch(50, 200)
    assert 4 == round(page.evaluate(SCALE), 1)
    assert page.evaluate(f"{FRAME}.clientHeight") <= 0.8 * 700
    size.click()
    assert 1 == round(page.evaluate(SCALE), 2)
    size.wait_for(state="hidden")


def test_without_scripts_two_fingers_are_the_browser_s(browser) -> None:
    """The frame takes the gesture only if there is a script that answers it."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(page_of(fan(0)))
    allowed = page.locator(".ps-frame").evaluate("(frame) => getComputedStyle(frame).touchAction")
    context.close()
    assert "auto" == allowed


def test_a_step_is_found_by_its_name(opened: Callable[..., Page]) -> None:
    """A part of a name is enough; the first match comes into sight, and Enter goes on to the next."""
    page = opened(page_of(long()), 1000)
    field = page.get_by_role("searchbox", name="Find a step")
    field.fill("_2")
    assert "10 of 30" == page.locator(".ps-tools output").text_content()
    first = page.evaluate(f"{FRAME}.scrollTop")
    assert 0 < first
    field.press("Enter")
    assert first < page.evaluate(f"{FRAME}.scrollTop")
    field.press("Escape")
    assert 0 == page.locator(".ps-tracing").count()


def test_a_tall_drawing_prints_on_one_page(opened: Callable[..., Page]) -> None:
    """On paper nothing scrolls, and the drawing is no taller than the page."""
    page = opened(page_of(long()), 1000)
    page.emulate_media(media="print")
    assert page.evaluate("document.querySelector('.ps-svg').getBoundingClientRect().height") <= 700
    assert "none" == page.evaluate(f"getComputedStyle({FRAME}).maxHeight")
