"""Pages that ``penstock-flows`` makes."""

from __future__ import annotations

import pytest

FLOWS = '''
from penstock import flow

orders = flow("orders", tags=["sales"])
audit = flow("audit", tags=["ops"])
{more}

@orders.entrypoint
def accept():
    """Accept an order."""


@audit.entrypoint
def write():
    """Write it down."""
'''
LISTS = "Index\n=====\n\n.. penstock-flows::\n   :tag: sales\n   :toctree: {0}\n\n.. penstock-flows::\n   :tag: ops\n   :toctree: {1}\n"
MARK = ".. penstock made this page; without this line it stays as you write it\n\nOld\n===\n"


@pytest.fixture
def paged(small):
    """A small site with two flows, to be listed on its first page."""
    small.write("flows.py", FLOWS.format(more=""))
    return small


def made(site):
    """Return the pages that are there, by their names."""
    return sorted(str(file.relative_to(site.folder)) for file in site.folder.rglob("*.rst"))


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (("flows", "flows"), ["flows/audit.rst", "flows/orders.rst", "index.rst"]),
        (("/flows", "flows/../flows/"), ["flows/audit.rst", "flows/orders.rst", "index.rst"]),
        ((".", "flows"), ["flows/audit.rst", "index.rst", "orders.rst"]),
    ],
)
def test_several_lists(paged, folders, expected):
    """Two lists have their pages in one folder, or in one below the other, build after build."""
    paged.write("index.rst", LISTS.format(*folders))
    for _ in range(2):
        built = paged.build("html", "-n", "-W")
        assert (0, "", expected) == (built.code, built.complained, made(paged))


def test_removed_by_the_last_list(paged):
    """The page of a flow that is gone is removed, those of others and a copy of somebody's own stay."""
    paged.write("index.rst", LISTS.format("flows", "flows"))
    paged.write("conf.py", f'{paged.text("conf.py")}exclude_patterns = ["other"]\n')
    paged.write("flows/gone.rst", MARK)
    paged.write("other/flows/theirs.rst", MARK)
    built = paged.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert ["flows/audit.rst", "flows/orders.rst", "index.rst", "other/flows/theirs.rst"] == made(paged)


@pytest.mark.parametrize("folder", ["../outside", "/../outside", "a/../../outside"])
def test_outside_of_the_sources(paged, folder):
    """No page is written or removed outside the folder of the sources, and the directive says so."""
    site = type(paged)(paged.folder / "docs")
    site.write("flows.py", FLOWS.format(more=""))
    site.write("index.rst", LISTS.format("flows", folder))
    paged.write("outside/gone.rst", MARK)
    built = site.build()
    assert built.code == 0
    (warning,) = built.warnings
    assert (
        f"index.rst:8: WARNING: the folder '{folder}' in :toctree: is outside the folder of the sources. "
        "Name one inside it, such as 'flows'. [penstock.page]"
    ) == warning
    assert ["flows/orders.rst", "index.rst"] == made(site)
    assert ["gone.rst"] == [file.name for file in (paged.folder / "outside").iterdir()]


def test_long_names(paged):
    """A name that is too long for a file is cut, and what was cut still tells pages apart."""
    more = 'for end in "ab":\n    flow("é" * 300 + end).entrypoint(name="x")(lambda: None)\n'
    paged.write("flows.py", FLOWS.format(more=more))
    paged.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    built = paged.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert 5 == len(made(paged))
    assert 120 > max(len(name.encode()) for name in made(paged))


AWKWARD = [
    *(
        "a b",
        "a  b",
        " a b",
        "a b ",
        "a\tb",
        "a\nb",
        "a\rb",
        "a\x00b",
        "a\x1b[1mb",
        "a\x85b",
        "a\u00a0b",
        "a\u2028b",
        "a\u202eb",
    ),
    *(
        "a\u200bb",
        "a\ud800b",
        "ab",
        "AB",
        "index",
        "con",
        "..",
        "-",
        "::",
        ":note: a",
        ".. note:: a",
        "```",
        "a.",
        "|a|",
        '"a"',
        "a\\",
    ),
]
"""Names of which many look the same, or would be something else in a page."""


@pytest.mark.parametrize("parser", ["rst", "md"])
def test_awkward_names(paged, parser):
    """Each flow has one page, to which its row in the table leads, whatever looks the same or means something there."""
    loop = f'for name in {AWKWARD!r}:\n    flow(name).entrypoint(name="go")(print)\n'
    paged.write("flows.py", f"from penstock import flow\n\n{loop}")
    if parser == "md":
        paged.write("index.md", "# Index\n\n```{penstock-flows}\n:toctree: flows\n```\n")
        (paged.folder / "index.rst").unlink()
        conf = paged.text("conf.py").replace('"penstock_sphinx"', '"penstock_sphinx", "myst_parser"')
        paged.write("conf.py", f'{conf}source_suffix = {{".md": "markdown"}}\n')
    else:
        paged.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    built = paged.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    links = [link for link in built.page("index.html").links if "#" in link.href and link.href.startswith("flows/")]
    assert len(AWKWARD) == len({built.page("index.html").target(link)[0] for link in links})
    assert [] == built.page("index.html").dead()


def test_role_to_an_awkward_name(paged):
    """A role leads to a flow by what is seen of its name."""
    more = 'flow(" lead\\tin").entrypoint(name="go")(print)\n'
    paged.write("flows.py", FLOWS.format(more=more))
    roles = ":penstock:flow:`lead in` and :penstock:step:`lead in.go`"
    paged.write("index.rst", f"Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n\n{roles}\n")
    built = paged.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("Text\n\n{{ 1 / 0 }}", "ZeroDivisionError: division by zero (line 3)"),
        ("{{ flow.nothing.more }}", "Flow object' has no attribute 'nothing' (line 1)"),
    ],
)
def test_failing_template(paged, template, reason):
    """A template that fails is a warning with its line, and the pages' absence refers to it."""
    paged.write("conf.py", f'{paged.text("conf.py")}templates_path = ["templates"]\n')
    paged.write("templates/penstock/flow.rst", template)
    paged.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    for _ in range(2):
        built = paged.build()
        cause, absence = built.warnings
        assert cause.startswith("index.rst:4: WARNING: the template cannot be used: ")
        assert cause.endswith(f"{reason}. [penstock.page]")
        assert (
            "index.rst:4: WARNING: these pages were not made: flows/audit, flows/orders. A warning above says why. "
            "[penstock.page]"
        ) == absence


def test_no_place_for_a_page(paged):
    """A file where the folder should be is a warning at the directive."""
    paged.write("flows", "A file.")
    paged.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    cause, _ = paged.build().warnings
    assert cause.startswith("index.rst:4: WARNING: cannot write ")
    assert cause.endswith("Free some space for the page, or name another folder in :toctree:. [penstock.page]")


def test_page_in_another_encoding(paged):
    """Somebody's own page that is not UTF-8 is left to Sphinx, as any other."""
    mine = "Größe\n=====\n".encode("latin-1")
    paged.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    paged.write("flows/notes.rst", ":orphan:\n\nNotes\n=====\n")
    (paged.folder / "flows/orders.rst").write_bytes(mine)
    built = paged.build()
    assert "Extension error" not in built.complained
    assert mine == (paged.folder / "flows/orders.rst").read_bytes()
    assert ["flows/audit.rst", "flows/notes.rst", "flows/orders.rst", "index.rst"] == made(paged)


@pytest.mark.parametrize(
    "text",
    [
        ".. penstock-flows::\n   :caption: Some words\n      and more\n   :toctree: flows\n",
        ".. note::\n\n   .. penstock-flows::\n      :toctree: flows\n",
        "- .. penstock-flows::\n     :toctree: flows\n",
        "Like this::\n\n   .. note::\n\nText.\n\n.. penstock-flows:: Words\n   :toctree: flows\n",
    ],
    ids=["continued value", "nested", "list", "behind an example"],
)
def test_found_in_rst(paged, text):
    """The directive is found with its options wherever RST allows it."""
    paged.write("index.rst", f"Index\n=====\n\n{text}")
    built = paged.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert ["flows/audit.rst", "flows/orders.rst", "index.rst"] == made(paged)


@pytest.mark.parametrize(
    "text",
    [
        "```{penstock-flows}\n---\ncaption: >\n  Some words\n  and more\ntoctree: 'flows'\n---\n```\n",
        '```{penstock-flows}\n:caption: >\n:  Some words\n:toctree: "flows"\n```\n',
        "````{note}\n```text\nAn example\n```\n\n```{penstock-flows}\n:toctree: flows\n```\n````\n",
        "```{eval-rst}\n.. note::\n\n   .. penstock-flows::\n      :toctree: flows\n```\n",
    ],
    ids=["YAML", "quoted", "nested", "RST"],
)
def test_found_in_markdown(paged, text):
    """The directive is found with its options wherever MyST allows it."""
    markdown(paged, text)
    built = paged.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert "audit.html" in built.text("index.html")


@pytest.mark.parametrize(
    ("description", "paragraphs"),
    [
        ("A. Smith wrote it.", ["A. Smith wrote it."]),
        ("iv. part", ["iv. part"]),
        ("One *a*.\n\n1. Two_ ::\n\n  - x\n", ["One *a*.", "1. Two_ ::", "- x"]),
    ],
)
@pytest.mark.parametrize("parser", ["", "myst_parser"])
def test_a_description_is_plain_text(paged, description, parser, paragraphs):
    """A description is plain text in paragraphs, whatever it looks like."""
    paged.write(
        "flows.py",
        f"from penstock import flow\n\n@flow('orders', description={description!r}).entrypoint\ndef a(): ...\n",
    )
    paged.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    if parser:
        markdown(paged, "```{penstock-flows}\n:toctree: flows\n```\n", parser)
    built = paged.build("text", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    text = built.text("flows/orders.txt")
    assert [*paragraphs] == text.split("\n\n")[1 : 1 + len(paragraphs)]


EXAMPLES = {
    "rst": "Index\n=====\n\n.. code-block:: rst\n\n   .. penstock-flows::\n      :toctree: flows\n\n"
    "So::\n\n   Text\n\n   .. penstock-flows::\n      :toctree: flows\n\n"
    "..\n   .. penstock-flows::\n      :toctree: flows\n",
    "md": "````{note}\n```{code-block} md\n.. penstock-flows::\n   :toctree: flows\n```\n````\n"
    "````md\n```{penstock-flows}\n:toctree: flows\n```\n````\n\n.. penstock-flows::\n   :toctree: flows\n",
}


@pytest.mark.parametrize("parser", ["", "myst_parser", "myst_nb"])
def test_examples_make_no_pages(paged, parser):
    """A directive in the code of an example, or in a comment, asks for nothing."""
    paged.write("index.rst", EXAMPLES["rst"])
    if parser:
        pytest.importorskip(parser)
        markdown(paged, EXAMPLES["md"], parser)
    assert 0 == paged.build().code
    assert not (paged.folder / "flows").exists()


def markdown(site, text, parser="myst_parser"):
    """Make a site one in Markdown."""
    site.edit("conf.py", '["penstock_sphinx"]', f'["penstock_sphinx", "{parser}"]')
    (site.folder / "index.rst").unlink()
    site.write("index.md", f"# Index\n\n{text}")


@pytest.mark.parametrize(
    ("index", "conf", "reason"),
    [
        (".. include:: part.txt\n", "", "includes are not searched."),
        (
            ".. penstock-flows::\n   :toctree: flows\n",
            'exclude_patterns = ["flows"]\n',
            "They are there, but exclude_patterns in conf.py leaves them out. Name another folder in :toctree:.",
        ),
    ],
    ids=["included", "excluded"],
)
def test_why_there_are_no_pages(paged, index, conf, reason):
    """Pages that are not there are reported with the reason and what to do."""
    paged.write("part.txt", ".. penstock-flows::\n   :toctree: flows\n")
    paged.write("index.rst", f"Index\n=====\n\n{index}")
    paged.write("conf.py", paged.text("conf.py") + conf)
    (warning,) = paged.build().warnings
    assert "WARNING: these pages were not made: flows/audit, flows/orders. " in warning
    assert warning.endswith(f"{reason} [penstock.page]")


def test_label_of_the_table(paged):
    """A label in front of the directive leads to the table."""
    text = ".. _all:\n\n.. penstock-flows::\n   :toctree: flows\n\n:ref:`All flows <all>`\n"
    paged.write("index.rst", f"Index\n=====\n\n{text}")
    page = paged.build("html", "-n", "-W").page("index.html")
    (link,) = [link for link in page.links if link.text == "All flows"]
    assert link.href == "#all"
    assert "all" in page.ids


def test_flow_that_a_list_does_not_select(paged):
    """A new flow has no page written again whose list does not select it."""
    paged.write("sales.rst", ":orphan:\n\nSales\n=====\n\n.. penstock-flows::\n   :tag: sales\n")
    paged.write("index.rst", "Index\n=====\n\n.. penstock-flow:: orders\n\n.. toctree::\n\n   new\n")
    paged.write("new.rst", "New\n===\n")
    assert 0 == paged.build("html", "-W").code
    before = (paged.folder / "_build/html/sales.html").stat().st_mtime_ns
    paged.write("new.rst", "New\n===\n\n.. penstock-flow:: audit\n")
    assert ["new"] == paged.build("html", "-W").read
    assert before == (paged.folder / "_build/html/sales.html").stat().st_mtime_ns


def test_made_once_the_application_can_be_imported(paged):
    """A first build of a broken application makes no pages; the next one after it is mended does."""
    good = paged.text("flows.py")
    paged.write("index.rst", LISTS.format("flows", "flows"))
    paged.write("flows.py", f"{good}import nowhere\n")
    assert ["index.rst"] == (paged.build(), made(paged))[1]
    paged.write("flows.py", good)
    built = paged.build("html", "-n", "-W")
    expected = ["flows/audit.rst", "flows/orders.rst", "index.rst"]
    assert (0, "", expected) == (built.code, built.complained, made(paged))


def test_another_folder(paged):
    """Where a list asks for another folder, its pages move there."""
    paged.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    assert 0 == paged.build("html", "-n", "-W").code
    paged.edit("index.rst", ":toctree: flows", ":toctree: pages")
    for _ in range(2):
        built = paged.build("html", "-n", "-W")
        assert (0, ["index.rst", "pages/audit.rst", "pages/orders.rst"]) == (built.code, made(paged))
    assert 'href="pages/audit.html' in built.text("index.html")


def test_flow_that_takes_another_ones_name(paged):
    """A flow that is not listed may change the name of a listed one's page; the list follows."""
    paged.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :tag: sales\n   :toctree: flows\n")
    assert 0 == paged.build("html", "-W").code
    more = 'other = flow("ORDERS")\n\n@other.entrypoint\ndef shout():\n    """Shout."""\n'
    paged.write("flows.py", FLOWS.format(more=more))
    for _ in range(2):
        built = paged.build("html", "-W")
        assert (0, "") == (built.code, built.complained)


@pytest.mark.parametrize(
    ("suffixes", "index", "page"),
    [
        ({".txt": "restructuredtext"}, "index.txt", "flows/orders.txt"),
        ({".rest": None}, "index.rest", "flows/orders.rest"),
        ({".txt": "restructuredtext", ".rst": "restructuredtext"}, "index.txt", "flows/orders.rst"),
        ({".md": "restructuredtext"}, "index.md", "flows/orders.md"),
    ],
)
def test_suffix_of_the_sources(paged, suffixes, index, page):
    """Pages have a suffix by which the project reads what they are written in."""
    paged.write("conf.py", f"{paged.text('conf.py')}source_suffix = {suffixes}\n")
    (paged.folder / "index.rst").unlink()
    paged.write(index, "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    built = paged.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert (paged.folder / page).is_file()
    assert "<svg" in built.text("flows/orders.html")
    paged.edit("flows.py", 'flow("orders"', 'flow("sales"')
    assert 0 == paged.build("html", "-n", "-W").code
    assert not (paged.folder / page).exists()


NEITHER = """
def setup(app):
    from sphinx.parsers import RSTParser
    class Own(RSTParser):
        supported = ("own",)
    app.add_source_parser(Own)

source_suffix = {".txt": "own"}
"""


def test_no_suffix_for_pages(paged):
    """A project that reads neither RST nor Markdown is told so."""
    paged.write("conf.py", paged.text("conf.py") + NEITHER)
    (paged.folder / "index.rst").rename(paged.folder / "index.txt")
    paged.write("index.txt", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    cause, effect = paged.build().warnings
    assert cause.startswith("index.txt:4: WARNING: no pages can be written: source_suffix in conf.py has no reStr")
    assert "these pages were not made: flows/audit, flows/orders. A warning above says why." in effect


def test_front_matter(paged):
    """Front matter of a template in Markdown stays what it is, and its pages are known as ours."""
    conf = paged.text("conf.py").replace('["penstock_sphinx"]', '["penstock_sphinx", "myst_parser"]')
    paged.write("conf.py", f'{conf}source_suffix = {{".md": "markdown"}}\ntemplates_path = ["templates"]\n')
    (paged.folder / "index.rst").unlink()
    paged.write("index.md", "# Index\n\n```{penstock-flows}\n:toctree: flows\n```\n")
    template = "---\ntocdepth: 2\n---\n# {{ title | escape }}\n\n```{penstock-flow} {{ name }}\n```"
    paged.write("templates/penstock/flow.md", template)
    mark = "# penstock made this page; without this line it stays as you write it"
    built = paged.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert f"---\n{mark}\ntocdepth: 2\n---\n# orders\n" in paged.text("flows/orders.md")
    assert "tocdepth" not in built.text("flows/orders.html")
    paged.write("templates/penstock/flow.md", f"{template}\n\nMore.\n")
    assert "More." in paged.build("html", "-n", "-W").text("flows/orders.html")
    paged.edit("flows/orders.md", f"{mark}\n", "")
    paged.edit("flows.py", 'flow("audit"', 'flow("log"')
    paged.write("templates/penstock/flow.md", template)
    assert "More." in paged.build("html", "-n").text("flows/orders.html")
    assert ["log.md", "orders.md"] == sorted(file.name for file in paged.folder.glob("flows/*"))


def test_rule_is_no_front_matter(paged):
    """A template that begins with a rule has no front matter."""
    conf = paged.text("conf.py").replace('["penstock_sphinx"]', '["penstock_sphinx", "myst_parser"]')
    paged.write("conf.py", f'{conf}source_suffix = {{".md": "markdown"}}\ntemplates_path = ["templates"]\n')
    (paged.folder / "index.rst").unlink()
    paged.write("index.md", "# Index\n\n```{penstock-flows}\n:toctree: flows\n```\n")
    paged.write("templates/penstock/flow.md", "---\n\n# {{ title | escape }}\n\n```{penstock-flow} {{ name }}\n```")
    assert 0 == paged.build("html", "-n", "-W").code
    assert paged.text("flows/orders.md").startswith("% penstock made this page;")


def test_contents_in_a_file_of_their_own(small):
    """Where sphinx-external-toc has the contents of the site, as in Jupyter Book, a list of flows makes pages and no contents."""
    pytest.importorskip("sphinx_external_toc")
    small.edit("conf.py", '["penstock_sphinx"]', '["sphinx_external_toc", "penstock_sphinx"]')
    small.write("_toc.yml", "root: index\nsubtrees:\n  - entries:\n      - glob: flows/*\n")
    small.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    built = small.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert "flows/one.html#flow-one" in {link.href for link in built.page("index.html").links}
    assert "flow-one-begin" in built.page("flows/one.html").ids
