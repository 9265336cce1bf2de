"""What themes do to a page of flows, on screen and on paper."""

from __future__ import annotations

import pytest

from forked import run

FLOWS = '''
import typing as t
from penstock import flow

orders = flow("orders", title="Orders")


@orders.entrypoint(trigger="kafka:orders-as-they-come-in-from-all-of-the-shops")
def receive(order: "dict[str, t.Any]", *, again: bool = False) -> t.Optional[str]:
    """Take an order from the queue."""


@orders.step(after={"receive": "if valid"}, effects=["postgres:payments"])
def charge():
    """Charge the customer."""


long = flow("reconciliation_of_outstanding_invoices_with_ledgers", title="AutomaticReconciliationOfOutstandingInvoices")


@long.entrypoint(trigger="POST /invoices/reconcile_outstanding_invoices_with_ledger")
def reconcile_outstanding_invoices_with_ledger(outstanding_invoice_reconciliation_timeout: float = 1.5):
    """OutstandingInvoiceReconciliation as ``OutstandingInvoiceReconciliationTimeout`` wants it.

    Args:
        outstanding_invoice_reconciliation_timeout: Seconds.

    Raises:
        OutstandingInvoiceReconciliationTimeoutError: It takes too long.
    """
'''

LONG = """
:orphan:

Long
====

.. penstock-flows::

.. penstock-flow:: reconciliation_of_outstanding_invoices_with_ledgers
   :caption: OutstandingInvoiceReconciliationTimeoutErrors
   :paths:

.. penstock-flow:: reconciliation_of_outstanding_invoices_with_ledger
"""

INDEX = """
Orders
======

.. penstock-flows::

.. penstock-flow:: orders
   :caption: How it goes

.. penstock-flow:: orders
   :format: mermaid
   :no-steps:

.. penstock-flow:: orders
   :direction: LR
   :align: left
   :no-steps:
"""

PAINTED = """((colour) => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return `rgb(${[...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).join(", ")})`;
})"""
"""What a colour is on the screen, however a browser writes it."""

COLOR = f"(selector) => {PAINTED}(getComputedStyle(document.querySelector(selector)).color)"
BOX = """(selector) => {
    const style = getComputedStyle(document.querySelector(selector))
    return [style.display, style.backgroundColor, style.borderTopWidth, style.borderLeftWidth, style.paddingTop]
}"""
READ = """() => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d')
    const channels = (colour) => {
        canvas.clearRect(0, 0, 1, 1)
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
        return [...canvas.getImageData(0, 0, 1, 1).data]
    }
    const behind = (each) => {
        for (; each; each = each.parentElement) {
            const found = channels(each.fill ?? getComputedStyle(each).backgroundColor)
            if (found[3] === 255) return found
        }
        return channels('white')
    }
    const words = document.querySelectorAll(
        '.descname, .sig-paren, .caption-text, .ps-meta, .ps-chip, .penstock-error p, .ps-proof *'
    )
    const read = [...words].map((each) => [each.textContent, channels(getComputedStyle(each).color), behind(each)])
    for (const each of document.querySelectorAll('.ps-svg text')) {
        const box = each.closest('.ps-node')?.querySelector('rect')
        const fill = box ? channels(getComputedStyle(box).fill) : behind(each.closest('svg'))
        read.push([each.textContent, channels(getComputedStyle(each).fill), fill])
    }
    return read
}"""
"""What each text of ours says, its colour, and the colour behind it."""

THEMES = ("furo", "pydata_sphinx_theme", "sphinx_book_theme", "sphinx_rtd_theme", "alabaster")
MUTED, INK = "rgb(102, 112, 133)", "rgb(31, 36, 48)"


@pytest.fixture(scope="module")
def site(tmp_path_factory, serving):
    """Builds a page with a theme, and serves it; gives its address."""
    source = tmp_path_factory.mktemp("themes")
    (source / "flows.py").write_text(FLOWS, "utf-8")
    (source / "index.rst").write_text(INDEX, "utf-8")
    (source / "long.rst").write_text(LONG, "utf-8")
    conf = 'project = "Shop"\nextensions = ["penstock_sphinx"]\npenstock_modules = ["flows"]\npenstock_path = ["."]\n'
    conf += 'suppress_warnings = ["penstock.unknown_flow"]\n'
    (source / "conf.py").write_text(conf, "utf-8")

    def build(theme: str) -> str:
        folder = source / "_build" / theme
        if not folder.exists():
            done = run("sphinx", "-q", "-D", f"html_theme={theme}", source, folder)
            assert (0, "") == (done.returncode, done.stderr)
        return f"{address}/_build/{theme}/index.html"

    with serving(source) as address:
        yield build


def luminance(channels):
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    shares = [value / 255 for value in channels[:3]]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in shares]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """Return the contrast of two colours, as WCAG 2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def darkened(channels):
    """Return the colour in which Chromium prints words without backgrounds: one that is too light for white is darker."""
    if sum((255 - value) ** 2 for value in channels[:3]) > 255**2:
        return channels
    return [value * max(0, 1 - 0.33 * 255 / max(channels[:3])) for value in channels[:3]]


def unreadable(texts, *, backgrounds):
    """Return the texts that are hard to read when they are printed."""
    white = [255, 255, 255]
    pairs = ((text, ink, paper) if backgrounds else (text, darkened(ink), white) for text, ink, paper in texts)
    return [text for text, ink, paper in pairs if contrast(ink, paper) < 4.5]


@pytest.mark.parametrize("mode", ["light", "dark", "auto"])
@pytest.mark.parametrize("theme", THEMES)
def test_readable_on_paper(site, page, theme, mode):
    """Whatever the screen shows, and whether a theme stays dark or not, each word can be read on paper."""
    page.add_init_script(f"localStorage.setItem('theme', '{mode}'); localStorage.setItem('mode', '{mode}')")
    page.emulate_media(color_scheme="light" if mode == "light" else "dark")
    page.goto(site(theme))
    page.emulate_media(media="print")
    texts = page.evaluate(READ)
    assert {"receive", "charge", "entrypoint", "if valid", "How it goes"} <= {text.strip() for text, _, _ in texts}
    assert [] == unreadable(texts, backgrounds=True)
    drawn = page.locator(".ps-svg text").count()
    assert [] == unreadable(texts[:-drawn], backgrounds=False)


@pytest.mark.parametrize("dark", ["dark", "auto"])
def test_paper_is_white(site, page, dark):
    """Where a theme turns to paper, whoever reads in the dark prints in dark ink on white, and in colour."""
    page.emulate_media(color_scheme="dark")
    page.goto(site("furo"))
    page.evaluate(f"document.body.dataset.theme = '{dark}'")
    card = f"{PAINTED}(getComputedStyle(document.querySelector('figure .ps-svg .ps-step rect')).fill)"
    assert page.evaluate(card) == "rgb(27, 31, 42)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(card) == "rgb(255, 255, 255)"
    assert page.evaluate(COLOR, ".ps-sig .descname") == INK


@pytest.mark.parametrize("theme", ["sphinx_rtd_theme", "alabaster", "furo", "pydata_sphinx_theme"])
def test_signatures_are_ours(site, page, theme):
    """No theme puts bars, boxes or its colours on the signature of a step."""
    page.goto(site(theme))
    assert page.evaluate(BOX, "dt.ps-sig") == ["block", "rgba(0, 0, 0, 0)", "0px", "0px", "0px"]
    assert page.evaluate(COLOR, "dt.ps-sig .descname .pre") == INK
    parts = "[...document.querySelectorAll('dt.ps-sig .sig-param .pre, dt.ps-sig .sig-return .pre')]"
    colors = page.evaluate(f"[...new Set({parts}.map((each) => {PAINTED}(getComputedStyle(each).color)))]")
    assert colors == [MUTED]


@pytest.mark.parametrize("rules", ["html:not(#id) svg { display: inline }", "figcaption { max-width: 9rem }"])
def test_diagrams_stand_in_the_middle(site, page, rules):
    """A theme that puts each picture into a line, as Awesome does, or keeps captions narrow, as Immaterial, moves none."""
    page.goto(site("alabaster"))
    page.add_style_tag(content=f"{rules} .ps-frame {{ text-align: left }}")
    middles = "['.ps-svg', 'figcaption'].map((css) => document.querySelector(`figure ${css}`).getBoundingClientRect())"
    diagram, caption = page.evaluate(f"{middles}.map((box) => box.left + box.width / 2)")
    assert abs(diagram - caption) < 2


@pytest.mark.parametrize("theme", ["sphinx_rtd_theme", "alabaster"])
def test_accessible_in_themes(site, page, script, theme):
    """The accessibility checker finds nothing in what penstock wrote, in the themes without a dark side too."""
    page.goto(site(theme))
    page.add_script_tag(path=script("axe-core/axe.min.js"))
    found = page.evaluate("axe.run({include: ['.penstock'], exclude: ['a.reference']})")  # links are the theme's
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert "landmark-unique" in [each["id"] for each in found["passes"]]


@pytest.mark.parametrize("width", [1200, 400])
@pytest.mark.parametrize("theme", ["sphinx_rtd_theme", "alabaster", "furo", "pydata_sphinx_theme"])
def test_nothing_is_wider_than_its_column(site, page, theme, width):
    """What is too wide scrolls on its own, and can have the focus; the table leaves out what says nothing new."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(site(theme))
    source = "document.querySelector('pre.mermaid')"
    assert page.evaluate(f"[{source}.tabIndex, getComputedStyle({source}).overflowX]") == [0, "auto"]
    parts = "[...document.querySelectorAll('.penstock, .penstock pre, .penstock .ps-frame, .penstock table, .penstock .ps-chip')]"
    column = "Math.min(each.closest('.penstock').parentElement.getBoundingClientRect().right, innerWidth) + 1"
    scrolls = "each.parentElement.closest('.table-wrapper')"  # furo's, around every table
    too_wide = f"{parts}.filter((each) => !{scrolls} && each.getBoundingClientRect().right > {column})"
    assert page.evaluate(f"{too_wide}.map((each) => each.outerHTML.slice(0, 60))") == []


@pytest.mark.parametrize("theme", THEMES)
def test_long_names_go_on_in_the_next_line(site, page, theme):
    """On a telephone no name makes the page scroll sideways, or a table, or a note about what is not there."""
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(site(theme).replace("index.html", "long.html"))
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    words = "document.querySelectorAll('.ps-step-doc *, .ps-flows, .ps-flows *, .ps-paths *, figcaption *, .penstock-error *')"
    seen = "each.getClientRects().length && !each.closest('svg')"
    right = "each.getBoundingClientRect().right"
    too_wide = (
        f"[...{words}].filter((each) => {seen} && {right} > innerWidth).map((each) => each.outerHTML.slice(0, 60))"
    )
    assert page.evaluate(too_wide) == []


@pytest.mark.parametrize("theme", THEMES)
def test_words_have_room_on_a_telephone(site, page, theme):
    """On a telephone nothing stands beside a diagram, and the names of flows have room for a word."""
    page.goto(site(theme))
    beside = "getComputedStyle(document.querySelector('figure.align-left')).float"
    assert page.evaluate(beside) == "left"
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate(beside) == "none"
    assert page.locator(".ps-flows td").first.bounding_box()["width"] >= 144


@pytest.mark.parametrize("theme", THEMES)
def test_notes_have_room(site, page, theme):
    """A note in the place of what cannot be shown keeps off its border, and is as wide as the column."""
    page.goto(site(theme).replace("index.html", "long.html"))
    note, words, block = (
        page.locator(selector).first.bounding_box()
        for selector in (".penstock-error", ".penstock-error p", ".penstock:has(.ps-step-doc)")
    )
    assert words["x"] - note["x"] > 12
    assert note["x"] + note["width"] - words["x"] - words["width"] > 12
    assert abs(note["width"] - block["width"]) < 1


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("theme", THEMES)
def test_text_of_drawings_is_not_shrunk(site, page, theme, width):
    """In each theme a name has 13 pixels, and no other text of a drawing has fewer than 11."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(site(theme))
    sizes = page.evaluate(
        """[...document.querySelectorAll('.ps-frame svg')].flatMap((svg) => {
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
            return [...svg.querySelectorAll('text')].map((text) => Math.round(10 * scale * text.getAttribute('font-size')) / 10);
        })"""
    )
    assert {11, 13} == set(sizes)
