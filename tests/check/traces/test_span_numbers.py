"""Numbers from traces are those that one gets by counting spans."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from otlp import request, span, told
from penstock.check.numbers import add_numbers
from penstock.model import Edge, Flow, Numbers, Step

if TYPE_CHECKING:
    from pathlib import Path

STEPS = {"take": "", "check": "take", "charge": "take", "refuse": "take", "ship": "charge"}
"""Each step with the one that it runs in; what is checked is charged or refused, one after the other."""

ARROWS = [("take", "check"), ("check", "charge"), ("check", "refuse"), ("charge", "ship")]


def make_trace(number: int) -> list[dict[str, Any]]:
    """Return the spans of a run; every fifth is refused, every third is not shipped, and every seventh charge fails."""
    names = ["take", "check", "refuse"] if number % 5 == 0 else ["take", "check", "charge"]
    names += ["ship"] if "charge" in names and number % 3 else []
    spans = []
    for place, name in enumerate(names):
        end = 900 if name in ("take", "charge") else 100 * place + 50
        begins = {"penstock_entrypoint": True} if name == "take" else {}
        made = span(name, 100 * place, end, STEPS[name], str(number), **begins)
        spans.append(made | ({"status": {"code": 2}} if name == "charge" and number % 7 == 0 else {}))
    return spans


def test_numbers_are_those_of_the_spans(tmp_path: Path) -> None:
    """Runs and errors of steps, runs and shares of arrows are exact."""
    traces = [make_trace(number) for number in range(1, 106)]
    runs = Counter(bytes.fromhex(made["spanId"]).strip(b"0\0").decode() for trace in traces for made in trace)
    flow = Flow(
        name="f",
        steps=tuple(Step(name=name, entrypoint=name == "take") for name in STEPS),
        edges=tuple(Edge(source=source, target=target) for source, target in ARROWS),
    )
    counted = add_numbers(flow, told(tmp_path / "spans.jsonl", *(request(*trace) for trace in traces)), "auto")
    assert runs == {step.name: step.numbers.runs for step in counted.steps if step.numbers}
    assert {"charge": 12} == {step.name: step.numbers.errors for step in counted.steps if step.numbers.errors}
    expected = [Numbers(runs=runs[target], share=runs[target] / runs[source]) for source, target in ARROWS]
    assert expected == [edge.numbers for edge in counted.edges]
