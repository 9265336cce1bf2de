from __future__ import annotations

import pytest

ONE = """

@one.step(after="finish")
def superfluous(): ...
"""

TWO = """
from penstock import flow

two = flow("two")


@two.entrypoint
def only():
    '''Only.'''
"""


@pytest.fixture(scope="module")
def pages(lasting):
    """A site that was built, with a page for each of two flows, one for both, and one without."""
    lasting.edit("conf.py", '["flows"]', '["flows", "more.*"]')
    lasting.write("flows.py", lasting.text("flows.py") + ONE)
    lasting.write("more/__init__.py", "")
    lasting.write("more/two.py", TWO)
    lasting.write("index.rst", "Index\n=====\n\n.. toctree::\n\n   first\n   second\n   both\n   plain\n")
    lasting.write("first.rst", "First\n=====\n\n.. penstock-flow:: one\n")
    lasting.write("second.rst", "Second\n======\n\n.. penstock-flow:: two\n")
    flows = ".. penstock-flow:: one\n   :no-steps:\n\n.. penstock-flow:: two\n   :no-steps:\n"
    lasting.write("both.rst", f"Both\n====\n\n{flows}")
    lasting.write("plain.rst", "Plain\n=====\n\nSee :penstock:step:`one.begin`.\n")
    built = lasting.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
    return lasting


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        pytest.param("flows.py", "Finish.", "Finish it.", ["both", "first"], id="docstring"),
        pytest.param("flows.py", 'after="begin"', 'after={"begin": "ready"}', ["both", "first"], id="edge"),
        pytest.param("flows.py", "def finish():", "def finish(x=1):", ["both", "first"], id="signature"),
        pytest.param("flows.py", ONE, "", ["both", "first"], id="deleted step"),
        pytest.param("more/two.py", "only", "lonely", ["both", "second"], id="renamed step"),
        pytest.param("more/__init__.py", "", "'Other flows.'", [], id="other module"),
        pytest.param("plain.rst", "See", "Look at", ["plain"], id="page"),
        pytest.param("conf.py", 'theme = "basic"', 'theme = "basic"\npenstock_timeout = 50', [], id="timeout"),
        pytest.param(
            "conf.py",
            'theme = "basic"',
            'theme = "basic"\npenstock_source_url = "https://example.org/{file}"',
            ["both", "first", "second"],
            id="source_url",
        ),
    ],
)
def test_exactly_the_pages_that_show_it(pages, file, old, new, expected):
    """An edit has those pages read again that show the flow, and no others."""
    pages.edit(file, old, new)
    built = pages.build("html", "-W")
    assert (0, expected) == (built.code, built.read)


def test_step_in_a_new_module(pages):
    """A step in a module that did not exist has the pages of its flow read again."""
    pages.write("more/late.py", "from flows import one\n@one.step(after='finish')\ndef late():\n    '''Late.'''\n")
    built = pages.build("html", "-W")
    assert ["both", "first"] == built.read
    assert "flow-one-late" in built.text("first.html")
    (pages.folder / "more/late.py").unlink()
    built = pages.build("html", "-W")
    assert ["both", "first"] == built.read
    assert "flow-one-late" not in built.text("first.html")


def test_nothing_changed(pages):
    """Without a change, nothing is read, and nothing is written."""
    built = pages.build("html", "-W")
    assert [] == built.read
    assert "no targets are out of date." in built.said
    assert "writing output... [" not in built.said


def test_moved_step_moves_its_links(pages):
    """A page whose drawing leads to another page follows when the steps move there."""
    pages.write("plain.rst", "Plain\n=====\n\n.. penstock-flow:: one\n   :no-diagram:\n")
    pages.write("first.rst", "First\n=====\n\nNothing any more.\n")
    built = pages.build("html", "-W", "-a")
    assert {"plain.html"} == {link.href.partition("#")[0] for link in built.page("both.html").within("ps-svg")} - {
        "second.html"
    }


def test_doctrees_of_another_builder(small):
    """Pages that were read for text get their drawings when they are written as HTML."""
    assert 0 == small.build("text", "-W").code
    built = small.build("html", "-W")
    assert [] == built.read
    assert "<svg" in built.text("index.html")
    assert "no targets are out of date." in small.build("html", "-W").said


def test_links_follow_steps_that_move_to_another_page(small):
    """A page with the diagram alone is written again when the page with the steps changes."""
    small.write("index.rst", "Index\n=====\n\n.. toctree::\n\n   a\n   c\n\n.. penstock-flow:: one\n   :no-steps:\n")
    small.write("a.rst", "A\n=\n\n.. penstock-flow:: one\n   :no-diagram:\n")
    small.write("c.rst", "C\n=\n")
    assert 'href="a.html#flow-one-begin"' in small.build("html", "-n", "-W").text("index.html")
    small.write("a.rst", "A\n=\n")
    small.write("c.rst", "C\n=\n\n.. penstock-flow:: one\n   :no-diagram:\n")
    assert 'href="c.html#flow-one-begin"' in small.build("html", "-n", "-W").text("index.html")


def test_last_good_flows_keep_pages_alive(small):
    """While a module is broken, pages stay as they were, every build says so, and -W fails."""
    good = small.text("flows.py")
    assert 0 == small.build("html", "-W").code
    before = small.build().text("index.html")
    small.write("flows.py", good + "broken(\n")
    for _ in range(2):
        built = small.build()
        (warning,) = built.warnings
        assert (0, []) == (built.code, built.read)
        assert warning.startswith("WARNING: penstock: flows.py:15: ")
        assert warning.endswith("Until then, the pages show the flows as they were before. [penstock.import]")
    small.write("index.rst", small.text("index.rst") + "\nMore.\n")
    built = small.build()
    assert ["index"] == built.read
    assert "<svg" in built.text("index.html")
    assert 0 != small.build("html", "-W").code  # Sphinx 7.4 stops at once, with 2
    small.write("index.rst", small.text("index.rst").removesuffix("\nMore.\n"))
    small.write("flows.py", good)
    built = small.build("html", "-W")
    assert (0, before) == (built.code, built.text("index.html"))


STOP = """
from pathlib import Path

def setup(app):
    def stop(*_):
        if Path(app.srcdir, "stop").exists():
            raise KeyboardInterrupt
    app.connect("html-page-context", stop)
"""


def test_interrupted_build(small):
    """What was read but not written, because somebody interrupted the build, is written by the next one."""
    small.write("conf.py", small.text("conf.py") + STOP)
    assert 0 == small.build("html", "-W").code
    small.edit("flows.py", "Finish.", "Finish it.")
    small.write("stop", "")
    assert 0 != small.build("html", "-W").code
    (small.folder / "stop").unlink()
    assert "Finish it." in small.build("html", "-W").text("index.html")
    assert "no targets are out of date." in small.build("html", "-W").said


def test_each_builder_on_the_same_doctrees_follows(small):
    """What one builder has read anew is written anew by the other ones, too."""
    builders = ("html", "dirhtml", "text")
    for builder in builders:
        small.build(builder, "-W")
    small.edit("flows.py", "Finish.", "Finish it.")
    outputs = [small.build(builder, "-W") for builder in builders]
    assert [["index"], [], []] == [built.read for built in outputs]
    names = ("index.html", "index.html", "index.txt")
    assert [] == [name for name, built in zip(names, outputs, strict=True) if "Finish it." not in built.text(name)]


def test_links_to_steps_with_dots_follow(small):
    """There may be a dot in a step's name."""
    small.edit("flows.py", '@one.step(after="begin")', '@one.step(after="begin", name="to.finish")')
    small.write("index.rst", "Index\n=====\n\n.. toctree::\n\n   a\n   c\n\n.. penstock-flow:: one\n   :no-steps:\n")
    small.write("a.rst", "A\n=\n\n.. penstock-flow:: one\n   :no-diagram:\n")
    small.write("c.rst", "C\n=\n")
    assert 'href="a.html#flow-one-to.finish"' in small.build("html", "-W").text("index.html")
    small.write("a.rst", "A\n=\n")
    small.write("c.rst", "C\n=\n\n.. penstock-flow:: one\n   :no-diagram:\n")
    assert 'href="c.html#flow-one-to.finish"' in small.build("html", "-W").text("index.html")


@pytest.fixture
def linking(small):
    """A small site with the steps on one page, and links to them on others."""
    small.edit("conf.py", '["penstock_sphinx"]', '["penstock_sphinx", "myst_parser"]')
    links = {"role": ":penstock:step:`one.finish`", "bare": ":penstock:step:`finish`", "any": ":any:`one.finish`"}
    for name, link in links.items():
        small.write(f"{name}.rst", f"{name}\n====\n\n{link}\n")
    small.write("link.md", "# Link\n\n[the end](#one.finish)\n")
    small.write("steps.rst", "Steps\n=====\n\n.. penstock-flow:: one\n")
    small.write("index.rst", "Index\n=====\n\n.. toctree::\n   :glob:\n\n   *\n")
    built = small.build("html", "-n", "-W", "-j2")
    assert (0, "") == (built.code, built.complained)
    return small


PAGES = ["any", "bare", "link", "role"]


def _links(built):
    found = [[link.href for link in built.page(f"{name}.html").links if "finish" in link.href] for name in PAGES]
    return [href for links in found for href in links]


def test_links_follow_a_page_that_is_renamed(linking):
    """Whatever leads to a step, a role, a bare name or a link in Markdown, leads there when its page is renamed."""
    assert ["steps.html#flow-one-finish"] * 4 == _links(linking.build())
    (linking.folder / "steps.rst").rename(linking.folder / "moved.rst")
    built = linking.build("html", "-n", "-W")
    assert (0, ["moved"]) == (built.code, [name for name in built.read if name != "index"])
    assert ["moved.html#flow-one-finish"] * 4 == _links(built)
    assert "no targets are out of date." in linking.build("html", "-n", "-W").said


def test_dangling_role_is_reported_until_it_is_mended(linking):
    """A role whose step was renamed is reported by each build; the links to it are gone."""
    for name in ("any", "link", "bare"):
        linking.write(f"{name}.rst", f"{name}\n====\n")
    (linking.folder / "link.md").unlink()
    linking.edit("flows.py", "def finish", "def end")
    for _ in range(2):
        built = linking.build("html", "-W", "--keep-going")
        (warning,) = built.warnings
        assert warning.startswith("role.rst:4: WARNING: there is no step 'one.finish' in these pages.")
        assert 1 == built.code
        assert "flow-one-finish" not in built.text("role.html")
    linking.edit("flows.py", "def end", "def finish")
    built = linking.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
    assert "steps.html#flow-one-finish" in built.text("role.html")
    assert "no targets are out of date." in linking.build("html", "-W").said


def test_dangling_role_that_nobody_wants_to_hear_of(small):
    """Where the warning is suppressed, its page is not written again each time."""
    small.edit("conf.py", 'theme = "basic"', 'theme = "basic"\nsuppress_warnings = ["penstock.unknown_step"]')
    small.edit("index.rst", ".. penstock", ":penstock:step:`one.nope`\n\n.. penstock")
    assert "" == small.build().complained
    assert "no targets are out of date." in small.build().said


def test_links_follow_on_pages_that_other_processes_read(small):
    """What a page asks for is known, though another process has read it."""
    names = [f"page{number}" for number in range(8)]
    for name in names:
        small.write(f"{name}.rst", f"{name}\n=====\n\n:penstock:step:`one.finish`\n")
    small.write("steps.rst", "Steps\n=====\n\n.. penstock-flow:: one\n")
    small.write("index.rst", "Index\n=====\n\n.. toctree::\n   :glob:\n\n   *\n")
    assert 0 == small.build("html", "-W", "-j2").code
    (small.folder / "steps.rst").rename(small.folder / "moved.rst")
    built = small.build("html", "-W", "-j2")
    assert [] == [name for name in names if "moved.html#flow-one-finish" not in built.text(f"{name}.html")]
