"""Numbers below a diagram, as texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.config import Config
from penstock.embed.language import Language
from penstock.embed.layouts import DrawRules
from penstock.embed.numbers import view_numbers
from penstock.embed.options import FlowOptions, MapOptions
from penstock.model import Edge, Flow, Numbers, NumbersOrigin, Step

COUNTED = Flow(
    name="orders",
    steps=(
        Step(name="receive\n", numbers=Numbers(runs=4123, errors=49, p50=0.0012, p95=0.08)),
        Step(name="check", numbers=Numbers(runs=0)),
        Step(name="other"),
    ),
    edges=(Edge(source="receive\n", target="check", label="if\nnew", numbers=Numbers(runs=0, share=0.0)),),
    numbers=NumbersOrigin(source="production", runs=4123, first="2026-11-20", last="2026-11-27"),
)


def translate(text: str) -> str:
    """Return a text in a language that writes numbers as German does, and marks the rest."""
    return "1.234,5" if text == "1,234.5" else f"<{text}>"


MARKED = Language(translate, lambda one, many, count: translate(one if count == 1 else many))


def test_what_was_counted_is_in_tables() -> None:
    """Steps and arrows have a table each, with the columns in which something is known."""
    view = view_numbers(COUNTED)
    assert view is not None
    assert "4,123 runs in production, 2026-11-20 to 2026-11-27" == view.origin
    steps, arrows = view.tables
    assert ("Step", "Runs", "Errors", "p50", "p95") == steps.heads
    assert [("receive", "4,123", "49 (1.2 %)", "1.2 ms", "80 ms"), ("check", "0", "–", "–", "–")] == [
        (row.name, *row.cells) for row in steps.rows
    ]
    assert ("Arrow", "Runs", "Share") == arrows.heads
    assert [("receive → check (if new)", "0", "0 %")] == [(row.name, *row.cells) for row in arrows.rows]


def test_without_numbers_there_is_no_view() -> None:
    """A flow whose runs were not counted has nothing below its diagram."""
    assert view_numbers(replace(COUNTED, numbers=None)) is None


def test_a_page_says_it_in_its_language() -> None:
    """Words are translated, and digits have the separators of the language; names stay as they are."""
    view = view_numbers(COUNTED, MARKED)
    assert view is not None
    assert "<4.123 runs in production>, <2026-11-20 to 2026-11-27>" == view.origin
    assert ("<Step>", "<Runs>", "<Errors>", "p50", "p95") == view.tables[0].heads
    assert ("4.123", "49 (1,2 %)", "1,2 ms", "80 ms") == view.tables[0].rows[0].cells


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (NumbersOrigin(source="tests", runs=1), "1 run of tests"),
        (NumbersOrigin(source="tests", runs=31), "31 runs of tests"),
        (NumbersOrigin(source="", runs=2), "2 recorded runs"),
        (
            NumbersOrigin(source="production", runs=2, first="2026-11-20", last="2026-11-20"),
            "2 runs in production, 2026-11-20",
        ),
    ],
)
def test_the_origin_is_in_words(origin: NumbersOrigin, text: str) -> None:
    """The words say which runs were counted."""
    view = view_numbers(replace(COUNTED, numbers=origin))
    assert view is not None
    assert text == view.origin


@pytest.mark.parametrize(
    ("setting", "option", "expected"), [("off", "", "off"), ("all", "", "all"), ("all", "off", "off")]
)
def test_an_option_wins_over_the_setting(tmp_path, setting: str, option: str, expected: str) -> None:
    """A page shows the numbers that its option names, else those of the setting."""
    rules = DrawRules.of(Config(project=tmp_path, numbers=setting))
    assert expected == rules.choose_look(FlowOptions(numbers=option)).part.numbers
    assert "off" == rules.small_look.part.numbers == rules.choose_look(MapOptions()).part.numbers
