"""The options of embeds: each is declared once, and every engine has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penstock.embed.options import EMBEDS, options_of
from penstock_mkdocs.embed_syntax.options import OptionError, read_options
from penstock_mkdocs.mystmd.protocol import specification
from penstock_sphinx.directives.channels import ChannelsDirective
from penstock_sphinx.directives.flow import FlowDirective
from penstock_sphinx.directives.option_spec import NOT_IN_SPHINX
from penstock_sphinx.directives.overview import FlowsDirective, MapDirective

DIRECTIVES = {
    "penstock-flow": FlowDirective,
    "penstock-flows": FlowsDirective,
    "penstock-map": MapDirective,
    "penstock-channels": ChannelsDirective,
}
OPTIONS = [(embed, option) for embed, kind in EMBEDS.items() for option in options_of(kind).values()]
IDS = [f"{embed}-{option.name}" for embed, option in OPTIONS]
REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "embedding.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("embed", "option"), OPTIONS, ids=IDS)
def test_default_reads_back(embed, option):
    """The default of an option, written on a page, is the default."""
    kind = EMBEDS[embed]
    lines = [(1, f"{option.name}: {option.default_text}")] if option.default_text else []
    assert kind() == read_options(lines, kind)


@pytest.mark.parametrize(("embed", "option"), OPTIONS, ids=IDS)
def test_help_is_a_sentence(embed, option):
    """The help of an option is a sentence, which the reference prints."""
    assert option.help[0].isupper()
    assert option.help.endswith(".")
    assert option.help in REFERENCE.partition(f"Markdown: the embed `{embed}`")[2]


@pytest.mark.parametrize(("embed", "option"), OPTIONS, ids=IDS)
def test_directive_of_sphinx_has_the_option(embed, option):
    """A directive of Sphinx has each option; what is on by default has a flag that turns it off."""
    name = f"no-{option.name}" if option.default is True else option.name
    assert (option.name not in NOT_IN_SPHINX) is (name in DIRECTIVES[embed].option_spec)


@pytest.mark.parametrize(("embed", "option"), OPTIONS, ids=IDS)
def test_directive_of_mystmd_has_the_option(embed, option):
    """A directive of mystmd has each option, with the same help; its anchor is called ``label``."""
    (directive,) = (each for each in specification()["directives"] if each["name"] == embed)
    written = directive["options"]["label" if option.name == "id" else option.name]
    assert (option.help, "boolean" if option.is_flag else "string") == (written["doc"], written["type"])


@pytest.mark.parametrize("embed", EMBEDS)
def test_reference_has_the_same_values_for_sphinx(embed):
    """The reference gives the options of a directive of Sphinx the values that they have in Markdown."""
    section = REFERENCE.partition(f"Sphinx: the directive `{embed}`")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| `:([\w-]+):` \| ([^|]*?) *\|", section, re.MULTILINE))
    options = {
        f"no-{option.name}" if option.default is True else option.name: "" if option.is_flag else option.type.words
        for option in options_of(EMBEDS[embed]).values()
    }
    assert {name: options[name] for name in listed if name in options} == {
        name: value for name, value in listed.items() if name in options
    }


WRONG = [
    ("direction", "up", "must be TB, LR, BT or RL"),
    ("format", "gif", "must be svg or mermaid"),
    ("service", ",", "must be one name or several"),
    ("tag", ",", "must be one name or several"),
    ("module", ",", "must be one name or several"),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG, ids=[name for name, *_ in WRONG])
def test_engines_refuse_the_same_values(name, value, message):
    """A value that Markdown refuses, Sphinx refuses with the same words."""
    with pytest.raises(OptionError, match=message):
        read_options([(1, f"{name}: {value}")], EMBEDS["penstock-map"])
    with pytest.raises(ValueError, match=message):
        MapDirective.option_spec[name](value)


RIGHT = [
    ("direction", "td", "TB"),
    ("format", "SVG", "svg"),
    ("service", "shop, depot", ("shop", "depot")),
    ("tag", "[sales, core]", ("sales", "core")),
    ("module", "shop.orders", ("shop.orders",)),
]


@pytest.mark.parametrize(("name", "value", "expected"), RIGHT, ids=[name for name, *_ in RIGHT])
def test_engines_read_the_same_values(name, value, expected):
    """A value means the same in Markdown and in Sphinx."""
    options = read_options([(1, f"{name}: {value}")], EMBEDS["penstock-map"])
    assert expected == getattr(options, name) == MapDirective.option_spec[name](value)
