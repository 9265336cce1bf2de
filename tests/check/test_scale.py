"""Ten times as much to check is at most eleven times the work; lines of Python are counted, not seconds."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from penstock import get_flow, manifest
from penstock._declare import registry
from penstock.callgraph import StepAt, read
from penstock.check import evidence
from penstock.check.diff import text
from penstock.check.diff.compare import compare
from penstock.check.evidence import Evidence, Fact, Seen
from penstock.check.findings.contracts import find_broken
from penstock.check.findings.finding import findings
from penstock.check.findings.reports import FORMATS
from penstock.check.verdict.judgement import judge
from penstock.config import load
from penstock.config.accepted import Contract, Ignore
from penstock.embed.overview import system_map
from penstock.embed.pages import page_names
from penstock.manifest import Manifest
from penstock.model import Edge, Flow, Step
from penstock.proof import prove
from work import count_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FEW, MANY = 20, 200
LIMIT = 11.0


def flows(number: int, *, steps: int = 3, state: str = "") -> tuple[Flow, ...]:
    """Return flows of some steps in a row, each started by what the one before it sends."""
    made = []
    for at in range(number):
        names = [f"s{step}" for step in range(steps)]
        first, *others = names
        rows = (
            Step(name=first, entrypoint=True, trigger=f"topic:{at}"),
            *(Step(name=name, effects=(f"topic:{at + 1}",)) for name in others),
        )
        edges = tuple(Edge(source=one, target=two, state=state) for one, two in zip(names, others, strict=False))
        made.append(Flow(name=f"flow {at}", title=f"Flow {at}", steps=rows, edges=edges))
    return tuple(made)


def seen(declared: tuple[Flow, ...]) -> Evidence:
    """Return evidence in which each step ran inside the first one of its flow."""
    facts = {
        Fact(flow.name, Seen(step.name), Seen(flow.steps[0].name)): 1 for flow in declared for step in flow.steps[1:]
    }
    return Evidence(facts, {}, {(flow.name, Seen(flow.steps[0].name)): 1 for flow in declared})


def assert_linear(work: Callable[[int], Callable[[], object]], few: int = FEW) -> None:
    """Fail if ten times as much is more than eleven times the work; ``work`` prepares what is counted."""
    count_lines(work(few))  # what is only done once does not count
    less, more = count_lines(work(few)), count_lines(work(10 * few))
    assert more <= LIMIT * less, f"{less:,} lines for {few}, {more:,} for {10 * few}: {more / less:.1f} times"


def judged(number: int, *, steps: int = 3) -> list[Any]:
    """Return the findings on flows whose runs agree with no arrow but the first."""
    declared = flows(number, steps=steps)
    runs = seen(declared)
    return [finding for flow in declared for finding in findings(judge(flow, runs))]


@pytest.mark.parametrize("steps", [3, 30])
def test_judging_is_linear(steps):
    """More flows with their evidence are judged in linear time."""
    assert_linear(lambda number: lambda: judged(number, steps=steps), 5)


def test_judging_one_flow():
    """More steps in one flow are judged in linear time."""
    assert_linear(lambda number: lambda: judged(1, steps=number))


def many_into_one(number: int) -> Flow:
    """Return a flow in which as many entrypoints lead to one step."""
    names = [f"e{at}" for at in range(number)]
    steps = (*(Step(name=name, entrypoint=True) for name in names), Step(name="end"))
    return Flow(name="entries", steps=steps, edges=tuple(Edge(source=name, target="end") for name in names))


def test_many_entrypoints():
    """A step that more entrypoints lead to is judged in linear time."""
    assert_linear(lambda number: lambda: list(findings(judge(many_into_one(number), Evidence()))))


def test_contracts_are_linear():
    """More flows are held against contracts in linear time, also where each leads to the next."""
    never = Contract(type="never-reaches", never=("flow 0", "nothing.here"))
    kinds = ("has-trigger", "has-docstrings", "all-confirmed")
    contracts = [never, *(Contract(type=kind) for kind in kinds)]
    assert_linear(lambda number: lambda: list(find_broken(contracts, flows(number))))


def test_ignores_are_linear(tmp_path):
    """More ignores for more findings are looked up in linear time."""
    source = "from penstock import flow\n"

    def prepare(number: int) -> Callable[[], object]:
        registry.forget()
        lines = [f"f = flow('f{at}')\n@f.step\ndef s{at}(): ...\n" for at in range(number)]
        load_program(tmp_path, source + "".join(lines))
        ignores = tuple(
            Ignore(flow=f"f{at}", edge=f"s{at}", reason="why", code="no-entrypoint") for at in range(number)
        )
        (tmp_path / "pyproject.toml").write_text(
            "[tool.penstock]\n" + "".join(f'# edge = "s{at}"\n' for at in range(number))
        )
        config = replace(load(tmp_path, {"check": "warn"}), project=tmp_path, ignore=ignores)
        return lambda: prove(config)

    (tmp_path / "pyproject.toml").write_text("[tool.penstock]\n")
    assert_linear(prepare)


@pytest.mark.parametrize("name", FORMATS)
def test_reports_are_linear(name):
    """More findings are reported in linear time."""

    def work(number: int) -> Callable[[], object]:
        found = judged(number)
        return lambda: FORMATS[name](found)

    assert_linear(work)


def test_manifests_are_linear():
    """More flows are written, read and merged in linear time."""

    def work(number: int) -> Callable[[], object]:
        made = Manifest(flows=flows(number))
        return lambda: manifest.merge([made, manifest.loads(manifest.dumps(made))]).names

    assert_linear(work)


def test_evidence_is_linear():
    """More evidence is written, read and merged in linear time."""

    def work(number: int) -> Callable[[], object]:
        runs = seen(flows(number))
        return lambda: evidence.merge([runs, evidence.loads(evidence.dumps(runs))])

    assert_linear(work)


@pytest.mark.parametrize("say", [text.text, text.as_json])
def test_differences_are_linear(say):
    """More flows that changed are compared in linear time."""
    assert_linear(
        lambda number: lambda: say(compare(Manifest(flows=flows(number)), Manifest(flows=flows(number, steps=4))))
    )


def test_overviews_are_linear():
    """More flows are drawn as one map, and get names for their pages, in linear time."""
    assert_linear(lambda number: lambda: (system_map(flows(number)), page_names(flows(number))))


@pytest.fixture(autouse=True)
def _program_goes() -> Iterator[None]:
    """Leave no program to other tests."""
    yield
    sys.modules.pop("program", None)


def load_program(folder: Path, source: str) -> None:
    """Import a program."""
    file = folder / "program.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location("program", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["program"] = module
    spec.loader.exec_module(module)


CALLING = "@{f}.entrypoint\ndef e{at}(x): return s{at}(x)\n@{f}.step(after='e{at}')\ndef s{at}(x): return x\n"
PROGRAMS = {
    "flows": lambda number: "".join(f"f = flow('f{at}')\n{CALLING.format(f='f', at=at)}" for at in range(number)),
    "steps of a flow": lambda number: "f = flow('f')\n" + "".join(CALLING.format(f="f", at=at) for at in range(number)),
    "a chain": lambda number: (
        "f = flow('f')\n@f.entrypoint\ndef s0(x): return s1(x)\n"
        + "".join(f"@f.step(after='s{at}')\ndef s{at + 1}(x): return s{at + 2}(x)\n" for at in range(number))
        + f"def s{number + 1}(x): ...\n"
    ),
    "callers": lambda number: (
        PROGRAMS["flows"](number) + "".join(f"def main{at}(x):\n    e{at}(x)\n    s{at}(x)\n" for at in range(number))
    ),
    "a helper of all": lambda number: (
        "def helper(g, x): return g(x)\n"
        + PROGRAMS["flows"](number).replace("return s", "return helper(s").replace("(x)\n@f.step", ", x)\n@f.step")
    ),
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_reading_is_linear(tmp_path, monkeypatch, program):
    """More code is read in linear time."""

    def work(number: int) -> Callable[[], object]:
        monkeypatch.delitem(sys.modules, "program", raising=False)
        registry.forget()
        load_program(tmp_path, f"from penstock import flow\n{program(number)}")
        steps = [StepAt(name, mark.step_name, mark.function) for mark in registry.marks() for name in mark.flows]
        arrows = {step.flow: {(edge.source, edge.target) for edge in get_flow(step.flow).edges} for step in steps}
        return lambda: read(steps, lambda name: name.startswith(str(tmp_path)), 600.0, arrows)

    assert_linear(work)


def test_a_hub_says_only_what_arrows_ask_for(tmp_path):
    """Of a function that calls many steps in a row, the order of two is kept only where an arrow declares it."""
    load_program(
        tmp_path,
        "from penstock import flow\nf = flow('f')\n@f.entrypoint\ndef hub():\n"
        + "".join(f"    s{at}()\n" for at in range(30))
        + "".join(f"@f.step(after={f's{at - 1}' if at else 'hub'!r})\ndef s{at}(): ...\n" for at in range(30)),
    )
    found = prove(load(tmp_path, {"check": "warn"})).manifest.flow("f")
    assert {"confirmed"} == {edge.state for edge in found.edges}
    assert 29 == sum(call.kind == "order" for call in found.calls)
