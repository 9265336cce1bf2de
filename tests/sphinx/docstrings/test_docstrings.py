"""Docstrings on pages: who may change them, what is said of their faults, and what stays in its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penstock_sphinx.domain.domain import PenstockDomain

FLOWS = '''
from penstock import flow

one = flow("one")


@one.entrypoint
def begin():
    """{begin}"""


@one.step(after="begin")
def finish():
    """{finish}"""
'''

LISTENER = """

def setup(app):
    app.connect("autodoc-process-docstring", listen)


def listen(app, what, name, obj, options, lines):
"""


def write(small, begin, finish="Finish."):
    """Write the docstrings of two steps."""
    small.write("flows.py", FLOWS.format(begin=begin, finish=finish))


def listening(small, what):
    """Let the site do something with the lines of docstrings."""
    small.edit("conf.py", '"penstock_sphinx"]', '"sphinx.ext.autodoc", "penstock_sphinx"]')
    small.write("conf.py", f"{small.text('conf.py')}{LISTENER}    {what}\n")


def markdown(small):
    """Have the docstrings read as Markdown."""
    small.edit("conf.py", '["penstock_sphinx"]', '["myst_parser", "penstock_sphinx"]')
    small.write("conf.py", small.text("conf.py") + 'penstock_docstring_style = "markdown"\n')


def texts(built, page="index.html"):
    """Return a page's text on one line."""
    return " ".join(built.page(page).text.split())


def test_last_line_is_blank(small):
    """Whoever adds lines to a docstring may count on a blank one at its end, as with autodoc."""
    listening(small, 'lines.append(f"after {lines[-1]!r}")')
    assert "Begin. after ‘’" in texts(small.build("html", "-W"))


def test_listeners_see_markdown(small):
    """Docstrings in Markdown are shown to those who may change them, and napoleon makes no RST of them."""
    markdown(small)
    small.edit("conf.py", '["myst_parser"', '["sphinx.ext.napoleon", "myst_parser"')
    write(small, "Begin.\n\n    Args:\n    - **x**: none.\n    ")
    listening(small, 'lines.append("And *more*.")')
    built = small.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
    assert "<em>more</em>" in built.text("index.html")
    assert "Args:" in texts(built)


FAULTS = {
    "markup": ("rst", "Begin *here.", "docstring of flows.begin:1: WARNING: Inline emphasis start-string without end"),
    "reference": ("rst", "See `nowhere`_.", 'docstring of flows.begin:1: ERROR: Unknown target name: "nowhere"'),
    "markdown": ("markdown", "Begin.\n\n    ```{nothing}\n    ```\n    ", "Unknown directive type: 'nothing'"),
    "listener": ("broken", "Begin.", "index.rst:4: WARNING: the docstring of flows.begin is shown as it is"),
    "myst": ("without", "Begin.", "index.rst:4: WARNING: docstrings in Markdown need MyST."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_said_in_each_build(small, fault):
    """What is wrong with a docstring is reported until it is mended, not once."""
    style, begin, said = FAULTS[fault]
    write(small, begin)
    if style in ("markdown", "without"):
        markdown(small)
    if style == "without":
        small.edit("conf.py", '"myst_parser", ', "")
    if style == "broken":
        listening(small, "raise ValueError(obj)")
    assert said in small.build().complained
    assert said in small.build().complained


def test_sound_docstrings_are_read_once(small):
    """A page without faults is not read again."""
    small.build("html", "-W")
    assert [] == small.build("html", "-W").read


NOTE = "{text} [{mark}]_\n\n    .. [{mark}] Note of {text}\n    "
MARKDOWN_NOTE = "{text} [^{mark}]\n\n    [^{mark}]: Note of {text}\n    "


@pytest.mark.parametrize("mark", ["1", "#", "#note"])
@pytest.mark.parametrize("page", ["rst", "md"])
def test_footnotes_stay_in_their_docstring(small, page, mark):
    """Each docstring has footnotes of its own, below its text, on RST pages and on Markdown ones."""
    small.edit("conf.py", '["penstock_sphinx"]', '["myst_parser", "penstock_sphinx"]')
    write(small, NOTE.format(text="Begin.", mark=mark), NOTE.format(text="Finish.", mark=mark))
    if page == "md":
        (small.folder / "index.rst").unlink()
        small.write("index.md", "# Index [^1]\n\n[^1]: Of the page.\n\n```{penstock-flow} one\n```\n")
    else:
        small.edit("index.rst", "\n.. pen", "\nText [1]_\n\n.. [1] Of the page.\n\n.. pen")
    built = small.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
    text = texts(built)
    assert text.index("Note of Begin.") < text.index("then finish") < text.index("Note of Finish.")
    references = built.page("index.html").within("footnote-reference")
    assert 2 == sum("penstock" in reference.within for reference in references) == len(references) - 1
    assert [] == built.page("index.html").dead("footnote-reference")


PARAMETERS = """
from sphinx.domains.python import PyFunction


class Function(PyFunction):
    def transform_content(self, content):
        if "noindex" not in self.options:
            self.env.get_domain("py").note_object("step.parameter", "parameter", "id")


def setup(app):
    app.add_directive_to_domain("py", "function", Function, override=True)
"""


def test_parameters_are_no_objects(small):
    """A theme that makes objects of parameters, as Sphinx Immaterial does, finds both spellings of the option in steps."""
    small.write("conf.py", small.text("conf.py") + PARAMETERS)
    built = small.build("html", "-W")
    assert (0, "") == (built.code, built.complained)


def test_citations_keep_their_names(small):
    """What numpydoc puts before the name of a citation is not shown, and the way back is one where one leads to it."""
    listening(small, "lines[:] = [line.replace('[Knuth]', '[R0a1b2c3d4e5f-Knuth]') for line in lines]")
    write(small, NOTE.format(text="Begin.", mark="Knuth"), NOTE.format(text="Finish.", mark="R-2"))
    built = small.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
    assert ["Knuth", "R-2"] == [link.text.strip("[]") for link in built.page("index.html").within("footnote-reference")]
    assert "Begin. [Knuth] [Knuth] Note of Begin." in texts(built).replace("¶", "")


def test_footnotes_in_markdown(small):
    """Two docstrings in Markdown may name a footnote alike."""
    markdown(small)
    write(small, MARKDOWN_NOTE.format(text="Begin.", mark="1"), MARKDOWN_NOTE.format(text="Finish.", mark="1"))
    built = small.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
    text = texts(built)
    assert text.index("Note of Begin.") < text.index("then finish") < text.index("Note of Finish.")


def test_nothing_of_ours_to_translate(small):
    """Translators get the docstrings, not the names and places around them."""
    small.edit("conf.py", '"penstock_sphinx"]', '"sphinx.ext.autodoc", "penstock_sphinx"]')
    small.write("index.rst", small.text("index.rst") + "   :paths:\n\n.. py:function:: flows.begin\n\n   Told here.\n")
    catalog = small.build("gettext", "-W").text("index.pot")
    found = [line[7:-1] for line in catalog.splitlines() if line.startswith("msgid ")]
    assert ["", "Index", "Begin.", "Finish.", "Told here."] == found


def test_every_kind_of_warning_is_in_the_documentation():
    """The how-to page has each type of warning that the extension gives."""
    root = Path(__file__).parents[3]
    page = (root / "docs" / "how-to" / "sphinx.md").read_text("utf-8")
    code = "".join(file.read_text("utf-8") for file in sorted((root / "penstock_sphinx").rglob("*.py")))
    given = set(re.findall(r'(?:subtype=|(?:note|warn)\(.*, )"(\w+)"', code)) | {
        f"unknown_{kind}" for kind in PenstockDomain.object_types
    }
    assert {f"penstock.{name}" for name in given} == set(
        re.findall(r"`(penstock\.\w+)`", page.partition("| Type |")[2])
    )
