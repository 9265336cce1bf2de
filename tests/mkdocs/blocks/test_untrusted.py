"""What a manifest of others brings into a page of Markdown: text and formatting, whatever it has in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

from hostile import MARKDOWN, RST, SECRET, evil_flow, evil_texts, faults

if TYPE_CHECKING:
    from pathlib import Path

ACTIVE_EXTENSIONS = (
    *("abbr", "admonition", "attr_list", "codehilite", "def_list", "footnotes", "md_in_html", "tables"),
    *("pymdownx.arithmatex", "pymdownx.blocks.html", "pymdownx.emoji", "pymdownx.snippets", "pymdownx.superfences"),
)


def execute(source: str, *_: object, **__: object) -> str:
    """Run a block of code, as some plugins let a site do."""
    exec(source)
    return "<p>ran</p>"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a file beside it that is none of the site's."""
    (tmp_path / "outside.txt").write_text(SECRET)
    inside = tmp_path / "site"
    inside.mkdir()
    monkeypatch.chdir(inside)
    return inside


@pytest.fixture
def shown(convert, folder):
    """Return a function that converts a page with a flow of others, and returns it and what was logged."""

    def show(flow, **settings):
        fences = [{"name": "run", "class": "run", "format": execute}]
        configs = {
            "pymdownx.superfences": {"custom_fences": fences},
            "pymdownx.snippets": {"restrict_base_path": False},
        }
        text = f"# T\n\n::: penstock-flow {flow.name}\n\nAt the end, own.\n\n*[own]: its own\n"
        settings = {"trust_manifests": False, **settings}
        page = convert(text, flow, extensions=ACTIVE_EXTENSIONS, configs=configs, **settings)
        return BeautifulSoup(page.html, "html.parser"), page.logged

    return show


@pytest.mark.parametrize("style", ["auto", "markdown"])
@pytest.mark.parametrize("table", [MARKDOWN, RST], ids=["markdown", "rst"])
def test_docstrings_only_format(shown, folder, style, table):
    """No construct acts, inserts a file, leads astray, or gives an element what a theme acts on."""
    page, _ = shown(evil_flow(table), docstring_style=style)
    blocks = page.select(".ps-step-body")
    found = dict(zip(table, ([*faults(block)] for block in blocks), strict=True))
    assert {} == {name: said for name, said in found.items() if said}
    assert [] == [*folder.parent.rglob("EXECUTED")]


@pytest.mark.parametrize("name", ["html", "snippet", "fence_custom", "template", "mkdocstrings", "attributes", "image"])
def test_what_does_not_format_is_text(shown, name):
    """A reader sees what stands in the docstring."""
    page, _ = shown(evil_flow({name: MARKDOWN[name]}))
    expected = {"fence_custom": "open('EXECUTED', 'w')", "image": "x"}.get(name, MARKDOWN[name].splitlines()[0])
    assert expected in page.select_one(".ps-step-body").get_text()


@pytest.mark.parametrize(
    ("name", "what"), [("link", "a link that does not lead to the web"), ("image_web", "a picture")]
)
def test_what_is_refused_is_told_once(shown, name, what):
    """A warning at the line of the embed names the manifest, what it is, and what to do."""
    _, logged = shown(evil_flow({name: f"{MARKDOWN[name]} {MARKDOWN[name]}"}))
    (line,) = logged
    expected = (
        f"<markdown>:3: flows.json: the docstring of step {name!r} of flow 'f' has {what}, which a manifest of others may not. "
        "It is shown as text. If the manifest is your own, set: trust_manifests: true"
    )
    assert expected == line.replace(line[len("<markdown>:3: ") : line.index("flows.json")], "", 1)


def test_what_formats_still_does(shown):
    """Lists, tables, code and links to the web are what they are in other docstrings."""
    text = "* a *list*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\n\n[web](https://example.org) [mail](mailto:a@b.c)"
    page, logged = shown(evil_flow({"step": text}))
    block = page.select_one(".ps-step-body")
    assert [] == logged
    assert ["li", "em", "td", "code"] == [name for name in ("li", "em", "td", "code") if block.find(name)]
    assert ["https://example.org", "mailto:a@b.c"] == [link["href"] for link in block.find_all("a")]


def test_the_page_keeps_its_own_words(shown):
    """An abbreviation of a docstring is none of the page's."""
    page, _ = shown(evil_flow({"abbreviation": MARKDOWN["abbreviation"]}))
    assert "its own" == page.find("abbr")["title"]


@pytest.mark.parametrize("text", [*MARKDOWN.values(), "{{ 7 * 191 }}", '"><script>window.PWNED=1</script>'])
def test_all_other_texts_are_text(shown, text):
    """Names, titles, labels, signatures and problems are text, too."""
    page, _ = shown(replace(evil_texts(text[:150]), name="f"))
    for ours in page.select(".penstock > style, svg style"):
        ours.decompose()
    assert [] == [fault for fault in faults(page) if not fault.startswith("link #")]


def test_what_is_trusted_has_the_extensions_of_the_page(shown):
    """With ``trust_manifests``, a manifest is one's own."""
    page, logged = shown(evil_flow({"footnote": "x\n\n![picture](https://example.org/x.png)"}), trust_manifests=True)
    assert ([], "https://example.org/x.png") == (logged, page.find("img")["src"])
