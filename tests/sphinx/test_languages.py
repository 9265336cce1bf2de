"""Sites in other languages: our own words, and what the catalogs of a site translate."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po, write_po

import penstock.embed
import penstock_sphinx

PACKAGE = Path(penstock_sphinx.__file__).parent
LOCALE = PACKAGE / "locale"

FLOWS = '''
from penstock import flow

one = flow("one", title="The *first*", description="What it is for.")


@one.entrypoint
def begin():
    """Begin."""


@one.step(after="begin", effects=["db:write"])
def finish():
    """Finish."""


flow("two").entrypoint(begin)
'''
PAGE = """
Index
=====

.. penstock-flow:: one
   :paths:

.. penstock-flows::
   :toctree: flows
"""


@pytest.fixture
def translated(small):
    """A small site with a table of flows, whose catalogs are in a folder of its own."""
    small.write("conf.py", f'{small.text("conf.py")}locale_dirs = ["locale"]\n')
    small.write("flows.py", FLOWS)
    small.write("index.rst", PAGE)
    return small


def catalog(file, read=read_po):
    """Return what a catalog has, without its header."""
    with file.open("rb") as opened:
        return {_plain(message.id): message for message in read(opened) if message.id}


def _plain(words):
    return words if isinstance(words, str) else tuple(words)


def write_german(site, messages):
    """Give a site a catalog of its first page in German."""
    file = site.folder / "locale/de/LC_MESSAGES/index.po"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        write_po(opened, messages)


def test_template_has_our_words():
    """The template has the words that are in the source; CONTRIBUTING.md says how to write it again."""
    folders = (PACKAGE, Path(penstock.embed.__file__).parent)
    found = {words for folder in folders for *_, words, _, _ in extract_from_dir(str(folder), [("**.py", "python")])}
    assert found == catalog(LOCALE / "penstock_sphinx.pot").keys()


@pytest.mark.parametrize("language", sorted(file.name for file in LOCALE.iterdir() if file.is_dir()))
def test_shipped_language_is_complete(language):
    """Each language that we ship has all words, and the compiled catalog is that of the text."""
    folder = LOCALE / language / "LC_MESSAGES"
    words = catalog(folder / "penstock_sphinx.po")
    assert catalog(LOCALE / "penstock_sphinx.pot").keys() == words.keys()
    assert [] == [message.id for message in words.values() if message.fuzzy or not message.string]
    compiled = catalog(folder / "penstock_sphinx.mo", read_mo)
    said, read = ({name: _plain(each.string) for name, each in known.items()} for known in (words, compiled))
    assert said == read


def test_our_words(translated):
    """Our own words are in the language of the site."""
    built = translated.build("text", "-W", "-Dlanguage=de")
    assert (0, "") == (built.code, built.complained)
    said = built.text("index.txt")
    for words in ("Ablauf ", "Aufgabe ", "2 Schritte", "1 Schritt ", "**1 Pfad**", "begin() [Einstiegspunkt]"):
        assert words in said
    assert "danach finish" in said
    assert "nach begin · Wirkungen [db:write]" in said
    built = translated.build("html", "-W", "-Dlanguage=de")
    assert "Verzeichnis der Abläufe" in built.text("penstock-flows.html")
    assert "begin (Einstiegspunkt von one)" in built.text("genindex.html")
    assert 'aria-label="Diagramm: The *first*"' in built.text("index.html")


def test_words_of_a_site(translated):
    """A site may translate our words into a language that we do not have, or otherwise than we do."""
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    plural = '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\nmsgid "%d step"\nmsgid_plural "%d steps"\n'
    dutch = (
        f'{head}{plural}msgstr[0] "%d stap"\nmsgstr[1] "%d stappen"\n\nmsgid "What it does"\nmsgstr "Wat hij doet"\n'
    )
    translated.write("locale/nl/LC_MESSAGES/penstock_sphinx.po", dutch)
    translated.write("locale/de/LC_MESSAGES/penstock_sphinx.po", f'{head}\nmsgid "What it does"\nmsgstr "Was er tut"\n')
    said = translated.build("text", "-W", "-Dlanguage=nl").text("index.txt")
    assert "Wat hij doet" in said
    assert "2 stappen" in said
    said = translated.build("text", "-W", "-Dlanguage=de").text("index.txt")
    assert "Was er tut" in said
    assert "2 Schritte" in said


def test_titles_and_summaries_in_a_table(translated):
    """What a table of flows says of the application is in the site's catalogs, and a translated title is still a link."""
    texts = translated.build("gettext", "-W").folder
    with (texts / "index.pot").open("rb") as opened:
        found = read_po(opened)
    wanted = {"The *first*": "Der *erste*", "What it is for.": "Wofür er da ist.", "Begin.": "Beginne."}
    assert wanted.keys() <= {message.id for message in found}
    for message in found:
        message.string = wanted.get(message.id, "")
    write_german(translated, found)
    page = translated.build("html", "-W", "-Dlanguage=de").page("index.html")
    assert ["#flow-one"] == [link.href for link in page.links if link.text == "Der *erste*"]
    assert "Wofür er da ist." in page.text
    assert 2 == page.text.count("Beginne.")  # of a step, and in the table of the flow that has no description


NOTES = """Begin [1]_, `there`_ [#]_ [#b]_ [Knuth]_ and `here`__.

    .. [1] First note.

    .. [#] Second note.

    .. [#b] Third note.

    .. [Knuth] Last note.

    .. _there: https://example.org/there

    __ https://example.org/here
    """
MARKDOWN_NOTES = """Begin [^1] [there](https://example.org/there).

    [^1]: First note.
    """


@pytest.mark.parametrize(
    ("style", "notes", "count"), [("auto", NOTES, 4), ("markdown", MARKDOWN_NOTES, 1)], ids=["rst", "markdown"]
)
def test_notes_and_links_in_docstrings(translated, style, notes, count):
    """What a translated docstring refers to is in that docstring, and is no name of the page."""
    translated.edit("conf.py", '["penstock_sphinx"]', '["myst_parser", "penstock_sphinx"]')
    translated.write("conf.py", f'{translated.text("conf.py")}penstock_docstring_style = "{style}"\n')
    translated.write("flows.py", FLOWS.partition('flow("two')[0].replace('Begin."""', f'{notes}"""'))
    translated.write("index.rst", "Index\n=====\n\nText [1]_\n\n.. [1] Of the page.\n\n.. penstock-flow:: one\n")
    texts = translated.build("gettext", "-W").text("index.pot")
    messages = catalog(translated.folder / "_build/gettext/index.pot")
    assert 5 + count == len(messages)  # no numbers and names of notes
    found = read_po(iter(texts.splitlines(keepends=True)))
    for message in found:
        message.string = message.id and message.id.replace("Begin", "Beginne").replace("note", "Anmerkung")
    write_german(translated, found)
    built = translated.build("html", "-W", "-Dlanguage=de")
    assert (0, "") == (built.code, built.complained)
    page = built.page("index.html")
    assert "Beginne" in page.text
    assert [] == page.dead()
    inside = [link for link in page.within("footnote-reference") if "penstock" in link.within]
    assert count == len({link.href for link in inside})
    assert "https://example.org/there" in [link.href for link in page.links]
    translated.build("gettext", "-W", "-E", "-Dlanguage=de")
    assert messages.keys() == catalog(translated.folder / "_build/gettext/index.pot").keys()
