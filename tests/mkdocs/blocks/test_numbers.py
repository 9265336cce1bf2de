"""How often steps and arrows ran, on Markdown pages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

from penstock.model import Numbers, NumbersOrigin

if TYPE_CHECKING:
    from penstock.model import Flow

HOSTILE = '</td><script>alert("1")</script>|\n\x1b[31m'


@pytest.fixture
def counted(orders) -> Flow:
    """Return a flow whose runs were counted."""
    steps = [replace(step, numbers=Numbers(runs=4123, errors=49, p50=0.012, p95=0.08)) for step in orders.steps]
    edges = [replace(edge, numbers=Numbers(runs=2061, share=0.5)) for edge in orders.edges]
    origin = NumbersOrigin(source="production", runs=4123, first="2026-11-20", last="2026-11-27")
    return replace(orders, steps=tuple(steps), edges=tuple(edges), numbers=origin)


@pytest.mark.parametrize("options", ["", "    proof: false\n", "    paths: true\n", "    format: mermaid\n"])
def test_a_page_without_numbers_stays_as_it_is(convert, orders, counted, options):
    """Unless numbers are asked for, a page of a counted flow is that of one that was never counted, byte by byte."""
    text = f"::: penstock-flow orders\n{options}\n::: penstock-flows\n\n::: penstock-map\n"
    assert convert(text, orders).html == convert(text, counted).html


@pytest.mark.parametrize(("option", "setting"), [("    numbers: all\n", "off"), ("", "all")])
def test_a_page_shows_numbers(convert, counted, option, setting):
    """The drawing has them, and below it stand where they come from, a table of steps, and one of arrows."""
    page = BeautifulSoup(convert(f"::: penstock-flow orders\n{option}", counted, numbers=setting).html, "html.parser")
    assert "4,123 runs · 1.2 % errors" == page.select_one(".ps-svg .ps-figures").get_text()
    assert "4,123 runs in production, 2026-11-20 to 2026-11-27" == page.select_one("p.ps-origin").get_text()
    steps, arrows = page.select("table.ps-numbers")
    assert ["receive", "4,123", "49 (1.2 %)", "12 ms", "80 ms"] == [cell.get_text() for cell in steps.select("td")[:5]]
    assert ["check → thank (if valid)", "2,061", "50 %"] == [cell.get_text() for cell in arrows.select("td")[3:6]]


def test_counts_have_no_durations(convert, counted):
    """Who asks for counts gets no times."""
    page = convert("::: penstock-flow orders\n    numbers: counts\n", counted).html
    assert "4,123 runs" in page
    assert "p50" not in page


def test_a_wrong_amount_is_reported(convert, counted):
    """The message says what there is."""
    page = convert("::: penstock-flow orders\n    numbers: some\n", counted)
    assert "the option 'numbers' must be off, counts or all, not 'some'" in page.html


def test_names_of_others_stay_in_their_cells(convert, orders, counted):
    """Markup and control characters in names, labels and days are text."""
    step = replace(counted.steps[0], name=HOSTILE)
    edge = replace(counted.edges[0], source=HOSTILE, label=HOSTILE)
    origin = replace(counted.numbers, first=HOSTILE)
    hostile = replace(counted, steps=(step, *counted.steps[1:]), edges=(edge, *counted.edges[1:]), numbers=origin)
    html = convert("::: penstock-flow orders\n    numbers: all\n    steps: false\n", hostile).html
    assert "<script>" not in html
    assert "\x1b" not in html
    assert 2 == len(BeautifulSoup(html, "html.parser").select("table.ps-numbers"))
