"""A run in a terminal."""

from __future__ import annotations

import re

import pytest

from penstock._util.display_text import columns
from penstock.trace.formats import text
from traced import SPANS, log_line, step_span, trace_lines

HOSTILE = "\x1b[31mred\x1b]0;title\x07\r\n::error::x\u202e<b>"


def test_timeline(tmp_path):
    """The timeline has times, durations, bars, log lines, channels, and what did not run."""
    lines = *SPANS[:3], SPANS[3].replace('"status": {}', '"status": {"code": 2, "message": "no mail"}'), *SPANS[4:]
    trace = trace_lines(tmp_path, *lines, log_line("order A-1 paid", 30, step="pay", amount=7), show=("amount",))
    expected = """\
Run 4bf92f3577b34da6a3ce929d0e0e4736
2026-11-18 11:06:40.000 UTC, 180 ms, 6 steps, 2 flows, 2 services, 1 log line, 6 spans
✗ confirm failed: no mail

orders
◆ receive    shop         +0 ms     100 ms  ━━━━━━━━
  ○ check    shop      +1.00 ms    9.00 ms  ━
  ○ pay      shop        +20 ms      40 ms   ━━━━
      +30 ms INFO order A-1 paid amount=7
  ✗ confirm  shop        +70 ms      20 ms       ━━
      ✗ failed: no mail
parcels
◆ collect    carrier    +120 ms      60 ms           ━━━━━
    → kafka:parcels from confirm
  ○ plan     carrier    +130 ms      40 ms            ━━━━

orders: did not run, as far as these files show: reject

read 7 lines of 1 file"""
    assert expected == text.render(trace)


def test_undeclared_way_is_said_twice(tmp_path):
    """The first way that no arrow declares is above the timeline, and below its step."""
    shown = text.render(trace_lines(tmp_path, SPANS[0], step_span("pay", 1, 2, "receive")))
    assert "\n✗ pay ran inside receive, and no arrow of orders says so\n" in shown
    assert "\n      ✗ not declared: ran inside receive (orders)\n" in shown


@pytest.mark.parametrize("width", [40, 80, 100])
def test_lines_fit_the_terminal(tmp_path, width):
    """No line is wider than the terminal, however long names and messages are."""
    spans = *SPANS, step_span("a_step_with_a_name_that_is_really_very_long", 1, 2, "check")
    trace = trace_lines(tmp_path, *spans, log_line("long message " * 20, 3, service="shop"))
    assert width >= max(map(columns, text.render(trace, width=width, colour=False).splitlines()))


def test_hostile_text_cannot_steer_the_terminal(tmp_path):
    """No control character of a name or a message reaches the terminal, and no line begins with a command."""
    line = log_line(HOSTILE, 3, step=HOSTILE, service=HOSTILE, level=HOSTILE, card=HOSTILE)
    shown = text.render(trace_lines(tmp_path, line, step_span(HOSTILE, 1, 2, error=HOSTILE), show=("card",)))
    assert all(char.isprintable() for char in shown.replace("\n", ""))
    assert not any(each.lstrip().startswith("::error::") for each in shown.splitlines())


def test_colours_change_no_text(tmp_path):
    """With colours, the visible text is the same."""
    trace = trace_lines(tmp_path, *SPANS)
    coloured = text.render(trace, colour=True)
    assert "\x1b[1;34m◆ receive\x1b[0m" in coloured
    assert text.render(trace) == re.sub(r"\x1b\[[\d;]*m", "", coloured)


def test_ascii_terminals(tmp_path):
    """A terminal that has only ASCII gets other signs."""
    shown = text.render(trace_lines(tmp_path, *SPANS), glyphs=text.ASCII)
    assert shown.isascii()
