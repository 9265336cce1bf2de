"""Runs as sequences, as Mermaid itself draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from penstock.model import Edge, Flow, Step
from penstock.trace.formats import sequence
from traced import SPANS, step_span, trace_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READ = """() => [
    [...document.querySelectorAll("text.messageText")].map((text) => text.textContent),
    [...document.querySelectorAll("text.actor")].map((text) => text.textContent),
    [...document.querySelectorAll("text:not(.actor):not(.messageText)")].map((text) => text.textContent),
    document.body.querySelectorAll("script, img, iframe, a[href]").length,
]"""


def test_mermaid_draws_a_run(draw: Callable[..., Any], tmp_path: Path) -> None:
    """Mermaid draws the lifelines, the calls, the branch that was taken, and the one that was not."""
    messages, lifelines, notes, _ = draw(sequence.render(trace_lines(tmp_path, *SPANS)), READ)
    assert "pay (40 ms)" in messages
    assert "kafka:parcels → collect (60 ms)" in messages
    assert {"shop", "carrier"} == set(lifelines)
    assert {"alt", "[if valid]", "[else]", "reject did not run, as far as the files show"} == set(notes)


@pytest.mark.parametrize(
    "text",
    [
        "end",
        "alt",
        "a; b",
        "#35;",
        '<script>alert(1)</script> <img src="x">',
        "Note over p0: x",
        "%%{init: {}}%%",
        "$$x$$",
        "line\nparticipant x",
        "\x1b[31m",
        "`*_~|\\",
        "x:+wrap:y",
        "participant",
        "日本語 🎉",
        "loop [x]",
        "a->>b: c",
        "__proto__",
    ],
)
def test_no_text_steers_mermaid(draw: Callable[..., Any], tmp_path: Path, text: str) -> None:
    """A name, a label, a service or an error of any kind is drawn, and does nothing else."""
    flow = Flow(
        name="f",
        steps=(Step(name="go", entrypoint=True, effects=(f"kafka:{text}",)), Step(name=text), Step(name="no")),
        edges=(Edge(source="go", target=text, label=text), Edge(source="go", target="no", label=text * 2)),
    )
    spans = (
        step_span("go", 0, 9, flow="f", service=text, penstock_entrypoint=True),
        step_span(text, 1, 2, "go", flow="f", service="other", error=text),
    )
    messages, lifelines, _, harmful = draw(sequence.render(trace_lines(tmp_path, *spans, flows=(flow,))), READ)
    assert (2, 0) == (len(messages), harmful)
    assert {"other"} < set(lifelines)
