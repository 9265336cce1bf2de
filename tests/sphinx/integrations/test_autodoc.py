from __future__ import annotations

import re
import zlib

import pytest

FLOWS = '''
from penstock import flow

one = flow("one")


@one.entrypoint
def begin(number: int, *rest: str) -> list[str]:
    """Begin.

    At length and in detail.

    Args:
        number: Which one.
    """
    return []


class Worker:
    """Works."""

    @one.step(after="begin")
    def finish(self) -> None:
        """Finish.

        For good.
        """
'''


@pytest.fixture
def both(small):
    """A small site with a page of the flow, and one that autodoc makes."""
    small.write("flows.py", FLOWS)
    small.edit("conf.py", '["penstock_sphinx"]', '["sphinx.ext.autodoc", "penstock_sphinx"]')
    small.write(
        "conf.py",
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
        + small.text("conf.py"),
    )
    small.write("index.rst", "Index\n=====\n\n.. toctree::\n\n   flow\n   api\n")
    small.write("flow.rst", "Flow\n====\n\n.. penstock-flow:: one\n")
    small.write("api.rst", "API\n===\n\n.. autofunction:: flows.begin\n\n.. autoclass:: flows.Worker\n   :members:\n")
    return small


def texts(built, page):
    """Return a page's text on one line."""
    return " ".join(built.page(page).text.split())


def test_link_to_each_other(both):
    """Where autodoc documents the function, the step has its first paragraph and a link, and the function one back."""
    built = both.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    flow, api = texts(built, "flow.html"), texts(built, "api.html")
    assert "At length and in detail." in api
    assert "At length and in detail." not in flow
    assert "Begin. Described in full at flows.begin" in flow
    assert {"api.html#flows.begin", "api.html#flows.Worker.finish"} <= {
        link.href for link in built.page("flow.html").within("ps-elsewhere")
    }
    assert ["flow.html#flow-one-begin", "flow.html#flow-one-finish"] == [
        link.href for link in built.page("api.html").within("ps-step-of")
    ]


def test_text_builder_too(both):
    """Without links there is nothing to lead to, so both places have it."""
    built = both.build("text", "-n", "-W")
    assert "Step one.begin" in built.text("api.txt")


def test_not_documented(both):
    """Where autodoc does not document it, the step has all of its docstring."""
    both.write("api.rst", "API\n===\n\n.. autofunction:: flows.begin\n   :no-index:\n")
    built = both.build("html", "-n", "-W")
    assert "At length and in detail." in texts(built, "flow.html")
    assert "Described in full" not in texts(built, "flow.html")


def test_described_without_a_word(both):
    """Where the function's description says nothing, the docstring stays with the step, until it says something."""
    both.write("api.rst", "API\n===\n\n.. py:function:: flows.begin(number)\n")
    built = both.build("html", "-n", "-W")
    assert "At length and in detail." in texts(built, "flow.html")
    assert "Also described at flows.begin" in texts(built, "flow.html")
    assert "Step one.begin" in texts(built, "api.html")
    both.write("api.rst", "API\n===\n\n.. py:function:: flows.begin(number)\n\n   All of it.\n")
    built = both.build("html", "-n", "-W")
    assert "At length and in detail." not in texts(built, "flow.html")


def test_described_elsewhere(both):
    """Where only another project describes the function, the docstring stays with the step."""
    head = "# Sphinx inventory version 2\n# Project: other\n# Version: 1\n"
    head += "# The remainder of this file is compressed using zlib.\n"
    entry = zlib.compress(b"flows.begin py:function 1 api.html#$ -\n")
    (both.folder / "other.inv").write_bytes(head.encode() + entry)
    both.edit("conf.py", '"sphinx.ext.autodoc"', '"sphinx.ext.autodoc", "sphinx.ext.intersphinx"')
    mapping = 'intersphinx_mapping = {"other": ("https://example.org/", "other.inv")}\n'
    both.write("conf.py", both.text("conf.py") + mapping)
    both.write("api.rst", "API\n===\n")
    built = both.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
    assert "At length and in detail." in texts(built, "flow.html")
    assert ["https://example.org/api.html#flows.begin"] == [
        link.href for link in built.page("flow.html").within("ps-elsewhere")
    ]


def test_pages_that_come_later(both):
    """A page that autodoc makes later changes the flow's page, and the other way round."""
    both.write("api.rst", "API\n===\n")
    both.build("html", "-n", "-W")
    both.write("api.rst", "API\n===\n\n.. autofunction:: flows.begin\n")
    built = both.build("html", "-n", "-W")
    assert "Described in full at flows.begin" in texts(built, "flow.html")
    both.write("flow.rst", "Flow\n====\n")
    built = both.build("html", "-n", "-W")
    assert "Step one.begin" not in texts(built, "api.html")
    both.write("flow.rst", "Flow\n====\n\n.. penstock-flow:: one\n")
    built = both.build("html", "-n", "-W")
    assert "Step one.begin" in texts(built, "api.html")


def test_function_becomes_a_step(both):
    """A function that is a step from now on has its own page read again."""
    both.edit("flows.py", "@one.entrypoint\ndef begin", "@one.entrypoint\ndef start(): ...\n\n\ndef begin")
    both.edit("flows.py", '@one.step(after="begin")', '@one.step(after="start")')
    both.build("html", "-n", "-W")
    both.edit("flows.py", "\n\ndef begin", '\n\n@one.step(after="start")\ndef begin')
    built = both.build("html", "-n", "-W")
    assert {"api", "flow"} == set(built.read)
    assert "Step one.begin" in texts(built, "api.html")


@pytest.mark.parametrize(
    ("mode", "signature", "fields"),
    [
        ("signature", "begin(number: int, *rest: str) → list[str]", "Parameters: number – Which one."),
        (
            "description",
            "begin(number, *rest)",
            "Parameters: number (int) – Which one. rest (str) Return type: list[str]",
        ),
        (
            "both",
            "begin(number: int, *rest: str) → list[str]",
            "Parameters: number (int) – Which one. rest (str) Return type: list[str]",
        ),
        ("none", "begin(number, *rest)", "Parameters: number – Which one."),
    ],
)
def test_type_hints_as_autodoc_shows_them(both, mode, signature, fields):
    """The setting autodoc_typehints holds for steps as well."""
    both.write("conf.py", both.text("conf.py") + f"autodoc_typehints = {mode!r}\n")
    both.write("api.rst", "API\n===\n")
    text = texts(both.build("html", "-W"), "flow.html").replace("¶", "")
    assert signature in text
    assert fields in re.sub(r" +(?=:)", "", text)


def test_linkcode_resolves_steps(both):
    """What linkcode resolves for functions, it resolves for steps."""
    both.edit("conf.py", '"sphinx.ext.autodoc"', '"sphinx.ext.autodoc", "sphinx.ext.linkcode"')
    resolve = (
        "def linkcode_resolve(domain, info):\n    return f\"https://example.org/{info['module']}/{info['fullname']}\"\n"
    )
    both.write("conf.py", both.text("conf.py") + resolve)
    built = both.build("html", "-n", "-W")
    assert "https://example.org/flows/Worker.finish" in {
        link.href for link in built.page("flow.html").within("ps-meta")
    }
