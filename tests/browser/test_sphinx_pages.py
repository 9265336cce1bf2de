"""What a reader sees and does on a page that Sphinx made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from forked import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THEMES = ("furo", "pydata_sphinx_theme", "sphinx_book_theme", "sphinx_rtd_theme", "alabaster")
DARK_THEMES = {
    "furo": "document.body.dataset.theme = 'dark'",
    "pydata_sphinx_theme": "document.documentElement.dataset.theme = 'dark'",
    "sphinx_book_theme": "document.documentElement.dataset.theme = 'dark'",
}

CONF = """
extensions = ["penstock_sphinx"]
html_theme = "furo"
penstock_modules = ["flows"]
penstock_path = ["."]
"""

FLOWS = '''
from penstock import flow

orders = flow("orders", title="Orders")


@orders.entrypoint(trigger="kafka:orders")
def receive():
    """Take an order from the queue."""


@orders.step(after="receive")
def check():
    """See whether it is valid."""


@orders.step(after={"check": "if valid"}, effects=["postgres:payments"])
def charge():
    """Charge the customer."""


@orders.step(after={"check": "else"})
def refuse():
    """Tell the customer why not."""


wide = flow("wide")
wide.entrypoint(name="step_number_0")(lambda: None)
for number in range(1, 9):
    wide.step(name=f"step_number_{number}", after=f"step_number_{number - 1}")(lambda: None)

fan = flow("fan")
fan.entrypoint(name="start")(lambda: None)
for number in range(9):
    fan.step(name=f"step_number_{number}", after="start")(lambda: None)
'''

INDEX = """
Orders
======

.. toctree::

   wide
   fan

.. penstock-flows::

.. penstock-flow:: orders
   :caption: How orders are paid.
"""

WIDE = """
Wide
====

.. penstock-flow:: wide
   :direction: LR
"""

FAN = """
Fan
===

.. penstock-flow:: fan
   :direction: TB
"""

PAINTED = """((colour) => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return `rgb(${[...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).join(", ")})`;
})"""
"""What a colour is on the screen, however a browser writes it."""

ENTRYPOINT_IN_SIGHT = """() => {
    const start = document.querySelector(".ps-entry").getBoundingClientRect();
    const frame = document.querySelector(".ps-frame").getBoundingClientRect();
    return frame.left - 1 <= start.left && start.right <= frame.right + 1;
}"""

DRAWN_TEXT = """async (url) => {
    const page = new DOMParser().parseFromString(await (await fetch(url)).text(), "text/html");
    return page.querySelector("figure:has(figcaption) .ps-svg").textContent;
}"""
"""What Sphinx's search reads of a drawing where it shows an excerpt."""

FILL = f"(selector) => {PAINTED}(getComputedStyle(document.querySelector(selector)).fill)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serving) -> Iterator[Callable[..., str]]:
    """Builds the site with a builder and a theme, once for each, and serves it; gives its address."""
    source = tmp_path_factory.mktemp("site")
    for name, text in {
        "conf.py": CONF,
        "flows.py": FLOWS,
        "index.rst": INDEX,
        "wide.rst": WIDE,
        "fan.rst": FAN,
    }.items():
        (source / name).write_text(text, "utf-8")

    def build(builder: str = "html", theme: str = "furo") -> str:
        folder = source / "_build" / f"{builder}-{theme}"
        if not folder.exists():
            done = run("sphinx", "-q", "-b", builder, "-D", f"html_theme={theme}", source, folder)
            assert (0, "") == (done.returncode, done.stderr)
        return f"{address}/_build/{folder.name}"

    with serving(source) as address:
        yield build


@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml"])
def test_every_node_leads_to_its_step(site, page, builder):
    """A click on a node shows its step, with every builder of HTML."""
    page.goto(f"{site(builder)}/index.html")
    nodes = page.locator("figure:has(figcaption) .ps-svg a.ps-node")
    assert nodes.count() == 4
    for node in nodes.all():
        name = node.locator(".ps-name").text_content().strip()
        node.click()
        target = page.url.rpartition("#")[2]
        assert target == f"flow-orders-{name}"
        assert name in page.locator(f"[id='{target}']").inner_text()


def test_keyboard_alone(site, page):
    """Tab goes through the nodes in the order of the flow, with a visible mark, and Enter follows the link."""
    page.goto(f"{site()}/index.html")
    page.locator("figure .ps-frame").focus()
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.querySelector('.ps-name').textContent.trim()"))
    assert reached == ["receive", "check", "charge", "refuse"]
    assert page.evaluate("getComputedStyle(document.activeElement.querySelector('rect')).strokeWidth") == "3px"
    page.keyboard.press("Enter")
    page.wait_for_url("**#flow-orders-refuse")


def test_ways_through_a_node_are_highlighted(site, page):
    """A pointer on a node leaves what it is connected to as it is, and pales the rest."""
    page.goto(f"{site()}/index.html")
    page.locator("figure .ps-svg a.ps-node").nth(2).hover()
    pale = "[...document.querySelectorAll('figure .ps-svg .ps-step:not(.ps-on) .ps-name')].map((e) => e.textContent.trim())"
    assert page.evaluate(pale) == ["refuse"]
    page.mouse.move(0, 0)
    assert page.locator("figure .ps-tracing").count() == 0


def test_wide_diagrams_fit_or_scroll(site, page):
    """Buttons beside a diagram that is too wide show the whole of it, or its own size; the page never scrolls sideways."""
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"{site()}/wide.html")
    frame = "document.querySelector('.ps-frame')"
    assert page.evaluate(f"{frame}.scrollWidth > {frame}.clientWidth")
    page.get_by_role("button", name="Fit").click()
    assert page.evaluate(f"{frame}.scrollWidth <= {frame}.clientWidth + 1")
    page.get_by_role("button", name="Actual size").click()
    svg = "document.querySelector('.ps-frame svg')"
    assert page.evaluate(f"Math.abs({svg}.getBoundingClientRect().width - {svg}.viewBox.baseVal.width) < 2")
    assert page.evaluate("document.documentElement.scrollWidth <= 400")


def test_no_buttons_where_it_fits(site, page):
    """A diagram that fits its column has no buttons."""
    page.goto(f"{site()}/index.html")
    assert page.locator(".ps-tools").count() == 1
    assert not page.locator(".ps-tools").is_visible()


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("theme", THEMES)
def test_wide_diagrams_open_at_the_entrypoint(site, page, theme, width):
    """The frame of a diagram that is wider than its column shows where the flow starts, in each theme."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site('html', theme)}/fan.html")
    page.wait_for_function(ENTRYPOINT_IN_SIGHT)
    assert page.evaluate(
        "(({scrollWidth, clientWidth}) => scrollWidth > clientWidth)(document.querySelector('.ps-frame'))"
    )


@pytest.mark.parametrize("theme", THEMES)
def test_readable_in_themes(site, page, theme):
    """In each theme the colours are those of the palette, light and, where the theme knows it, dark, and nothing scrolls."""
    page.goto(f"{site('html', theme)}/index.html")
    selector = "figure .ps-svg .ps-step .ps-name"
    if theme in DARK_THEMES:
        page.evaluate(DARK_THEMES[theme].replace("'dark'", "'light'"))
    assert page.evaluate(FILL, selector) == "rgb(31, 36, 48)"
    assert page.evaluate(FILL, "figure .ps-svg .ps-step rect") == "rgb(255, 255, 255)"
    if theme in DARK_THEMES:
        page.evaluate(DARK_THEMES[theme])
        assert page.evaluate(FILL, selector) == "rgb(230, 232, 238)"
        assert page.evaluate(FILL, "figure .ps-svg .ps-step rect") == "rgb(27, 31, 42)"
    page.set_viewport_size({"width": 400, "height": 800})
    too_wide = "[...document.querySelectorAll('.penstock, .penstock > *')].filter((e) => e.getBoundingClientRect().right > 401)"
    assert page.evaluate(f"{too_wide}.map((e) => e.outerHTML.slice(0, 80))") == []
    width = page.evaluate("document.documentElement.scrollWidth")
    page.evaluate("document.querySelectorAll('.penstock').forEach((e) => e.remove())")
    assert width <= max(400, page.evaluate("document.documentElement.scrollWidth"))  # a theme may be too wide itself


SIGNS = (
    "documentElement.className = 'dark'",
    "documentElement.dataset.mode = 'dark'",
    "documentElement.dataset.mode = 'darkest'",
    "body.className = 'theme-dark'",
)


@pytest.mark.parametrize("sign", SIGNS)
def test_dark_by_other_signs(site, page, sign):
    """Shibuya, Awesome and Wagtail say it by a class, Piccolo by its mode; drawings on paper that stays dark are on white."""
    page.goto(f"{site('html', 'alabaster')}/index.html")
    page.evaluate(f"document.{sign}")
    assert page.evaluate(FILL, "figure .ps-svg .ps-step .ps-name") == "rgb(230, 232, 238)"
    page.emulate_media(media="print")
    assert page.evaluate(FILL, "figure .ps-svg .ps-step .ps-name") == "rgb(31, 36, 48)"
    assert page.evaluate("getComputedStyle(document.querySelector('.ps-svg')).backgroundColor") == "rgb(255, 255, 255)"


def test_axe_finds_nothing(site, page, script):
    """The accessibility checker finds nothing to complain about in what penstock wrote, light and dark."""
    page.goto(f"{site()}/index.html")
    page.add_script_tag(path=script("axe-core/axe.min.js"))
    for theme in ("light", "dark"):
        page.evaluate(f"document.body.dataset.theme = '{theme}'")
        found = page.evaluate("axe.run('.penstock')")
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_nodes_are_called_what_they_show(site, page, accessible_nodes):
    """A screen reader says the name of a step first and its title after it; a voice finds a node by the name that is seen."""
    page.goto(f"{site()}/index.html")
    nodes = [
        ("link", "receive", "Take an order from the queue."),
        ("link", "check", "See whether it is valid."),
        ("link", "charge", "Charge the customer."),
        ("link", "refuse", "Tell the customer why not."),
    ]
    assert nodes == accessible_nodes(
        "figure:has(figcaption) .ps-svg .ps-step, figure:has(figcaption) .ps-svg .ps-entry"
    )


def test_search_shows_no_title_twice(site, page):
    """The step is what the search names first, and in the excerpts of pages each title stands once for each place that shows it."""
    page.goto(f"{site()}/search.html?q=charge")
    results = page.locator("#search-results li")
    results.first.wait_for()
    assert results.first.inner_text().startswith("orders.charge")
    drawing = page.evaluate(DRAWN_TEXT, f"{site()}/index.html")
    assert 1 == drawing.count("Charge the customer.")
