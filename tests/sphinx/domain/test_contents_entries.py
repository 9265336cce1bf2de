"""Steps in tables of contents, which Sphinx's settings for objects hold for."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

NAMES = ["begin", "finish"]
SETTINGS = [
    ("", NAMES),
    ("toc_object_entries = True", NAMES),
    ("toc_object_entries = False", []),
    ("toc_object_entries = False\ntoc_object_entries_show_parents = 'all'", []),
    ("toc_object_entries_show_parents = 'domain'", NAMES),
    ("toc_object_entries_show_parents = 'hide'", NAMES),
    ("toc_object_entries_show_parents = 'all'", ["one.begin", "one.finish"]),
]


def entries(small):
    """Return what stands in the table of contents of the sidebar, and in that of the first page."""
    built = small.build("html", "-n", "-W")
    pages = {name: BeautifulSoup(built.text(name), "html.parser") for name in ("index.html", "flow.html")}
    assert built.code == 0
    tables = pages["flow.html"].select_one(".sphinxsidebar"), pages["index.html"].select_one(".toctree-wrapper")
    return [[link.get_text() for link in table.select("li a code")] for table in tables]


@pytest.mark.parametrize(("settings", "expected"), SETTINGS)
def test_settings_of_sphinx(small, settings, expected):
    """Whether steps stand there, and whether the name of their flow does, is set as for all other objects."""
    small.write("conf.py", f"{small.text('conf.py')}html_sidebars = {{'**': ['localtoc.html']}}\n{settings}\n")
    small.write("index.rst", "Index\n=====\n\n.. toctree::\n\n   flow\n")
    small.write("flow.rst", "Flow\n====\n\n.. penstock-flow:: one\n")
    assert [expected, expected] == entries(small)
