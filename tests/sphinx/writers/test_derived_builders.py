"""Builders of other extensions, which derive from those of Sphinx."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

OUTPUTS = {
    "html": "index.html",
    "dirhtml": "other/index.html",
    "singlehtml": "index.html",
    "epub": "other.xhtml",
    "latex": "projectnamenotset.tex",
    "text": "other.txt",
    "man": "projectnamenotset.1",
    "texinfo": "projectnamenotset.texi",
    "gettext": "other.pot",
}

EXTENSION = """
from sphinx.builders.dirhtml import DirectoryHTMLBuilder
from sphinx.builders.epub3 import Epub3Builder
from sphinx.builders.gettext import MessageCatalogBuilder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.builders.latex import LaTeXBuilder
from sphinx.builders.manpage import ManualPageBuilder
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.builders.texinfo import TexinfoBuilder
from sphinx.builders.text import TextBuilder

BUILDERS = (
    DirectoryHTMLBuilder, Epub3Builder, MessageCatalogBuilder, StandaloneHTMLBuilder, LaTeXBuilder, ManualPageBuilder,
    SingleFileHTMLBuilder, TexinfoBuilder, TextBuilder,
)


def setup(app):
    for builder in BUILDERS:
        app.add_builder(type(builder.__name__, (builder,), {"name": f"my{builder.name}"}))
    return {"parallel_read_safe": True}
"""

INDEX = """
Index
=====

.. toctree::

   other

.. penstock-flows::

.. penstock-flow:: one
   :caption: Once
   :name: here
"""

OTHER = """
Other
=====

.. penstock-flow:: one
   :format: mermaid
   :caption: Again

.. py:function:: flows.begin()

   Begin, in other words.
"""


@pytest.fixture(scope="module")
def derived(lasting):
    """A site whose pages show one flow twice, with builders that are Sphinx's by other names."""
    lasting.write("builders.py", EXTENSION)
    path = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
    lasting.write(
        "conf.py",
        path + lasting.text("conf.py").replace('["pen', '["builders", "pen') + "version = '1'\ncopyright = 'us'\n",
    )
    lasting.write("index.rst", INDEX)
    lasting.write("other.rst", OTHER)
    return lasting


def content(built, name):
    """Return a file of an output without what Sphinx writes around a page, and without the line that names the time."""
    text = built.text(name)
    if "html" in name:
        return str(BeautifulSoup(text, "html.parser").select_one(".body")).splitlines()
    return [line for line in text.splitlines() if "POT-Creation-Date" not in line]


@pytest.mark.parametrize(("builder", "name"), OUTPUTS.items())
def test_like_the_one_it_derives_from(derived, builder, name):
    """A builder of another name writes a page just as the one that it derives from."""
    outputs = [derived.build(each, "-n", "-W", "-E") for each in (builder, f"my{builder}")]
    assert [(0, ""), (0, "")] == [(built.code, built.complained) for built in outputs]
    assert content(outputs[0], name) == content(outputs[1], name)


def test_epub_by_another_name(derived):
    """An EPUB of a derived builder names its drawings, too, and has no script."""
    built = derived.build("myepub", "-n", "-W")
    assert "" == built.complained
    drawn = re.findall(r'href="([^"]*)"[^>]* properties="svg"', built.text("content.opf"))
    assert ["index.xhtml", "other.xhtml"] == sorted(drawn)
    assert not (built.folder / "_static" / "penstock.js").exists()
