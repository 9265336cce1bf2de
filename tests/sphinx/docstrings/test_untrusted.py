"""What a manifest of others brings into a site of Sphinx: text and formatting, whatever it has in it."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from hostile import MARKDOWN, RST, SECRET, evil_flow, faults, save

CONF = """
extensions = [
    "penstock_sphinx", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.autosectionlabel", "sphinx.ext.doctest",
    "sphinx.ext.extlinks", "sphinx.ext.graphviz", "sphinx.ext.ifconfig", "sphinx.ext.mathjax", "sphinx.ext.napoleon",
    "sphinx.ext.todo", "sphinx.ext.viewcode", "myst_parser",
]
extlinks = {"ticket": ("https://example.org/%s", "ticket %s")}
todo_include_todos = True
language = "de"
html_theme = "basic"
show_warning_types = True
penstock_manifests = ["evil.json"]
penstock_source_url = "https://example.org/{file}#L{line}"
myst_enable_extensions = [
    "amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath", "fieldlist", "html_admonition",
    "html_image", "replacements", "smartquotes", "strikethrough", "substitution", "tasklist",
]
myst_substitutions = {"a": "b"}
rst_prolog = '''
.. |own| replace:: the site's own
'''
"""

INDEX = """
Index
=====

.. penstock-flow:: f

Install
-------

|own| words, `as a title`, :ref:`captured-label`.

.. raw:: html

   <i id="own-raw"></i>

.. toctree::

   other
"""

OTHER = 'Other\n=====\n\n.. raw:: html\n\n   <i id="own-raw"></i>\n\n.. todolist::\n'

MYST_INDEX = "# Index\n\n```{penstock-flow} f\n```\n\n## Install\n\nWords.\n"

FILES = {"relative": "../outside.py", "absolute": "{outside}", "inside": "conf.py", "installed": "os.py"}

HARMLESS = frozenset(
    ("control", "doctest", "eval_rst", "function", "lines", "option_class", "target", "target_directive")
)
"""Constructs of RST that are shown as what they are, or without what is no formatting in them."""


class Shown:
    """A site that was built from a manifest, and what it shows of each step."""

    def __init__(self, site) -> None:
        self.site = site
        self.built = built = site.build("html", "-j2")
        self.page = BeautifulSoup(built.text("index.html"), "html.parser")
        found = self.page.select("dl.ps-step-doc")
        self.steps = {each.dt.select_one(".sig-name").get_text(): each for each in found}

    def refused(self, name: str) -> list[str]:
        """The warnings of what was refused of a step."""
        mark = f"the docstring of step {name!r} "
        return [line for line in self.built.complained.splitlines() if mark in line and "[penstock.untrusted]" in line]


def prepared(small, docstrings):
    """Return a small site with that manifest, in a folder that has other files beside it."""
    site = type(small)(small.folder / "site")
    (small.folder / "outside.txt").write_text(SECRET)
    (small.folder / "outside.png").write_text(SECRET)
    (small.folder / "outside.py").write_text(f"KEY = '{SECRET}'\ndef run(): ...\n")
    site.write("conf.py", CONF)
    site.write("other.rst", OTHER)
    files = {name: file.format(outside=small.folder / "outside.py") for name, file in FILES.items()}
    save(evil_flow(docstrings, **files), site.folder / "evil.json")
    return site


@pytest.fixture(scope="module")
def rst(tmp_path_factory, lasting) -> Shown:
    """A site in RST."""
    site = prepared(lasting, RST)
    site.write("index.rst", INDEX)
    return Shown(site)


@pytest.fixture(scope="module")
def myst(tmp_path_factory, lasting) -> Shown:
    """A site in Markdown, whose docstrings are Markdown, too."""
    folder = type(lasting)(tmp_path_factory.mktemp("myst"))
    site = prepared(folder, MARKDOWN)
    (site.folder / "index.rst").unlink()
    site.write("index.md", MYST_INDEX)
    site.write("conf.py", f"{CONF}\npenstock_docstring_style = 'markdown'\n")
    return Shown(site)


@pytest.mark.parametrize("name", RST)
def test_rst_only_formats(rst, name):
    """No construct of RST acts, inserts a file, leads astray, or gives an element what a theme acts on."""
    assert [] == list(faults(rst.steps[name]))


@pytest.mark.parametrize("name", MARKDOWN)
def test_markdown_only_formats(myst, name):
    """No construct of Markdown does, whatever the site's own pages may."""
    assert [] == list(faults(myst.steps[name]))


@pytest.mark.parametrize("name", sorted(RST.keys() - HARMLESS))
def test_what_is_refused_is_told_once(rst, name):
    """There is one warning for a docstring, at the line of the page, which names the manifest and what to do."""
    (warning,) = rst.refused(name)
    assert "index.rst:5: WARNING: evil.json: the docstring" in warning
    assert "penstock_trust_manifests = True" in warning


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_what_is_harmless_is_no_fault(rst, name):
    """What only formats, or does once its options are left out, is not told."""
    assert [] == rst.refused(name)


@pytest.mark.parametrize("name", ["raw", "include", "todo", "graphviz", "ifconfig", "download", "deep_lists"])
def test_what_is_refused_is_shown_as_text(rst, name):
    """A reader sees what stands in the docstring."""
    first = RST[name].splitlines()[0].lstrip("* ")
    assert first in rst.steps[name].get_text()


def test_nothing_ran_and_nothing_was_published(rst, myst):
    """No Python of a docstring is executed, and viewcode publishes no file that a manifest names."""
    for shown in (rst, myst):
        assert [] == [str(file) for file in shown.site.folder.rglob("EXECUTED")]
        published = [file for file in shown.built.folder.rglob("*") if file.is_file()]
        assert [] == [file.name for file in published if SECRET.encode() in file.read_bytes()]
        assert not (shown.built.folder / "_modules").exists()


def test_the_builder_of_doctests_runs_nothing(rst):
    """An example in a docstring of others is no test."""
    done = rst.site.build("doctest")
    assert "0 tests" in done.said
    assert [] == [str(file) for file in rst.site.folder.rglob("EXECUTED")]


def test_the_page_around_is_what_it_was(rst):
    """Roles, substitutions, labels and ids of the page are its own, and its own markup may do all."""
    section = rst.page.find(id="install")
    assert "Install" in section.get_text()
    assert "the site’s own words, as a title" in " ".join(section.get_text().split()).replace("'", "’")
    assert section.find(id="own-raw")
    assert 'id="own-raw"' in rst.built.text("other.html")
    assert "captured" not in rst.built.text("other.html")


def test_no_index_or_inventory_has_what_a_docstring_names(rst):
    """Objects, terms, entries and todos of docstrings are none of the site's."""
    for name in ("genindex.html", "searchindex.js"):
        assert (
            "captured_function" not in BeautifulSoup(rst.built.text(name), "html.parser").get_text()
            or name != "genindex.html"
        )
    index = rst.built.text("genindex.html")
    assert [] == [word for word in ("captured", "fly", "antigravity") if word in index]


@pytest.mark.parametrize("name", ["relative", "absolute"])
def test_a_file_outside_is_no_place(rst, name):
    """It is neither shown nor linked."""
    assert "outside" not in rst.steps[name].get_text()


def test_a_file_inside_is_a_place(rst):
    """It is shown, and linked to where the settings say."""
    (link,) = rst.steps["inside"].select(".ps-meta a")
    assert ("conf.py:2", "https://example.org/conf.py#L2") == (link.get_text(), link["href"])


def test_what_is_trusted_may_all(lasting):
    """With ``trust_manifests``, a manifest is one's own."""
    site = type(lasting)(lasting.folder / "trusted")
    site.edit(
        "conf.py", 'penstock_modules = ["flows"]', 'penstock_manifests = ["own.json"]\npenstock_trust_manifests = True'
    )
    save(evil_flow({name: RST[name] for name in ("raw", "todo", "link")}), site.folder / "own.json")
    site.write("index.rst", "Index\n=====\n\n.. penstock-flow:: f\n")
    site.edit("conf.py", '["penstock_sphinx"]', '["penstock_sphinx", "sphinx.ext.todo"]')
    built = site.build()
    assert '<b id="rawhtml">' in built.text("index.html")
    assert [] == [line for line in built.warnings if "untrusted" in line]


def test_trust_is_asked_anew(lasting):
    """A page is read again when a manifest is trusted no more."""
    site = type(lasting)(lasting.folder / "turned")
    site.edit("conf.py", 'penstock_modules = ["flows"]', 'penstock_manifests = ["own.json"]')
    save(evil_flow({"raw": RST["raw"]}), site.folder / "own.json")
    site.write("index.rst", "Index\n=====\n\n.. penstock-flow:: f\n")
    assert '<b id="rawhtml">' in site.build("html", "-D", "penstock_trust_manifests=1").text("index.html")
    assert '<b id="rawhtml">' not in site.build().text("index.html")


@pytest.mark.parametrize("suffix", [".rst", ".md"])
def test_a_name_is_no_markup_on_a_generated_page(lasting, suffix):
    """A line break, a fence or a brace in a name begins nothing, and the page still shows the flow."""
    names = [
        "a\n\n.. raw:: html\n\n   <b id='rawhtml'>",
        "```\n<b id='rawhtml'>",
        "{{ 7 * 191 }}",
        '"quoted"',
        ":class: x",
    ]
    site = type(lasting)(lasting.folder / f"names{suffix}")
    code = "".join(f"flow({name!r}).entrypoint(name='go')(go)\n" for name in names)
    site.write("flows.py", f"from penstock import flow\ndef go(): 'Go.'\n{code}")
    (site.folder / "index.rst").unlink()
    lists = {
        ".rst": "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n",
        ".md": "# Index\n\n```{penstock-flows}\n:toctree: flows\n```\n",
    }
    site.write(f"index{suffix}", lists[suffix])
    if suffix == ".md":
        site.edit("conf.py", '["penstock_sphinx"]', '["penstock_sphinx", "myst_parser"]')
        site.write("conf.py", site.text("conf.py") + "source_suffix = {'.md': 'markdown'}\n")
    built = site.build("html", "-W")
    pages = [
        BeautifulSoup(file.read_text("utf-8"), "html.parser") for file in built.folder.joinpath("flows").glob("*.html")
    ]
    assert "" == built.complained
    assert ([], [1] * len(names)) == (
        [page.find(id="rawhtml") for page in pages if page.find(id="rawhtml")],
        [len(page.select(".ps-step-doc")) for page in pages],
    )
