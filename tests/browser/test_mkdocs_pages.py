"""What a reader sees and does on pages that MkDocs and Zensical made, whatever the palette and the navigation."""

from __future__ import annotations

import importlib.util
import os
import re
from contextlib import ExitStack
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import pytest

from forked import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

QUIET = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}

CONFIG = """
site_name: Shop
site_url: {url}
nav: [Home: index.md, Orders: orders.md, Wide: wide.md, Fan: fan.md]
theme:
  name: material
  font: false
  features: [{features}]
  palette:
    - {{scheme: default, toggle: {{icon: material/weather-night, name: Switch to dark}}}}
    - {{scheme: slate, toggle: {{icon: material/weather-sunny, name: Switch to light}}}}
markdown_extensions:
  - admonition
  - pymdownx.highlight
  - pymdownx.superfences
  - toc: {{permalink: true}}
"""
SETTINGS = "penstock: {modules: [flows], path: [.]}\n"
FILES = {
    "docs/index.md": "# Home\n\n[All about orders](orders.md)\n\n::: penstock-flows\n\n::: penstock-map\n",
    "docs/orders.md": "# Orders\n\n[A wide one](wide.md)\n\n::: penstock-flow orders\n    caption: How orders are paid.\n    paths: true\n"
    "\n::: penstock-flow orders\n    direction: LR\n    steps: false\n",
    "docs/fan.md": "# Fan\n\n::: penstock-flow fan\n    direction: TB\n",
    "docs/wide.md": "# Wide\n\n::: penstock-flow wide\n    direction: LR\n",
    "flows.py": '''
from penstock import flow

orders = flow("orders", title="Orders")


@orders.entrypoint(trigger="kafka:orders")
def receive(message: dict) -> None:
    """Take an order from the queue."""


@orders.step(after="receive")
async def check(order: int, *, strict: bool = False) -> list[str]:
    """See whether it is valid.

    This may be extraordinarily tedious:

    ```python
    check(3, strict=True)
    ```

    Args:
        order: Merchandise that somebody wants.
        strict: Whether to be strict.

    Returns:
        What is wrong with it.

    Note:
        It is not tried again.
    """


@orders.step(after={"check": "if valid"}, effects=["postgres:payments"])
def charge(order: int) -> None:
    """Charge the customer."""


@orders.step(after={"check": "else"})
def refuse(order: int) -> None:
    """Tell the customer why not."""


wide = flow("wide")
wide.entrypoint(name="step_number_0")(lambda: None)
for number in range(1, 9):
    wide.step(name=f"step_number_{number}", after=f"step_number_{number - 1}")(lambda: None)

fan = flow("fan")
fan.entrypoint(name="start")(lambda: None)
for number in range(9):
    fan.step(name=f"step_number_{number}", after="start")(lambda: None)
''',
}
FLOW = "figure:has(figcaption) .ps-frame"
"""The flow of orders; other drawings have no caption."""

GENERATOR = re.compile(rb'<meta name="generator" [^>]*>')
STEPS = ["receive", "check", "charge", "refuse"]

TEXTS = """[...document.querySelectorAll(".ps-svg text")].map((text) => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
  const over = (...colours) => {
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return `rgb(${[...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).join(", ")})`;
  };
  const box = text.closest(".ps-node")?.querySelector("rect");
  const behind = [getComputedStyle(document.body).backgroundColor, ...(box ? [getComputedStyle(box).fill] : [])];
  return [text.textContent.trim(), over(...behind, getComputedStyle(text).fill), over(...behind)];
})"""
"""What each text in a drawing says, its colour, and the colour behind it."""

TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
FRAME = "document.querySelector('.ps-frame')"

ENTRYPOINT_IN_SIGHT = """() => {
    const start = document.querySelector(".ps-entry").getBoundingClientRect();
    const frame = document.querySelector(".ps-frame").getBoundingClientRect();
    return frame.left - 1 <= start.left && start.right <= frame.right + 1;
}"""


class Case(NamedTuple):
    """Who made the pages, and how they are read."""

    host: str
    scheme: str
    instant: bool

    def __str__(self) -> str:
        return f"{self.host}-{self.scheme}{'-instant' * self.instant}"


HOSTS = ("mkdocs", "zensical")
"""The hosts whose pages differ; those of ProperDocs are the same as those of MkDocs, as a test proves."""

WAYS = [Case(host, "default", instant) for host, instant in product(HOSTS, (False, True))]
"""For what no palette can change: each, with and without instant navigation."""

LOOKS = [Case(host, scheme, instant=False) for host, scheme in product(HOSTS, ("default", "slate"))]
"""For what no navigation can change: each, in both palettes."""


class Reader(NamedTuple):
    """A browser's page on a site, and who made it."""

    page: Page
    url: str
    case: Case

    def open(self, path: str) -> None:
        """Open a page, in the palette of the case."""
        self.page.goto(f"{self.url}{path}")
        self.page.add_style_tag(content="* { transition: none !important }")  # colours are looked at, not waited for
        if self.page.evaluate("document.body.dataset.mdColorScheme") != self.case.scheme:
            self.page.locator("[data-md-component=palette] label:visible").click()
        assert self.page.evaluate("document.body.dataset.mdColorScheme") == self.case.scheme

    def search(self, word: str) -> None:
        """Type a word into the search box, and follow what it finds below a page's first heading."""
        if self.case.host == "zensical":
            self.page.locator(".md-search__button").click()
            self.page.get_by_role("combobox", name="Search").fill(word)
            self.page.locator("dialog[open] a[href*='#']").first.click()
        else:
            self.page.get_by_role("textbox", name="Search").click()
            self.page.keyboard.type(word)
            self.page.locator(".md-search-result__link[href*='#']").first.click()


@pytest.fixture(scope="module")
def site(tmp_path_factory, serving) -> Iterator[Callable[[Case], str]]:
    """Builds the site with a host, with and without instant navigation, once for each; gives its address."""
    root = tmp_path_factory.mktemp("sites")
    with serving(root) as address:

        def build(case: Case) -> str:
            folder = root / f"{case.host}{'-instant' * case.instant}"
            url = f"{address}/{folder.name}/site/"
            if not folder.exists():
                build_site(folder, case, url)
            return url

        yield build


def build_site(folder: Path, case: Case, url: str) -> Path:
    """Build the site in a folder; return where it is."""
    config = CONFIG.format(url=url, features="navigation.instant" * case.instant)
    (folder / "docs").mkdir(parents=True)
    for name, text in {**FILES, "mkdocs.yml": config + uses(case.host)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = run(case.host, "build", "-f", "mkdocs.yml", "--strict", cwd=folder, **QUIET)
    assert 0 == done.returncode, done.stdout + done.stderr
    return folder / "site"


def read_files(site: Path) -> dict[str, bytes]:
    """Return all files of a site but the compressed ones, without the name of the program that made it."""
    files = [path for path in site.rglob("*") if path.is_file() and path.suffix != ".gz"]  # the time is in those
    return {path.relative_to(site).as_posix(): GENERATOR.sub(b"", path.read_bytes()) for path in files}


@pytest.mark.parametrize("instant", [False, True])
def test_properdocs_makes_the_same_site(tmp_path, instant):
    """Every file of a site is the same with ProperDocs as with MkDocs, so a browser looks at those of MkDocs only."""
    if importlib.util.find_spec("properdocs") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("not installed: properdocs")
    cases = (Case(host, "default", instant) for host in ("mkdocs", "properdocs"))
    expected, files = (read_files(build_site(tmp_path / case.host, case, "http://127.0.0.1/")) for case in cases)
    assert expected == files


def uses(host: str) -> str:
    """Return the part of the configuration that turns penstock on: Zensical runs extensions only."""
    return f"  - {SETTINGS}" if host == "zensical" else f"plugins:\n  - search\n  - {SETTINGS}"


@pytest.fixture
def reader(request, page, site) -> Reader:
    """A page, in the case that a test asks for."""
    case = request.param
    if importlib.util.find_spec(case.host) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not installed: {case.host}")
    return Reader(page, site(case), case)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two opaque colours, as WCAG 2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as ``rgb(31, 36, 48)``, as WCAG 2 defines it."""
    channels = [int(value) / 255 for value in re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour).groups()]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def unreadable(page: Page) -> list[tuple[str, str, str]]:
    """Return the texts in drawings that are hard to read."""
    texts = page.evaluate(TEXTS)
    assert {"check", "if valid", "kafka:orders"} <= {text for text, _, _ in texts}
    return [each for each in texts if contrast(*each[1:]) < 4.5]


@pytest.mark.parametrize("reader", WAYS, ids=str, indirect=True)
def test_every_node_leads_to_its_step(reader):
    """A click on a node shows its step, on a page that was come to from another one."""
    page = reader.page
    reader.open("")
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="All about orders").click()
    nodes = page.locator(f"{FLOW} a.ps-node")
    nodes.first.wait_for()
    assert reader.case.instant == bool(page.evaluate("window.stayed"))
    assert 4 == nodes.count()
    for node, name in zip(nodes.all(), STEPS, strict=True):
        node.click()
        page.wait_for_url(f"**/orders/#flow-orders-{name}")
        heading = page.locator(f"[id=flow-orders-{name}]")
        assert name in heading.inner_text()
        assert 0 <= heading.bounding_box()["y"] < 900


@pytest.mark.parametrize("reader", WAYS, ids=str, indirect=True)
def test_keyboard_alone(reader):
    """Without a pointer one comes to the page, goes through the nodes in the order of the flow, and follows one."""
    page = reader.page
    reader.open("")
    page.get_by_role("link", name="All about orders").focus()
    page.keyboard.press("Enter")
    page.locator(FLOW).focus()
    reached = []
    for _ in STEPS:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.querySelector('.ps-name').textContent.trim()"))
    assert STEPS == reached
    assert "3px" == page.evaluate("getComputedStyle(document.activeElement.querySelector('rect')).strokeWidth")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/#flow-orders-refuse")


@pytest.mark.parametrize("reader", WAYS[::2], ids=str, indirect=True)
def test_nodes_are_called_what_they_show(reader, accessible_nodes):
    """A screen reader says the name of a step first and its title after it."""
    reader.open("orders/")
    titles = [
        "Take an order from the queue.",
        "See whether it is valid.",
        "Charge the customer.",
        "Tell the customer why not.",
    ]
    nodes = [("link", name, title) for name, title in zip(STEPS, titles, strict=True)]
    assert nodes == accessible_nodes(f"{FLOW} a.ps-node")


@pytest.mark.parametrize("reader", WAYS, ids=str, indirect=True)
def test_search_finds_words_of_docstrings(reader):
    """The search box finds a word of a docstring, in its text and in its tables, and leads to the step."""
    for word in ("extraordinarily", "merchandise"):
        reader.open("")
        reader.search(word)

        reader.page.wait_for_url(re.compile(r"/orders/(\?.*)?#flow-orders-check$"))
        reader.page.locator("[id=flow-orders-check]").wait_for()


@pytest.mark.parametrize("reader", WAYS, ids=str, indirect=True)
def test_script_follows_navigation(reader):
    """On a page that was come to from another one, ways through a node are highlighted, and wide diagrams can be fitted."""
    page = reader.page
    page.set_viewport_size({"width": 800, "height": 800})
    reader.open("")
    page.get_by_role("link", name="All about orders").click()
    page.locator(f"{FLOW} a.ps-node", has_text="charge").hover()
    pale = (
        "[...document.querySelectorAll('.ps-tracing .ps-step:not(.ps-on) .ps-name')].map((e) => e.textContent.trim())"
    )
    page.wait_for_function(f"{pale}.join() == 'refuse'")

    page.get_by_role("link", name="A wide one").click()
    page.get_by_role("button", name="Fit").click()
    assert page.evaluate(f"{FRAME}.scrollWidth <= {FRAME}.clientWidth + 1")
    assert 1 == page.locator(".ps-tools").count()


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("reader", WAYS, ids=str, indirect=True)
def test_wide_diagrams_open_at_the_entrypoint(reader, width):
    """The frame of a diagram that is wider than its column shows where the flow starts, however the page comes."""
    reader.page.set_viewport_size({"width": width, "height": 800})
    reader.open("orders/")
    reader.page.locator("a[href$='fan/']").first.evaluate("(link) => link.click()")
    reader.page.locator(".ps-frame [id$='-s9']").wait_for()
    reader.page.wait_for_function(ENTRYPOINT_IN_SIGHT)
    assert reader.page.evaluate(f"{FRAME}.scrollWidth > {FRAME}.clientWidth")


@pytest.mark.parametrize("reader", LOOKS, ids=str, indirect=True)
def test_no_page_is_wider_than_a_telephone(reader):
    """On a telephone no page scrolls sideways: a wide diagram does so in its frame."""
    page = reader.page
    page.set_viewport_size({"width": 400, "height": 800})
    for path in ("", "orders/", "wide/"):
        reader.open(path)
        assert not page.evaluate(TOO_WIDE)
    assert page.evaluate(f"{FRAME}.scrollWidth > {FRAME}.clientWidth")


@pytest.mark.parametrize("reader", LOOKS, ids=str, indirect=True)
def test_narrow_with_long_names(reader):
    """On a telephone a long name of a flow or a topic goes on in the next line."""
    page = reader.page
    page.set_viewport_size({"width": 400, "height": 800})
    for path in ("", "orders/"):
        reader.open(path)
        long = "for (const each of document.querySelectorAll('.ps-flows td:first-child > a, .ps-chip'))"
        page.evaluate(f"() => {{ {long} each.textContent = 'bills-of-materials-'.repeat(5); }}")
        assert page.locator(".ps-chip").count()
        assert not page.evaluate(TOO_WIDE)


@pytest.mark.parametrize("reader", LOOKS, ids=str, indirect=True)
def test_texts_stand_out_on_screen_and_paper(reader):
    """Every text of a drawing stands out from what is behind it, on the screen and on paper, where nothing is cut off."""
    page = reader.page
    reader.open("orders/")
    dark = {luminance(behind) < 0.5 for text, _, behind in page.evaluate(TEXTS) if text == "check"}
    assert {reader.case.scheme == "slate"} == dark
    assert [] == unreadable(page)

    reader.open("wide/")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 900})
    assert page.evaluate(f"{FRAME}.scrollWidth <= {FRAME}.clientWidth + 1")
    page.goto(f"{reader.url}orders/")
    page.evaluate("document.body.style.backgroundColor = 'white'")  # browsers print no backgrounds
    assert [] == unreadable(page)


@pytest.mark.parametrize("reader", WAYS[:1], ids=str, indirect=True)
def test_paper_knows_no_focus(reader):
    """What the focus on a node makes pale on the screen is printed as it is without."""
    page = reader.page
    reader.open("orders/")
    page.locator(f"{FLOW} a.ps-node", has_text="charge").focus()
    refuse = f"getComputedStyle(document.querySelector('{FLOW} .ps-tracing .ps-step:not(.ps-on)')).opacity"
    assert "0.3" == page.evaluate(refuse)
    page.emulate_media(media="print")
    assert "1" == page.evaluate(refuse)


@pytest.fixture
def themed(tmp_path, serving, page) -> Iterator[Callable[[str, str, str], Page]]:
    """Build a site of one page with a theme of MkDocs, and open it."""
    with ExitStack() as stack:

        def build(theme: str, flows: str, text: str) -> Page:
            site = f"site_name: T\nuse_directory_urls: false\ntheme: {{name: {theme}, highlightjs: false}}\n"
            (tmp_path / "docs").mkdir()
            for path, content in {
                "flows.py": flows,
                "docs/index.md": text,
                "mkdocs.yml": site + uses("mkdocs"),
            }.items():
                (tmp_path / path).write_text(content, encoding="utf-8")
            assert 0 == run("mkdocs", "build", "-q", cwd=tmp_path, **QUIET).returncode
            page.goto(f"{stack.enter_context(serving(tmp_path / 'site'))}/index.html")
            return page

        yield build


@pytest.mark.parametrize("theme", ["mkdocs", "readthedocs"])
def test_narrow_with_long_parameters(themed, theme):
    """On a telephone, the themes of MkDocs let a table of long names scroll, and other long names go on below."""
    name = "bills_of_materials_" * 4
    source = f'def {name}({name}_id):\n    """Run {name}.\n\n    Args:\n        {name}_id: The ID.\n    """\n'
    flows = f'from penstock import flow\n\n\n@flow("orders").entrypoint\n{source}'
    page = themed(theme, flows, f"::: penstock-flow orders\n    paths: true\n    caption: {name}\n")
    page.set_viewport_size({"width": 400, "height": 800})
    assert 1 == page.locator(".ps-step-doc table").count()
    assert not page.evaluate(TOO_WIDE)


def test_readable_on_dark_paper(themed):
    """A theme of MkDocs that stays dark on paper shows words as light as its own, and drawings on white."""
    flows = 'from penstock import flow\n\n\n@flow("orders").entrypoint(trigger="kafka:orders")\ndef run(): ...\n'
    page = themed("mkdocs", flows, "::: penstock-flow orders\n    caption: All of it\n")
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    page.emulate_media(media="print")
    for words in (".ps-step-name", ".ps-sig", ".ps-chip", "figcaption"):
        colour = page.evaluate(f"getComputedStyle(document.querySelector('{words}')).color")
        shares = re.fullmatch(r"color\(srgb ([\d.]+) ([\d.]+) ([\d.]+)\)", colour).groups()
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert luminance(paper) < 0.05
        assert contrast(f"rgb({', '.join(str(round(float(each) * 255)) for each in shares)})", paper) > 4.5
    drawing = "getComputedStyle(document.querySelector('.ps-svg')).backgroundColor"
    assert "rgb(255, 255, 255)" == page.evaluate(drawing)


@pytest.mark.parametrize("theme", ["mkdocs", "readthedocs"])
def test_the_table_of_flows_in_other_themes(themed, theme):
    """In the themes of MkDocs, too, the caption stands above the table, and a long topic stays in its cell."""
    trigger = "kafka:" + "bills-of-materials-" * 4
    flows = f'from penstock import flow\n\n\n@flow("orders").entrypoint(trigger="{trigger}")\ndef run(): ...\n'
    page = themed(theme, flows, "::: penstock-flows\n    caption: All of them\n")
    caption, head, cell, chip = (
        page.locator(f".ps-flows {each}").first.bounding_box() for each in ("caption", "thead", "tbody td", ".ps-chip")
    )
    assert caption["y"] < head["y"]
    assert chip["x"] + chip["width"] <= cell["x"] + cell["width"]


@pytest.mark.parametrize(
    "rules", ["td { text-align: center }", "html { font-size: 10px } body { font-size: 16px }"], ids=["ivory", "cinder"]
)
def test_the_table_of_flows_keeps_its_shape(themed, rules):
    """Themes centre what stands in cells, or count in small units: text begins at the edge, and a picture can be read."""
    steps = "".join(f"@orders.step(name='{name}')\ndef {name}(): ...\n\n\n" for name in "abcd")
    page = themed(
        "mkdocs", f'from penstock import flow\n\norders = flow("orders")\n\n\n{steps}', "::: penstock-flows\n"
    )
    look = """() => {
      const [cell, picture] = ["td", ".ps-thumb"].map((each) => document.querySelector(".ps-flows " + each));
      return [getComputedStyle(cell).textAlign, getComputedStyle(picture.querySelector("svg")).maxHeight];
    }"""
    usual = page.evaluate(look)
    page.add_style_tag(content=rules)
    assert usual == page.evaluate(look)


@pytest.mark.parametrize("reader", LOOKS, ids=str, indirect=True)
def test_axe_finds_nothing(reader, script):
    """The accessibility checker finds nothing to complain about in what penstock wrote, on the screen and on paper."""
    page = reader.page
    for path, media in (("", "screen"), ("orders/", "screen"), ("orders/", "print")):
        page.emulate_media(media=media)
        reader.open(path)
        page.add_script_tag(path=script("axe-core/axe.min.js"))
        found = page.evaluate("axe.run('.penstock')")
        assert [] == [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
        assert {"color-contrast", "landmark-unique"} <= {each["id"] for each in found["passes"]}


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("reader", WAYS[:1], ids=str, indirect=True)
def test_text_of_drawings_is_not_shrunk(reader, width):
    """In Material a name has 13 pixels, and no other text of a drawing has fewer than 11."""
    reader.page.set_viewport_size({"width": width, "height": 900})
    reader.open("orders/")
    sizes = reader.page.evaluate(
        """[...document.querySelectorAll('.ps-frame svg')].flatMap((svg) => {
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
            return [...svg.querySelectorAll('text')].map((text) => Math.round(10 * scale * text.getAttribute('font-size')) / 10);
        })"""
    )
    assert {11, 13} == set(sizes)
