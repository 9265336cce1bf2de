"""Roles: what they show, and what is said of those that lead nowhere."""

from __future__ import annotations

import re

import pytest

MORE = '''
two = flow("two")


@two.entrypoint
def only():
    """Only."""
'''


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (":penstock:step:`one.nope`", "there is no step 'one.nope' in these pages. Known: one.begin, one.finish."),
        (":penstock:flow:`xyz`", "there is no flow 'xyz' in these pages. Known: one."),
        (
            ":penstock:step:`two.only`",
            "there is no step 'two.only' in these pages. No page describes it; show it by: .. penstock-flow:: two",
        ),
        (
            ":penstock:flow:`two`",
            "there is no flow 'two' in these pages. No page describes it; show it by: .. penstock-flow:: two",
        ),
    ],
)
def test_a_role_that_leads_nowhere_is_reported(small, role, expected):
    """A role that leads nowhere is reported with what is known, and what to do."""
    small.write("flows.py", small.text("flows.py") + MORE)
    small.edit("index.rst", ".. penstock", f"{role}\n\n.. penstock")
    (warning,) = small.build().warnings
    assert warning.startswith(f"index.rst:4: WARNING: {expected} [penstock.unknown_")


def test_dangling_where_nothing_is_shown(small):
    """Where no page shows a flow, the warning says how to show one."""
    small.write("index.rst", "Index\n=====\n\n:penstock:step:`one.nope`\n")
    (warning,) = small.build().warnings
    assert "in these pages. No page describes any. Show a flow by: .. penstock-flow:: name [" in warning


def test_title_before_a_tilde(small):
    """A tilde before a target that has a title of its own means nothing."""
    small.write("index.rst", f"{small.text('index.rst')}\n:penstock:step:`The end <~one.finish>`\n")
    page = small.build("html", "-n", "-W").page("index.html")
    assert ["#flow-one-finish"] == [link.href for link in page.links if link.text == "The end"]


ONLY = """
Index
=====

.. toctree::

   other

.. only:: latex

   .. penstock-flow:: one
      :direction: LR

.. only:: html or text

   - .. penstock-flow:: one

.. only:: draft

   .. penstock-flow:: two

   See :penstock:flow:`two`.
"""
OTHER = """
Other
=====

:penstock:flow:`one` and :penstock:step:`one.finish`.

.. penstock-flow:: one
   :no-steps:
"""


@pytest.mark.parametrize("jobs", ["-j1", "-j2"])
def test_places_that_a_build_shows(small, jobs):
    """Links lead to what this build shows of a flow that stands in several directives ``only``, whatever was built before."""
    small.write("flows.py", small.text("flows.py") + MORE)
    small.write("index.rst", ONLY)
    small.write("other.rst", OTHER)
    latex = small.build("latex", "-W", jobs)
    assert (0, "") == (latex.code, latex.complained)
    (text,) = [file.read_text("utf-8") for file in latex.folder.glob("*.tex")]
    asked = set(re.findall(r"\\hyperref\[\\detokenize\{(\w+:flow-one[\w-]*)\}", text))
    assert {"index:flow-one", "index:flow-one-begin", "index:flow-one-finish"} == asked
    assert asked <= set(re.findall(r"\\label\{\\detokenize\{([\w:-]+)\}\}", text))
    html = small.build("html", "-W", jobs)
    assert (0, "") == (html.code, html.complained)
    for name in ("index.html", "other.html", "penstock-flows.html"):
        page = html.page(name)
        assert len([link for link in page.links if "flow-one" in link.href]) > 2
        assert [] == page.dead()
    assert "two" not in html.text("penstock-flows.html")
    assert "two" in small.build("html", "-W", "-t", "draft", jobs).text("penstock-flows.html")
