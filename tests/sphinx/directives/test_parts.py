"""Parts of a flow on a page."""

from __future__ import annotations

import re

PART = """
A part
======

:penstock:flow:`one` ends with :penstock:step:`one.finish`.

.. penstock-flow:: one
   :focus: finish
   :depth: 0
"""


def test_links_lead_to_the_whole_flow(small):
    """A page with a part, though it is read first, is never where a flow or a step of it is described."""
    small.write("a_part.rst", PART)
    small.edit("index.rst", "Index\n=====\n", "Index\n=====\n\n.. toctree::\n\n   a_part\n")
    built = small.build()
    assert "" == built.complained
    page = (built.folder / "a_part.html").read_text("utf-8")
    targets = re.findall(r'<a class="reference internal" href="([^"]*)"[^>]*><code', page)
    assert ["index.html#flow-one", "index.html#flow-one-finish"] == targets[:2]
    assert "1 of 2 steps left out." in page


def test_an_unknown_focus_is_reported_at_its_line(small):
    """The build names the steps that there are."""
    small.edit("index.rst", ".. penstock-flow:: one\n", ".. penstock-flow:: one\n   :focus: finsh\n")
    assert "index.rst:4: WARNING: there is no step 'finsh'. Did you mean 'finish'?" in small.build().complained
