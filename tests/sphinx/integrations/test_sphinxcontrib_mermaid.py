"""Sites that draw with sphinxcontrib-mermaid."""

from __future__ import annotations

import pytest

pytest.importorskip("sphinxcontrib.mermaid")
SCRIPT = "mermaid.esm.min.mjs"


@pytest.fixture
def drawing(small):
    """A site with sphinxcontrib-mermaid and one diagram in its format."""
    small.edit("conf.py", '["penstock_sphinx"]', '["penstock_sphinx", "sphinxcontrib.mermaid"]')
    small.edit("index.rst", ":: one\n", ":: one\n   :format: mermaid\n\n.. toctree::\n\n   plain\n")
    small.write("plain.rst", "Plain\n=====\n")
    return small


def test_script_is_loaded(drawing):
    """A page whose only diagrams are ours gets Mermaid's script; a page without any does not."""
    built = drawing.build("html", "-W", "-n")
    assert (0, "") == (built.code, built.complained)
    page = built.text("index.html")
    assert 1 == page.count('<pre class="mermaid"')
    assert 'click begin href "#flow-one-begin"' in page.replace("&quot;", '"')
    assert SCRIPT in page
    assert SCRIPT not in built.text("plain.html")


def test_svg_needs_no_script(drawing):
    """Where our diagrams are SVG, the page does not get Mermaid's script for them."""
    drawing.edit("index.rst", "   :format: mermaid\n", "")
    assert SCRIPT not in drawing.build("html", "-W").text("index.html")


def test_sphinxcontrib_mermaid_draws_ours(drawing):
    """Where sphinxcontrib-mermaid draws in the build, it draws ours too, by the command that the site names."""
    drawing.write(
        "mmdc.py", "import pathlib, sys\npathlib.Path(sys.argv[sys.argv.index('-o') + 1]).write_text('<svg/>')\n"
    )
    drawing.write("conf.py", drawing.text("conf.py") + DRAWN)
    built = drawing.build("html")
    assert 1 == built.text("index.html").count('type="image/svg+xml"')


def test_other_builders_draw_text(drawing):
    """A builder without scripts shows our drawing in text."""
    built = drawing.build("text", "-W")
    assert "◆ begin" in built.text("index.txt")


def test_epub_has_pictures(drawing):
    """Readers of EPUBs run no scripts, so there the diagram is SVG, also where the pages were read for HTML."""
    drawing.edit("conf.py", "show_warning_types", "version = copyright = '1'\nshow_warning_types")
    drawing.build("html", "-W")
    built = drawing.build("epub", "-W")
    assert (0, "") == (built.code, built.complained)
    page = built.text("index.xhtml")
    assert "ps-svg" in page
    assert '<pre class="mermaid"' not in page
    assert [] == built.page("index.xhtml").dead("ps-svg")


DRAWN = """
import sys
mermaid_output_format = "svg"
mermaid_cmd = f"{sys.executable} {__file__[:-7]}mmdc.py"
"""
