"""Numbers on steps and arrows: in words, in every format, and only where they are asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from penstock.errors import UnknownNameError
from penstock.model import Edge, Flow, Numbers, NumbersOrigin, Step
from penstock.render import FORMATS, render
from penstock.render.excerpt import Part, shrink, take_part
from penstock.render.graphviz.layout_cache import digest
from penstock.render.numbers import (
    choose_width,
    describe_edge,
    describe_origin,
    describe_step,
    format_seconds,
    format_share,
    limit_numbers,
)
from penstock.render.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable

ORIGIN = NumbersOrigin(source="production", runs=412_310, first="2026-11-20", last="2026-11-27")
BARE = Flow(
    name="orders",
    title="Orders",
    steps=(Step(name="receive", entrypoint=True), Step(name="charge"), Step(name="refuse")),
    edges=(
        Edge(source="receive", target="charge", label="if valid"),
        Edge(source="receive", target="refuse"),
    ),
)
COUNTED = replace(
    BARE,
    steps=(
        replace(BARE.steps[0], numbers=Numbers(runs=412_310, errors=4_948, p50=0.012, p95=0.08)),
        replace(BARE.steps[1], numbers=Numbers(runs=260_002, errors=0, p50=2.25, p95=7.8)),
        BARE.steps[2],
    ),
    edges=(
        replace(BARE.edges[0], numbers=Numbers(runs=260_002, share=0.6306)),
        replace(BARE.edges[1], numbers=Numbers(runs=3)),
    ),
    numbers=ORIGIN,
)
TEXTS = [name for name, form in FORMATS.items() if not form.binary]


def draw(flow: Flow, form: str, numbers: str, details: bool = True) -> str:
    """Return a flow in a format, with the numbers that are asked for."""
    drawn = take_part(flow, Part(numbers=numbers))[0]
    return str(render(drawn, form, Options(details=details)))


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("details", [True, False])
def test_nothing_changes_unless_numbers_are_asked_for(form: str, details: bool) -> None:
    """A flow whose runs were counted is drawn as one that was never counted, byte by byte."""
    assert draw(BARE, form, "off", details) == draw(COUNTED, form, "off", details)


@pytest.mark.parametrize("form", ["mermaid", "dot", "svg", "text", "markdown", "quarto"])
@pytest.mark.parametrize("details", [True, False])
def test_every_format_shows_numbers(form: str, details: bool) -> None:
    """Counts, errors, durations and the share of a branch stand in each text and drawing."""
    shown = draw(COUNTED, form, "all", details).replace("#37;", "%")
    for words in ("412,310 runs", "1.2 % errors", "p50 12 ms · p95 80 ms", "260,002 · 63 %"):
        assert words in shown


@pytest.mark.parametrize("form", ["mermaid", "dot", "svg", "text", "markdown", "json"])
def test_counts_have_no_durations(form: str) -> None:
    """Who asks for counts gets no times."""
    shown = draw(COUNTED, form, "counts")
    assert "412" in shown
    assert "p50" not in shown


def test_the_file_for_programs_has_the_numbers() -> None:
    """The JSON format has them as numbers, with their origin."""
    shown = draw(COUNTED, "json", "all")
    assert '"share": 0.6306' in shown
    assert '"source": "production"' in shown


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("svg", r'data-to="s1".*?stroke-width="2.89".*?data-to="s2".*?stroke-width="1.1"'),
        ("dot", r"s0 -> s1 .*penwidth=2.89"),
        ("mermaid", r"linkStyle 0 stroke-width:2.89px"),
    ],
)
def test_a_branch_is_as_wide_as_its_share(form: str, pattern: str) -> None:
    """The line of an arrow whose share is known is from one to four pixels wide; others are as ever."""
    assert re.search(pattern, draw(COUNTED, form, "counts"), re.DOTALL)


@pytest.mark.parametrize(("share", "width"), [(0.0, 1.0), (0.5, 2.5), (1.0, 4.0), (None, None)])
def test_widths_are_bounded(share: float | None, width: float | None) -> None:
    """No run at all is one pixel, all runs are four; where nothing is known, there is no width."""
    assert width == choose_width(Edge(source="a", target="b", numbers=Numbers(runs=1, share=share)))


def test_boxes_have_room_for_numbers() -> None:
    """The stored layout of a drawing is not that of one without numbers, or with others."""
    drawings = [take_part(COUNTED, Part(numbers=amount))[0] for amount in ("off", "counts", "all")]
    digests = [digest(flow, Options(details=True), "engine", 1) for flow in drawings]
    assert 3 == len(set(digests))
    assert digest(BARE, Options(details=True), "engine", 1) == digests[0]


@pytest.mark.parametrize("change", [lambda flow: take_part(flow, Part(collapse="module"))[0], shrink])
def test_coarser_views_have_no_numbers_of_steps(change: Callable[[Flow], Flow]) -> None:
    """A box for several steps, and a small drawing, have none: durations cannot be added up."""
    flow = change(COUNTED)
    assert not any(step.numbers for step in flow.steps)
    assert not any(edge.numbers for edge in flow.edges)


def test_an_unknown_amount_is_an_error() -> None:
    """The message has the near names."""
    with pytest.raises(UnknownNameError, match=r"no amount of numbers 'count'\. Did you mean 'counts'\?"):
        take_part(COUNTED, Part(numbers="count"))


def test_numbers_without_an_origin_are_left_out_too() -> None:
    """A manifest of others may have numbers on its steps alone."""
    flow = replace(COUNTED, numbers=None)
    assert limit_numbers(BARE, "off") == limit_numbers(flow, "off")


@pytest.mark.parametrize(
    ("numbers", "lines"),
    [
        (None, ()),
        (Numbers(runs=0), ("0 runs",)),
        (Numbers(runs=1, errors=0), ("1 run",)),
        (Numbers(runs=10, errors=10), ("10 runs · 100 % errors",)),
        (Numbers(runs=0, errors=3), ("0 runs · 0 % errors",)),
        (Numbers(runs=1_000_000, errors=1), ("1,000,000 runs · < 0.1 % errors",)),
        (Numbers(runs=3, p50=0.0000004), ("3 runs", "p50 0.4 µs")),
    ],
)
def test_a_step_says_what_is_known(numbers: Numbers | None, lines: tuple[str, ...]) -> None:
    """What is not known takes no room; errors are only named if there are any."""
    assert lines == describe_step(Step(name="a", numbers=numbers))


@pytest.mark.parametrize(
    ("numbers", "text"), [(None, ""), (Numbers(runs=0, share=0.0), "0 · 0 %"), (Numbers(runs=1234), "1,234")]
)
def test_an_arrow_says_how_often_it_was_taken(numbers: Numbers | None, text: str) -> None:
    """A share stands behind the number, where it is known."""
    assert text == describe_edge(Edge(source="a", target="b", numbers=numbers))


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.0004, "< 0.1 %"),
        (0.012, "1.2 %"),
        (0.05, "5 %"),
        (0.6306, "63 %"),
        (0.9961, "99.6 %"),
        (0.99996, "> 99.9 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_not_rounded_to_nothing_or_all(share: float, text: str) -> None:
    """A branch that was hardly ever taken was taken, and one that was taken nearly always was not always."""
    assert text == format_share(share)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "0 µs"),
        (0.000_922, "922 µs"),
        (0.0035, "3.5 ms"),
        (0.012, "12 ms"),
        (2.25, "2.2 s"),
        (90, "1.5 min"),
    ],
)
def test_a_duration_has_the_unit_that_suits_it(seconds: float | None, text: str) -> None:
    """Durations have two or three digits."""
    assert text == format_seconds(seconds)


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (ORIGIN, "412,310 runs in production, 2026-11-20 to 2026-11-27"),
        (replace(ORIGIN, runs=1, last="2026-11-20"), "1 run in production, 2026-11-20"),
        (NumbersOrigin(source="production", runs=2), "2 runs in production"),
        (replace(ORIGIN, source="tests", runs=31), "31 runs of tests"),
        (NumbersOrigin(source="", runs=31), "31 recorded runs"),
    ],
)
def test_the_origin_is_in_words(origin: NumbersOrigin, text: str) -> None:
    """The words say where the runs were, and when those in production were."""
    assert text == describe_origin(origin)


def test_words_of_others_stay_in_their_place() -> None:
    """A day in a manifest of others cannot begin a line or a directive, wherever it is written."""
    hostile = "1\n%%{init: {}}%%\x1b[31m<script>|"
    flow = replace(COUNTED, numbers=replace(ORIGIN, first=hostile, last=""))
    for form in ("mermaid", "text", "markdown"):
        shown = draw(flow, form, "all")
        assert "\n%%{" not in shown
        assert "\x1b" not in shown
    assert "<script>" not in draw(flow, "markdown", "all").partition("```\n")[2]
