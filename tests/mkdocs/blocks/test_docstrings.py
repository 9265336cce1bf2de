"""Docstrings on a page: each style as users of mkdocstrings know it, and nothing that breaks the page."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from markdown.extensions.toc import slugify

from penstock.model import Flow, Step

GOOGLE = """Do it.

Args:
    order (Order): What was *ordered*.
    strict: Be strict.

Returns:
    What is wrong.

Raises:
    ValueError: None there.
"""
NUMPY = """Do it.

Parameters
----------
order : Order
    What was *ordered*.
strict
    Be strict.

Returns
-------
list[str]
    What is wrong.

Raises
------
ValueError
    None there.
"""
SPHINX = """Do it.

:param Order order: What was *ordered*.
:param strict: Be strict.
:returns: What is wrong.
:raises ValueError: None there.
"""


def step(docstring: str, signature: str = "(order: Order, strict: bool = False) -> list[str]") -> Flow:
    """Return a flow of one step."""
    return Flow(name="f", steps=(Step(name="run", docstring=docstring, signature=signature, entrypoint=True),))


@pytest.fixture
def shown(convert):
    """Return a function that shows a docstring, and returns the step's part of the page."""

    def show(docstring: str, *, extensions=(), signature=None, **settings):
        flow = step(docstring, signature) if signature else step(docstring)
        page = convert("::: penstock-flow f\n    diagram: no\n", flow, extensions=extensions, **settings)
        assert [] == page.logged
        return BeautifulSoup(page.html, "html.parser").select_one(".ps-step-doc")

    return show


def table(element, title):
    """Return the rows of the table under a title."""
    heading = element.find("p", string=title, class_="ps-doc-title")
    rows = heading.find_next("table").find_all("tr")
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in rows]


@pytest.mark.parametrize(
    ("style", "docstring"),
    [("google", GOOGLE), ("numpy", NUMPY), ("sphinx", SPHINX), ("auto", GOOGLE), ("auto", NUMPY), ("auto", SPHINX)],
)
def test_all_styles_give_the_same_tables(shown, style, docstring):
    """Each style gives the same tables, with types and defaults of the signature where the docstring has none."""
    element = shown(docstring, docstring_style=style)

    assert [
        ["Name", "Type", "Description", "Default"],
        ["order", "Order", "What was ordered.", "required"],
        ["strict", "bool", "Be strict.", "False"],
    ] == table(element, "Parameters")
    assert [["Type", "Description"], ["list[str]", "What is wrong."]] == table(element, "Returns")
    assert [["Type", "Description"], ["ValueError", "None there."]] == table(element, "Raises")
    assert "ordered" == element.em.text


def test_markdown_style(shown):
    """Plain Markdown stays what it is; a heading in it is a bold line that is not in the outline."""
    element = shown("# Title\n\nArgs:\n    x: y\n\n- a\n- b\n", docstring_style="markdown")

    assert "Title" == element.select_one("p.ps-doc-title").text
    assert ["a", "b"] == [item.text for item in element.find_all("li")]
    assert None is element.table


@pytest.mark.parametrize(
    ("kind", "signature"), [("Yields", "() -> Iterator[int]"), ("Receives", "() -> Generator[int, str, None]")]
)
def test_yields_and_receives_have_tables(shown, kind, signature):
    """What a generator yields and receives has a table, typed by the signature."""
    element = shown(f"Do it.\n\n{kind}:\n    One.\n", signature=signature, docstring_style="google")

    assert [["Type", "Description"], ["int" if kind == "Yields" else "str", "One."]] == table(element, kind)


def test_examples_and_admonitions(shown):
    """Examples are code, notes are admonitions."""
    element = shown("Do it.\n\nExamples:\n    First.\n\n    >>> 1 < 2\n    True\n\nNote:\n    Take *care*.\n")

    assert ">>> 1 < 2\nTrue" == element.pre.text.strip()
    assert "First." in element.text
    assert ["Note", "Take care."] == [p.text for p in element.select(".admonition.note p")]


@pytest.mark.parametrize("fences", ["fenced_code", "pymdownx.superfences"])
def test_a_fence_is_converted_as_on_the_page(shown, fences):
    """A fence in a docstring is converted as on the page."""
    element = shown("Do it.\n\n```python\nif a < b: ...\n```\n", extensions=(fences,))

    assert "if a < b: ..." == element.pre.text.strip()
    assert "```" not in element.text


def test_marks_of_restructuredtext(shown):
    """Roles become code, and a double colon before a block becomes one."""
    element = shown("See :func:`~shop.pay` and ``x``::\n\n    y = 1\n")

    assert ["shop.pay", "x", "y = 1"] == [code.text.strip() for code in element.select(".ps-step-body code")[1:]]
    assert ":func:" not in element.text
    assert "x:" in element.text
    assert "::" not in element.text


@pytest.mark.parametrize("style", ["auto", "markdown"])
@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "</div></div><h1>x</h1>",
        "List<int> and <b>",
        "<!-- never closed",
        "<img src=x onerror=alert(1)>",
        "<details>",
        "::: penstock-flow f",
        "```penstock-flow f\n```",
    ],
)
def test_raw_html_is_text(convert, style, hostile):
    """HTML in a docstring is shown as written, and what follows on the page stays whole."""
    page = convert(
        "::: penstock-flow f\n    diagram: no\n    steps: yes\n\nAfter *this*.\n",
        step(f"Do.\n\n{hostile}"),
        docstring_style=style,
    )
    parsed = BeautifulSoup(page.html, "html.parser")

    assert [] == parsed.find_all(["script", "img", "h1", "b", "details", "int", "svg"])
    assert "this" == parsed.find_all("p", recursive=False)[-1].em.text
    assert hostile.split()[0].strip("`") in parsed.text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "java&#115;cript:alert(1)", "javascript&colon;alert(1)", "data:text/html,x"]
)
def test_unsafe_links_lead_nowhere(shown, url):
    """A link in a docstring to a script loses its address."""
    element = shown(f"Do [it]({url}) and [that](https://example.org/a?b=1&c=2).\n")

    assert ["https://example.org/a?b=1&c=2"] == [link["href"] for link in element.select("a[href]") if link.text != "¶"]


def test_odd_signature(shown):
    """A signature that is no Python costs the types, not the page."""
    element = shown(GOOGLE, signature="(order=<object object at 0x7f>)", docstring_style="google")

    assert ["order", "Order", "What was ordered.", "required"] == table(element, "Parameters")[1]


@pytest.mark.parametrize("default", ["{}", "[]", "{'a': [1]}", "{1, 2}", "(1,)", "None", "''", "f(x=1)", "lambda: {}"])
def test_defaults_stand_in_the_table_as_written(shown, default):
    """A default of any kind, also one that cannot be hashed, stands in the table as written."""
    element = shown(GOOGLE, signature=f"(order: Order, strict={default})", docstring_style="google")

    assert ["strict", "", "Be strict.", default] == table(element, "Parameters")[2]


@pytest.mark.parametrize("style", ["auto", "numpy"])
def test_a_parser_that_trips(shown, style):
    """A docstring over which its parser trips, as while it is being written, is shown as it is."""
    element = shown("Do it.\n\nReturns\n-------\n\n", docstring_style=style)

    assert ["Do it.", "Returns"] == [element.p.text, element.select_one(".ps-doc-title").text]


@pytest.mark.parametrize(("generic", "scripts"), [(False, ["alert(1)"]), (True, [])])
def test_formulas_are_no_scripts(shown, generic, scripts):
    """A formula that MathJax reads from a script element keeps its type, without which a browser would run it."""
    configs = {"pymdownx.arithmatex": {"generic": generic}}
    element = shown("See $alert(1)$ there.", extensions=("pymdownx.arithmatex",), configs=configs)

    assert scripts == [script.string for script in element.select('script[type="math/tex"]')]
    assert len(scripts) == len(element.select("script"))
    assert "alert(1)" in element.text


def test_a_docstring_sets_no_attributes(convert):
    """What ``attr_list`` would turn into ids, styles and scripts of the page stays text."""
    step = Step(name="go", docstring='Hello.\n{: onclick="alert(5)" id="taken" style="position: fixed" }')
    page = BeautifulSoup(
        convert("::: penstock-flow f\n", Flow(name="f", steps=(step,)), extensions=("attr_list",)).html, "html.parser"
    )

    assert "onclick=" in page.text
    assert [] == page.select("[onclick], #taken, .penstock p[style]")


def test_a_docstring_redefines_no_link_of_the_page(convert):
    """A link definition in a docstring holds there and nowhere else."""
    step = Step(name="go", docstring="See [1].\n\n[1]: https://docstring.example/")
    html = convert(
        "::: penstock-flow f\n\nSee [page][1].\n\n[1]: https://page.example/\n", Flow(name="f", steps=(step,))
    ).html

    assert '<a href="https://page.example/">page</a>' in html


def test_a_docstring_redefines_no_footnote_of_the_page(convert):
    """Footnotes and abbreviations of the page stay its own; a docstring's are text, as its notes would end up there."""
    text = "An API[^1].\n\n::: penstock-flow f\n\n[^1]: The note.\n\n*[API]: The interface\n"
    docstring = "Use the API[^1].\n\n[^1]: Another note.\n\n*[API]: Something else\n"
    page = BeautifulSoup(convert(text, step(docstring), extensions=("footnotes", "abbr")).html, "html.parser")
    body = page.select_one(".ps-step-body")

    assert ["The interface"] == [each["title"] for each in page.select("abbr")]
    assert "The note." in page.select_one(".footnote").text
    assert ["#fnref:1"] == [link["href"] for link in page.select(".footnote a")]
    assert "Use the API[^1]." in body.text
    assert "[^1]: Another note." in body.text


FOLDED = """Do it.

=== "One"

    First.

=== "Two"

    Second.

???+ note "More"

    Inside.

- [ ] open
- [x] done
"""


@pytest.mark.parametrize("alternate", [True, False])
@pytest.mark.parametrize("slugs", [False, True])
def test_tabs_folds_and_tasks_work(convert, alternate, slugs):
    """What one can click on in a docstring works: each tab has a button and a label of its own, what is open is open."""
    extensions = ("pymdownx.tabbed", "pymdownx.details", "pymdownx.tasklist")
    configs = {"pymdownx.tabbed": {"alternate_style": alternate, **({"slugify": slugify} if slugs else {})}}
    text = '# A\n\n=== "Mine"\n\n    x\n\n::: penstock-flow f\n'
    page = BeautifulSoup(convert(text, step(FOLDED), extensions=extensions, configs=configs).html, "html.parser")
    body = page.select_one(".ps-step-body")
    buttons = body.select("input[type=radio]")
    tied = [(page.select_one(f"#{label['for']}"), label.text) for label in body.select(".tabbed-set label")]

    assert 1 == len({button["name"] for button in buttons})
    assert [True, False] == [button.has_attr("checked") for button in buttons]
    assert [(buttons[0], "One"), (buttons[1], "Two")] == tied
    assert body.select_one("details").has_attr("open")
    assert [False, True] == [box.has_attr("checked") for box in body.select("li > input[type=checkbox]")]
