"""A run as an HTML page and as Markdown."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from penstock.trace.formats import html, markdown
from traced import FLOWS, SPANS, log_line, step_span, trace_lines

HOSTILE = "<script>alert(1)</script>\n\"'`|*_[x](javascript:1)\x1b[31m\u202e&lt;```"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A run that fails, and takes a way that no arrow declares, as a page."""
    spans = *SPANS[:3], step_span("confirm", 70, 90, "receive", error="ValueError: no mail")
    extra = step_span("reject", 30, 31, "pay"), log_line("paid", 30, step="pay", card="4111")
    return BeautifulSoup(
        html.render(trace_lines(tmp_path_factory.mktemp("run"), *spans, *extra), engine="graphviz-pure"), "html.parser"
    )


def test_page_loads_nothing(page):
    """The page is one file: it names nothing to load, and forbids it."""
    assert [] == page.find_all(["script", "link", "img", "iframe", "object"])
    assert page.find("meta", attrs={"http-equiv": True})["content"].startswith("default-src 'none'")
    assert [] == re.findall(r"url\(|@import", "".join(style.text for style in page.find_all("style")))


def test_page_begins_with_what_went_wrong(page):
    """Above all else are the error and the first way that no arrow declares, each with a link to its step."""
    faults = [
        fault.text
        for fault in page.find_all("p", class_="pt-fault", recursive=False)
        or page.body.find_all("p", class_="pt-fault")
    ]
    assert "✗ confirm failed: ValueError: no mail Go to it" == faults[0]
    assert "✗ reject ran inside pay, and no arrow of orders says so Go to it" == faults[1]
    assert page.find(id=page.find("p", class_="pt-fault").a["href"][1:]).summary.text.startswith("✗ confirm")


def test_waterfall_has_the_times(page):
    """Each step has a row with its times and a bar in its place, and its log lines below."""
    row = page.find(id="run-2")
    assert ["○ pay", "shop", "+20 ms", "40 ms"] == [
        cell.text for cell in row.summary.find_all("span", recursive=False)
    ][:4]
    assert "left:20.00%;width:40.00%" == row.find(class_="pt-bar")["style"]
    assert ["+30 msINFOpaid"] == [line.text for line in row.find_all("li")]


def test_diagram_shows_the_way(page):
    """The diagram has the flow with the undeclared arrow, and rules for the way and for what did not run."""
    arrows = [
        (arrow["data-from"], arrow["data-to"]) for arrow in page.select(".pt-way-0 .ps-edge[data-from^=s][data-to^=s]")
    ]
    assert {("s0", "s1"), ("s1", "s2"), ("s1", "s3"), ("s2", "s4"), ("s2", "s3")} == set(arrows)
    rules = page.style.text
    assert '.pt-way-0 .ps-svg .ps-edge[data-from="s1"][data-to="s2"] path { stroke: var(--ps-accent)' in rules
    assert ".pt-way-0 #ps0-s4 > rect" in rules
    assert "The run took check → pay, pay → confirm, receive → check." in page.select_one(".pt-way-0 svg")["aria-label"]


def test_no_field_travels_that_is_not_asked_for(page):
    """A field of a log record that is not named is not in the page."""
    assert "4111" not in str(page)


def hostile_run(folder):
    """Return a run whose texts all try to break out."""
    line = log_line(HOSTILE, 3, step="pay", service=HOSTILE, level=HOSTILE, card=HOSTILE)
    spans = (
        step_span(HOSTILE, 1, 2, flow=HOSTILE, service=HOSTILE, error=HOSTILE),
        step_span("pay", 1, 9, service=HOSTILE),
    )
    return trace_lines(folder, *spans, line, log_line(HOSTILE, 3, level="error"), show=("card",))


def test_hostile_texts_stay_texts(tmp_path):
    """No text of a log or a span becomes markup of the page."""
    page = BeautifulSoup(html.render(hostile_run(tmp_path), engine="graphviz-pure"), "html.parser")
    assert [] == page.find_all(["script", "img"])
    assert {"#run-0", "#run-1"} >= {link["href"] for link in page.find_all("a")}
    assert "\x1b" not in str(page)


def test_without_an_engine(tmp_path):
    """Where diagrams cannot be drawn, the page says why in their place, and has the rest."""
    page = html.render(trace_lines(tmp_path, *SPANS), engine="/nowhere/dot")
    assert "/nowhere/dot" in page
    assert 'id="run-5"' in page


def test_pages_are_reproducible(tmp_path):
    """The same run gives the same bytes."""
    first, second = (html.render(trace_lines(tmp_path, *SPANS, flows=FLOWS), engine="graphviz-pure") for _ in range(2))
    assert first == second


def test_markdown(tmp_path):
    """The Markdown page has what went wrong, the sequence, a table of the steps, their lines, and what did not run."""
    spans = *SPANS[:3], step_span("confirm", 70, 90, "receive", error="ValueError: no mail")
    text = markdown.render(trace_lines(tmp_path, *spans, log_line("paid", 30, step="pay")))
    assert "\n- ✗ confirm failed: ValueError: no mail\n" in text
    assert "\n```mermaid\nsequenceDiagram\n" in text
    assert "\n| &emsp;`pay` | orders | shop | +20 ms | 40 ms | |\n" in text
    assert "\n```text\npay:\n  +30 ms INFO paid\n```\n" in text
    assert "\n`orders`: did not run, as far as these files show: `reject`\n" in text


def test_hostile_texts_in_markdown(tmp_path):
    """No text of a log or a span ends its block, its cell or its line."""
    text = markdown.render(hostile_run(tmp_path))
    assert 4 == len(re.findall("^```", text, re.MULTILINE))
    assert "<script>" not in re.sub(r"^```text\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert {7} == {row.count("|") for row in text.splitlines() if row.startswith("|")}
    assert "\x1b" not in text
