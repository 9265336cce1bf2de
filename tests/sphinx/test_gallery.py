"""The gallery of the documentation shows what it says: every option of every Sphinx directive."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penstock.embed.options import DIRECTIONS
from penstock_sphinx.directives.channels import ChannelsDirective
from penstock_sphinx.directives.flow import FlowDirective
from penstock_sphinx.directives.overview import FlowsDirective, MapDirective

DOCS = Path(__file__).parents[2] / "docs"
GALLERY = "".join((DOCS / "reference" / f"{name}.md").read_text("utf-8") for name in ("gallery", "gallery-overviews"))
DIRECTIVES = {
    "penstock-flow": FlowDirective,
    "penstock-flows": FlowsDirective,
    "penstock-map": MapDirective,
    "penstock-channels": ChannelsDirective,
}
SHOWN = re.compile(r"^````markdown\n(.*?)^````\n", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"^```\{(penstock-[a-z]+)\}[^\n]*\n.*?^```\n", re.MULTILINE | re.DOTALL)
EXAMPLES = [(found[1], found[0]) for found in RUN.finditer(SHOWN.sub("", GALLERY))]
ELSEWHERE = {"service": "how-to/several-services.md"}
"""What needs another site than this documentation, with the page that has it."""


def options(directive: str, text: str) -> set[tuple[str, str]]:
    """Return the options that a directive is given in a text, each with its value."""
    bodies = (body for name, body in EXAMPLES if name == directive) if text is GALLERY else [text]
    return {pair for body in bodies for pair in re.findall(r"^ *:([\w-]+): *(.*)$", body, re.MULTILINE)}


def test_what_is_shown_is_what_runs() -> None:
    """Each example stands there twice: as text, and as itself right below."""
    assert SHOWN.findall(GALLERY) == [body for _, body in EXAMPLES]


@pytest.mark.parametrize(
    ("directive", "option"), [(name, option) for name, each in DIRECTIVES.items() for option in each.option_spec]
)
def test_every_option_has_an_example(directive: str, option: str) -> None:
    """Each option of each directive is given to one that runs."""
    page = ELSEWHERE.get(option)
    text = (DOCS / page).read_text("utf-8") if page else GALLERY
    assert option in {name for name, _ in options(directive, text)}


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("direction", sorted(set(DIRECTIONS.values()))),
        ("align", ["center", "left", "right"]),
        ("format", ["mermaid"]),
    ],
)
def test_every_choice_has_an_example(option: str, values: list[str]) -> None:
    """Where an option is a choice, each of its values can be seen, besides what is the default."""
    assert values == sorted({value for name, value in options("penstock-flow", GALLERY) if name == option})


def test_reference_lists_the_options_of_the_map() -> None:
    """The reference lists the options of the system map, no more and no fewer."""
    page = (DOCS / "reference" / "directives.md").read_text("utf-8")
    section = page.partition("directive `penstock-map`")[2].partition("\n## ")[0]
    assert sorted(MapDirective.option_spec) == sorted(re.findall(r"`:([\w-]+):`", section))
