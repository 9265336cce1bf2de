"""The gallery of the example site: every option of every embed is on it, and comes out."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from penstock.embed.options import EMBEDS, options_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("gallery", "gallery-overviews", "gallery-mermaid")
EXAMPLE = re.compile(r"^(?P<ticks>`{3,})(?!penstock-).*?^(?P=ticks)$", re.MULTILINE | re.DOTALL)
EMBED = re.compile(r"^ *(?:::: *|`{3,})(?P<kind>penstock-\w+).*\n(?P<options>(?: *[a-z_]+: .*\n)*)", re.MULTILINE)
ELSEWHERE = {("penstock-flows", "service"), ("penstock-map", "service"), ("penstock-channels", "service")}
"""What wants several services, which the example site does not have."""


def embeds(text: str) -> list[tuple[str, str]]:
    """Return each option of each embed in a page that is no example in a code block, with the embed's kind."""
    found = EMBED.finditer(EXAMPLE.sub("", text))
    return [(each["kind"], name) for each in found for name in re.findall(r"^ *(\w+):", each["options"], re.MULTILINE)]


def page(name: str) -> str:
    """Return the text of a page of the example site."""
    return (DOCS / "examples" / "site" / "docs" / f"{name}.md").read_text(encoding="utf-8")


def test_every_option_is_shown():
    """Each option of each embed is used in the gallery, where it can be."""
    declared = {(name, option) for name, kind in EMBEDS.items() for option in options_of(kind)}
    assert declared - ELSEWHERE == {shown for name in PAGES for shown in embeds(page(name))}


@pytest.mark.parametrize(("kind", "option"), sorted(ELSEWHERE))
def test_what_wants_several_services_is_shown_elsewhere(kind, option):
    """What the gallery cannot show is in the how-to on several services, which is executed."""
    text = (DOCS / "how-to" / "several-services.md").read_text(encoding="utf-8")
    markdown = "".join(re.findall(r"^```markdown\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert (kind, option) in embeds(markdown)


@pytest.fixture(scope="module")
def built(tmp_path_factory, run_tool) -> dict[str, BeautifulSoup]:
    """Return the pages of the gallery, built strictly."""
    folder = tmp_path_factory.mktemp("gallery") / "examples"
    shutil.copytree(DOCS / "examples", folder, ignore=shutil.ignore_patterns(".penstock", "__pycache__", "site/site"))
    done = run_tool("mkdocs", "build", "--strict", folder=folder / "site")
    assert 0 == done.returncode, done.stderr
    read = {name: (folder / "site" / "site" / f"{name}.html").read_text(encoding="utf-8") for name in PAGES}
    return {name: BeautifulSoup(html, "html.parser") for name, html in read.items()}


@pytest.mark.parametrize(
    ("name", "selector"),
    [("gallery", "#gallery-shipping"), ("gallery-overviews", "#gallery-table"), ("gallery-overviews", "#gallery-map")],
)
def test_an_embed_with_an_id_can_be_linked_to(built, name, selector):
    """An embed with an ``id`` can be linked to."""
    assert built[name].select_one(selector)


@pytest.mark.parametrize(
    ("name", "selector"), [("gallery-overviews", "table"), ("gallery", "svg"), ("gallery-mermaid", ".mermaid")]
)
def test_what_comes_out(built, name, selector):
    """The gallery shows tables, drawings, and the text for Mermaid's script."""
    assert built[name].select(f"article .penstock {selector}")


def test_nothing_is_wrong(built):
    """No embed of the gallery is a note about a mistake."""
    assert [] == [note.text for soup in built.values() for note in soup.select(".penstock-error")]


def test_only_the_page_about_it_asks_for_mermaid(built):
    """A theme that sees a diagram of Mermaid loads its script from the network, so the others have none."""
    assert [] == [name for name in PAGES[:2] if built[name].select(".mermaid")]
