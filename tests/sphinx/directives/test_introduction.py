"""The title and the description of a flow above its diagram, where a page wants them."""

from __future__ import annotations

import pytest
from babel.messages.pofile import read_po, write_po
from bs4 import BeautifulSoup

from hostile import save
from penstock.model import Flow, Step

TITLE = "The *first* & <b>last</b>"
FLOWS = f'''
from penstock import flow

one = flow("one", title="{TITLE}", description="""
    What `it` is
    for, as <i>plain</i> text.
    \\r
    - no list, |nothing| :ref:`here`
""")

bare = flow("bare_name")


@one.entrypoint
def begin():
    """Begin."""


@bare.entrypoint
def run():
    """Run."""
'''
PARAGRAPHS = ["What `it` is for, as <i>plain</i> text.", "- no list, |nothing| :ref:`here`"]


@pytest.fixture
def described(small):
    """A small site whose flow has a title and a description."""
    small.write("flows.py", FLOWS)
    return small


def read_introduction(site, *options, name="one"):
    """Return the texts above the diagram, by class, on a page that asks for some options."""
    lines = [f".. penstock-flow:: {name}", *(f"   {option}" for option in options)]
    site.write("index.rst", "Index\n=====\n\n" + "\n".join(lines) + "\n")
    built = site.build("html", "-W", "-n", "-Dsmartquotes=0")
    assert (0, "") == (built.code, built.complained)
    page = BeautifulSoup(built.text("index.html"), "html.parser")
    return {css: [text.text for text in page.select(f".penstock p.ps-{css}")] for css in ("title", "description")}


@pytest.mark.parametrize(
    ("options", "title", "description"),
    [
        ((), [], []),
        ((":title:",), [TITLE], []),
        ((":description:",), [], PARAGRAPHS),
        ((":description:", ":title:", ":no-steps:"), [TITLE], PARAGRAPHS),
        ((":title:", ":description:", ":no-diagram:"), [TITLE], PARAGRAPHS),
        ((":title:", ":description:", ":caption: Words"), [TITLE], PARAGRAPHS),
    ],
)
def test_what_is_wanted_is_shown(described, options, title, description):
    """A page shows what it asks for and no more, as plain text in paragraphs."""
    assert {"title": title, "description": description} == read_introduction(described, *options)


def test_a_flow_without_words(described):
    """A flow without a title is called by its name, and one without a description has none."""
    assert {"title": ["bare_name"], "description": []} == read_introduction(
        described, ":title:", ":description:", name="bare_name"
    )


def test_the_outline_stays(described):
    """The title is no heading: the table of contents of a page is the same with it."""
    pages = []
    for options in ((), (":title:", ":description:")):
        read_introduction(described, *options)
        pages.append(BeautifulSoup((described.folder / "_build/html/index.html").read_text("utf-8"), "html.parser"))
    plain, titled = ([heading.text for heading in page.select("h1, h2, h3, h4, .rubric, nav a")] for page in pages)
    assert plain == titled


@pytest.mark.parametrize(
    ("builder", "file", "texts"),
    [
        ("text", "index.txt", [f"**{TITLE}**", *PARAGRAPHS]),
        (
            "latex",
            "projectnamenotset.tex",
            [
                r"\sphinxstylestrong{The *first* \& \textless{}b\textgreater{}last",
                r"as \textless{}i\textgreater{}plain",
            ],
        ),
        ("man", "projectnamenotset.1", [r"\fBThe *first* & <b>last</b>\fP", "as <i>plain</i> text"]),
        ("epub", "index.xhtml", ["The *first* &amp; &lt;b&gt;last", "as &lt;i&gt;plain&lt;/i&gt; text"]),
        ("texinfo", "projectnamenotset.texi", ["The *first* & <b>last</b>", "as <i>plain</i> text"]),
    ],
)
def test_other_builders(described, builder, file, texts):
    """All builders show both, above the drawing."""
    described.write("index.rst", "Index\n=====\n\n.. penstock-flow:: one\n   :title:\n   :description:\n")
    conf = "latex_documents = [('index', 'projectnamenotset.tex', 'T', 'A', 'howto')]\n"
    described.write("conf.py", f"{described.text('conf.py')}smartquotes = False\n{conf}")
    page = described.build(builder).text(file)
    assert [] == [text for text in texts if text not in page]


def test_markdown_has_the_same_options(described):
    """A page in Markdown has the same options."""
    (described.folder / "index.rst").unlink()
    described.write("conf.py", f"{described.text('conf.py')}extensions.append('myst_parser')\nsmartquotes = False\n")
    described.write("index.md", "# Index\n\n```{penstock-flow} one\n:title:\n:description:\n```\n")
    page = BeautifulSoup(described.build("html", "-W").text("index.html"), "html.parser")
    assert [TITLE, *PARAGRAPHS] == [text.text for text in page.select(".ps-title, .ps-description")]


def test_a_site_translates_them(described):
    """The catalogs of a site have both as plain text, and not the name of a flow without a title."""
    described.write("conf.py", f'{described.text("conf.py")}locale_dirs = ["locale"]\n')
    directives = [f".. penstock-flow:: {name}\n   :title:\n   :description:\n" for name in ("one", "bare_name")]
    described.write("index.rst", "Index\n=====\n\n" + "\n".join(directives))
    with (described.build("gettext", "-W").folder / "index.pot").open("rb") as opened:
        messages = read_po(opened)
    assert "bare_name" not in {message.id for message in messages}
    german = {TITLE: "Der *erste*", PARAGRAPHS[0]: "Wofür `er` da ist."}
    for message in messages:
        message.string = german.get(message.id, "")
    file = described.folder / "locale/de/LC_MESSAGES/index.po"
    file.parent.mkdir(parents=True)
    with file.open("wb") as opened:
        write_po(opened, messages)
    page = BeautifulSoup(described.build("html", "-Dlanguage=de", "-Dsmartquotes=0").text("index.html"), "html.parser")
    found = [text.text for text in page.select(".ps-title, .ps-description")]
    assert ["Der *erste*", "Wofür `er` da ist.", PARAGRAPHS[1], "bare_name"] == found


def test_a_new_description_is_shown(described):
    """A page is read again when what its flow says of itself has changed."""
    read_introduction(described, ":title:", ":description:")
    described.edit("flows.py", "What `it`", "What ever")
    built = described.build("html", "-W")
    assert ["index"] == built.read
    assert "What ever is for" in built.text("index.html")


def test_words_of_others_are_text(described):
    """What a manifest of others says there is text, without what is invisible."""
    text = "::error:: [x](javascript:x) <script>x</script> `y <javascript:y>`_ |z| \x1b[1m\u202eb"
    flow = Flow(name="one", title=text, description=f"{text}\n\n{text}", steps=(Step(name="begin", entrypoint=True),))
    save(flow, described.folder / "others.json")
    conf = described.text("conf.py").replace('penstock_modules = ["flows"]', 'penstock_manifests = ["others.json"]')
    described.write("conf.py", conf)
    plain = ": :error:: [x](javascript:x) <script>x</script> `y <javascript:y>`_ |z| [1mb"
    assert {"title": [plain], "description": [plain, plain]} == read_introduction(described, ":title:", ":description:")
