"""The builder doctest runs examples where a function is documented, not where a flow shows it."""

from __future__ import annotations

import re

import pytest

FLOWS = '''
from penstock import flow

one = flow("one")


@one.entrypoint
def double(number):
    """Double a number.

    >>> double(2)
    {result}
    """
    return 2 * number


@one.step(after="double")
def halve(number):
    """Halve a number.

    .. testsetup::

       raise SystemExit

    .. testcode::

       print(halve(4))

    .. testoutput::

       2.0

    .. doctest::

       >>> halve(2)
       1.0
    """
    return number / 2
'''

BESIDE = ".. testsetup::\n\n   from flows import double\n\n.. autofunction:: flows.double\n"

AUTHORS_OWN = ".. penstock-flow:: one\n\n   Its steps.\n\n   >>> 1 + 1\n   {result}\n"


def build(small, index, result=4):
    """Run the examples of a site; return the exit code and how many were tried."""
    small.write("flows.py", FLOWS.format(result=result))
    small.write("index.rst", f"Index\n=====\n\n{index}\n\n.. toctree::\n\n   flow\n")
    small.write("flow.rst", "Flow\n====\n\n.. penstock-flow:: one\n")
    path = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
    extensions = '["sphinx.ext.autodoc", "sphinx.ext.doctest", "penstock_sphinx"]'
    small.write("conf.py", path + small.text("conf.py").replace('["penstock_sphinx"]', extensions))
    built = small.build("doctest")
    return built.code, int(re.findall(r"(\d+) tests?", built.text("output.txt"))[-1])


@pytest.mark.parametrize(
    ("index", "result", "expected"),
    [
        (BESIDE, 4, (0, 1)),
        (BESIDE, 5, (1, 1)),
        ("No function is documented.", 4, (0, 0)),
        (AUTHORS_OWN.format(result=2), 4, (0, 1)),
        (AUTHORS_OWN.format(result=3), 4, (1, 1)),
    ],
    ids=["beside", "wrong beside", "alone", "of the author", "wrong of the author"],
)
def test_examples_of_steps_are_not_run(small, index, result, expected):
    """Examples in the docstrings of steps are shown and not run; those of autodoc and of the author are."""
    assert expected == build(small, index, result)


def test_shown_as_before(small):
    """An example that is not run looks as it did, with its prompt in the colours of Python."""
    build(small, "Nothing.")
    html = small.build("html").text("flow.html")
    assert '<div class="doctest highlight-default notranslate">' in html
    assert '<span class="gp">&gt;&gt;&gt; </span><span class="n">double</span>' in html
