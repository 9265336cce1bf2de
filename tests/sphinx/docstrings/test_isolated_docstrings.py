"""Docstrings that name things, on pages of flows and on those that autodoc makes."""

from __future__ import annotations

import zlib

import pytest

FLOWS = '''
from penstock import flow

one = flow("one")


@one.entrypoint
def begin():
    """Begin as [Knuth]_ says, see [1]_, `rules`_ and `this <https://example.org>`__.

    .. _rules:

    .. rubric:: Rules of beginning

    Be good, :ref:`all <rules>`.

    .. [1] A footnote.
    .. [Knuth] A citation.

    .. index:: goodness
    """


@one.step(after="begin")
class Finish:
    """Finish, then `begin`.

    Attributes:
        size: How much.

    Methods:
        go: Goes.
    """

    def go(self):
        """Go."""
'''
SHOWN = "Flow\n====\n\n`Outside <https://example.com>`__.\n\n.. penstock-flow:: one\n"


@pytest.fixture
def named(small):
    """A small site with two pages of one flow, and a reference to what a docstring of it names."""
    small.write("flows.py", FLOWS)
    small.edit("conf.py", '["penstock_sphinx"]', '["sphinx.ext.autodoc", "penstock_sphinx"]')
    path = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
    small.write("conf.py", path + small.text("conf.py"))
    small.write("index.rst", "Index\n=====\n\nSee :ref:`rules`.\n\n.. toctree::\n   :glob:\n\n   *\n")
    small.write("first.rst", SHOWN)
    small.write("second.rst", SHOWN)
    return small


def with_api(site, text=".. automodule:: flows\n   :members:\n"):
    """Add a page that autodoc makes."""
    site.write("api.rst", f"API\n===\n\n{text}")


def dead(built):
    """Return the links in all pages of HTML that lead nowhere."""
    return [link for file in built.folder.glob("*.html") for link in built.page(file.name).dead()]


def links(built, page, part):
    """Return a page's links to what has something in its address, with their texts."""
    return [(link.href, link.text) for link in built.page(page).links if part in link.href]


def inventory(built):
    """Return the lines of a site's inventory."""
    content = (built.folder / "objects.inv").read_bytes()
    return zlib.decompress(content.split(b"zlib.\n", 1)[1]).decode().splitlines()


def test_names_are_those_of_the_docstring(named):
    """What docstrings name may be on several pages; a label that nobody else has leads to the first of them."""
    built = named.build("html", "-n", "-W")
    assert (0, []) == (built.code, built.warnings)
    assert [("first.html#rules", "Rules of beginning")] == links(built, "index.html", "#rules")
    assert [("#rules", "rules"), ("#rules", "all")] == links(built, "second.html", "#rules")
    assert [] == dead(built)
    assert [] == [line for line in inventory(built) if "size" in line or "Knuth" in line]


def test_labels_in_markdown(named):
    """The same holds for docstrings in Markdown."""
    pytest.importorskip("myst_parser")
    named.edit("conf.py", '"penstock_sphinx"', '"myst_parser", "penstock_sphinx"')
    named.edit("conf.py", "penstock_modules", 'penstock_docstring_style = "markdown"\npenstock_modules')
    named.write(
        "flows.py",
        'from penstock import flow\n\n@flow("one").entrypoint\ndef a():\n    """A.\n\n    (rules)=\n    B.\n    """\n',
    )
    named.write("index.rst", named.text("index.rst").replace("`rules`", "`them <rules>`"))
    built = named.build("html", "-n", "-W")
    assert (0, []) == (built.code, built.warnings)
    assert [("first.html#rules", "them")] == links(built, "index.html", "#rules")
    assert [] == dead(built)


@pytest.mark.parametrize("builder", ["html", "singlehtml", "text", "latex", "man", "texinfo"])
def test_autodoc_has_the_names(named, builder):
    """Where autodoc documents the function, its page has the names, and no link leads to what is left out."""
    with_api(named)
    built = named.build(builder, "-n", "-W")
    assert (0, []) == (built.code, built.warnings)
    if builder == "html":
        assert ["api.html#rules"] == [href for href, _ in links(built, "index.html", "#rules")]
        assert [] == dead(built)


def test_any_leads_to_the_function(named):
    """The role ``any`` leads to the function where a step has the same name, and to the step by its full name."""
    with_api(named)
    named.write("conf.py", f'{named.text("conf.py")}default_role = "any"\n')
    named.write("index.rst", named.text("index.rst") + "\n`begin`, `one.begin` and `one`.\n")
    built = named.build("html", "-n", "-W")
    assert (0, []) == (built.code, built.warnings)
    assert ("api.html#flows.begin", "begin") in links(built, "index.html", "#flows.begin")
    assert ("first.html#flow-one-begin", "one.begin") in links(built, "index.html", "#flow-one-begin")
    assert ("first.html#flow-one", "one") in links(built, "index.html", "#flow-one")


PUBLIC = """
.. autofunction:: shop.begin

.. autoclass:: shop.Sub
   :members:
   :inherited-members:
"""
PRIVATE = '''
from penstock import flow

one = flow("one")


@one.entrypoint
def begin():
    """Begin.

    At length.
    """


class Base:
    """Works."""

    @one.step(after="begin")
    def finish(self):
        """Finish.

        For good.
        """


class Sub(Base):
    """Inherits."""
'''


def test_public_names(named):
    """A function that autodoc documents under its public name, or a subclass's, is known, and described there alone."""
    named.write("shop/__init__.py", "from shop._core import Sub, begin\n")
    named.write("shop/_core.py", PRIVATE)
    named.edit("conf.py", '["flows"]', '["shop.*"]')
    named.edit("index.rst", "See :ref:`rules`.", "")
    with_api(named, PUBLIC)
    for options in ((), ("-E", "-j2")):
        built = named.build("html", "-n", "-W", *options)
        assert (0, []) == (built.code, built.warnings)
        described = [(link.href, link.text) for link in built.page("first.html").within("ps-elsewhere")]
        assert [("api.html#shop.begin", "shop.begin"), ("api.html#shop.Sub.finish", "shop.Sub.finish")] == described
        assert "At length." not in built.text("first.html")
        assert "For good." not in built.text("first.html")
        assert ["one.begin", "one.finish"] == [link.text for link in built.page("api.html").within("ps-step-of")]
    assert [] == named.build("html", "-W").read


@pytest.mark.parametrize("builder", ["man", "singlehtml"])
def test_docstring_stays_where_its_reference_is_elsewhere(named, builder):
    """In a document that has the flow's page and not autodoc's, the docstring is whole."""
    named.write("flows.py", PRIVATE)
    named.write("index.rst", "Index\n=====\n\n.. toctree::\n\n   first\n")
    (named.folder / "second.rst").unlink()
    with_api(named, ".. automodule:: flows\n   :members:\n")
    named.edit("api.rst", "API", ":orphan:\n\nAPI")
    built = named.build(builder, "-n", "-W")
    assert (0, []) == (built.code, built.warnings)
    [text] = [file.read_text("utf-8") for file in built.folder.glob("*.1" if builder == "man" else "index.html")]
    assert "At length." in text
    assert "Described in full" not in text


SHOWS_ITSELF = '''
from penstock import flow

one = flow("one")
two = flow("two")


@one.entrypoint(trigger="cron")
def begin():
    """Begin.

    .. penstock-flow:: one

    .. penstock-flow:: two
    """


@two.entrypoint
def other():
    """Other.

    .. penstock-flow:: one
    """
'''


@pytest.mark.parametrize("builder", ["html", "text", "latex"])
def test_docstring_that_shows_its_own_flow(named, builder):
    """It shows the diagram, without the steps that are described already, and each chip once."""
    named.write("flows.py", SHOWS_ITSELF)
    named.write("index.rst", "Index\n=====\n\n.. penstock-flow:: one\n")
    for page in ("first.rst", "second.rst"):
        (named.folder / page).unlink()
    built = named.build(builder, "-n", "-W")
    assert (0, []) == (built.code, built.warnings)
    if builder == "html":
        assert 3 + 1 == built.text("index.html").count("<svg")
        assert ["flow-one-begin", "flow-two-other"] == [
            each for each in built.page("index.html").ids if each.endswith(("-begin", "-other"))
        ]
    if builder == "text":
        assert 1 == built.text("index.txt").count("begin() [entrypoint] [cron]")


def test_no_index(named):
    """With ``no-index``, a second description is no object, and in no index."""
    named.write("index.rst", "Index\n=====\n\n.. toctree::\n   :glob:\n\n   *\n")
    for page in ("first.rst", "second.rst"):
        named.write(page, f"{SHOWN}   :no-index:\n")
    built = named.build("html", "-n", "-W")
    assert (0, []) == (built.code, built.warnings)
    assert [] == [line for line in inventory(built) if " penstock:" in line]
    assert [] == links(built, "genindex.html", "flow-one")
    assert ["flow-one-begin"] == [each for each in built.page("first.html").ids if each.endswith("begin")]
