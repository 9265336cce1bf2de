"""What themes do to a page of flows, on screen and on paper."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
'''

INDEX = """
Orders
======

.. penstock-flows::

.. penstock-flow:: orders

.. penstock-flow:: orders
   :format: mermaid
   :no-steps:

.. penstock-flow:: orders
   :direction: LR
   :no-steps:
"""

COLOR = "(selector) => getComputedStyle(document.querySelector(selector)).color"
BOX = """(selector) => {
    const style = getComputedStyle(document.querySelector(selector))
    return [style.display, style.backgroundColor, style.borderTopWidth, style.borderLeftWidth, style.paddingTop]
}"""
MUTED, INK = "rgb(102, 112, 133)", "rgb(31, 36, 48)"


@pytest.fixture(scope="module")
def site(tmp_path_factory, serving):
    """Builds a page with a theme, and serves it; gives its address."""
    source = tmp_path_factory.mktemp("themes")
    (source / "flows.py").write_text(FLOWS, "utf-8")
    (source / "index.rst").write_text(INDEX, "utf-8")
    conf = 'extensions = ["penstock_sphinx"]\npenstock_modules = ["flows"]\npenstock_path = ["."]\n'
    (source / "conf.py").write_text(conf, "utf-8")

    def build(theme: str) -> str:
        folder = source / "_build" / theme
        if not folder.exists():
            command = [sys.executable, "-m", "sphinx", "-q", "-D", f"html_theme={theme}", source, folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
            assert (0, "") == (done.returncode, done.stderr)
        return f"{address}/_build/{theme}/index.html"

    with serving(source) as address:
        yield build


@pytest.mark.parametrize(
    ("theme", "dark"),
    [
        ("furo", "document.body.dataset.theme = 'dark'"),
        ("furo", "document.body.dataset.theme = 'auto'"),
        ("pydata_sphinx_theme", "document.documentElement.dataset.theme = 'dark'"),
    ],
)
def test_paper_is_white(site, page, theme, dark):
    """Whoever reads in the dark prints in dark ink on white."""
    page.emulate_media(color_scheme="dark")
    page.goto(site(theme))
    page.evaluate(dark)
    card = "getComputedStyle(document.querySelector('figure .ps-svg .ps-step rect')).fill"
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
    colors = page.evaluate(f"[...new Set({parts}.map((each) => getComputedStyle(each).color))]")
    assert colors == [MUTED]


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
