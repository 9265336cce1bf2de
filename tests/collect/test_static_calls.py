"""Collected flows can tell what the code says of their steps."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from penstock.collect import collect, parent
from penstock.collect.plan import CollectPlan
from penstock.config import load

BREAKS_READING = """
import os, signal, sys, time

class Breaking:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("penstock.callgraph"):
            END

sys.meta_path.insert(0, Breaking())
"""
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def settings(project, **more):
    """Return the settings of a project."""
    return load(project.folder, {"modules": ["shop.flows"], "path": ["."], **more})


def kinds(flow) -> dict[tuple[str, str], list[str]]:
    """Return in which ways each step leads to which."""
    found: dict[tuple[str, str], list[str]] = {}
    for call in flow.calls:
        found.setdefault((call.source, call.target), []).append(call.kind)
    return found


def test_calls_have_the_names_of_the_project(project):
    """Who asks gets the calls, with the project's own file names."""
    [flow] = collect(CollectPlan.of(settings(project), calls=True)).flows
    [call] = flow.calls
    assert ("start", "pay", "call", "shop/flows.py", 11) == (call.source, call.target, call.kind, call.file, call.line)


def test_not_asked_for(project):
    """Who does not ask gets none."""
    [flow] = collect(CollectPlan.of(settings(project))).flows
    assert () == flow.calls


def test_without_before_with(project):
    """Flows that were collected without calls do not serve who asks for them."""
    project.settle()
    collect(CollectPlan.of(settings(project)))
    assert collect(CollectPlan.of(settings(project), calls=True)).flows[0].calls
    assert 2 == project.imports


def test_with_before_without(project):
    """Who does not ask for calls gets none, though somebody has asked before: what is kept decides nothing."""
    project.settle()
    both = [collect(CollectPlan.of(settings(project), calls=calls)) for calls in (True, False, True, False)]
    assert [True, False, True, False] == [bool(made.flows[0].calls) for made in both]
    assert 2 == project.imports


def test_edited_helper(project):
    """A helper that no longer calls is seen."""
    project.write("shop/helper.py", "def go(order):\n    from shop.flows import pay\n    return pay(order)\n")
    flows = project.folder / "shop" / "flows.py"
    flows.write_text(
        "import shop.helper\n" + flows.read_text().replace("return pay(order)", "return shop.helper.go(order)")
    )
    project.settle()
    assert [("start", "pay")] == list(kinds(collect(CollectPlan.of(settings(project), calls=True)).flows[0]))
    project.write("shop/helper.py", "def go(order):\n    return order\n")
    assert [] == list(kinds(collect(CollectPlan.of(settings(project), calls=True)).flows[0]))


@pytest.mark.parametrize(("example", "modules"), [("parts", "parts.*"), ("shop", "shop.*"), ("shop", "online.*")])
def test_the_code_of_the_examples_knows_their_edges(tmp_path, example, modules):
    """Every arrow that the examples declare is one that their code knows."""
    shutil.copytree(EXAMPLES / example, tmp_path / example, ignore=shutil.ignore_patterns(".penstock"))
    made = collect(CollectPlan.of(load(tmp_path / example, {"modules": [modules], "path": ["."]}), calls=True))
    unknown = [
        (flow.name, edge.source, edge.target)
        for flow in made.flows
        for edge in flow.edges
        if (edge.source, edge.target) not in kinds(flow)
    ]
    assert [] == unknown
    assert [] == [blind for flow in made.flows for blind in flow.blind]


def test_declared_from_outside(tmp_path):
    """The code of an installed package is read where its functions are steps."""
    shutil.copytree(EXAMPLES / "mkdocs_build", tmp_path / "app", ignore=shutil.ignore_patterns(".penstock"))
    pytest.importorskip("mkdocs")
    [flow] = collect(CollectPlan.of(load(tmp_path / "app", {"modules": ["flows"], "path": ["."]}), calls=True)).flows
    unknown = [(edge.source, edge.target) for edge in flow.edges if (edge.source, edge.target) not in kinds(flow)]
    assert [] == unknown


def test_reading_is_limited_apart_from_the_import(project):
    """What takes too long to read is told as such, with the setting that cures it; the flows are there without calls."""
    made = collect(CollectPlan.of(settings(project, reading_timeout=1e-9), calls=True))
    [problem] = made.problems
    expected = (
        "the code of 1 of 1 flows (buy) was not read: it takes longer than 1e-09 s. "
        "Their edges are not checked; increase `reading_timeout`."
    )
    assert ("unread", "shop/flows.py", expected) == (problem.code, problem.file, problem.message)
    assert [("start", "pay")] == [(edge.source, edge.target) for edge in made.flows[0].edges]
    assert () == made.flows[0].calls


def test_what_was_not_read_is_not_kept(project):
    """What was not read in time is kept for no other process, which may have more time."""
    project.settle()
    collect(CollectPlan.of(settings(project, reading_timeout=1e-9), calls=True))
    assert [] == [*project.folder.glob(".penstock/cache/*")]
    collect(CollectPlan.of(settings(project)))
    assert 1 == len([*project.folder.glob(".penstock/cache/*")])


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "Python was killed by SIGKILL (Killed)."),
        ("time.sleep(60)", "it takes longer than 0.2 s."),
    ],
)
def test_an_end_while_code_is_read_costs_only_the_proof(project, monkeypatch, end, said):
    """If Python dies, or hangs, while it reads the code, the flows are there, and a problem says what happened."""
    monkeypatch.setattr(parent, "_READING_GRACE", 0.1)
    project.write("shop/broken.py", BREAKS_READING.replace("END", end))
    made = collect(
        CollectPlan.of(
            load(project.folder, {"modules": ["shop.broken", "shop.flows"], "path": ["."], "reading_timeout": 0.2}),
            calls=True,
        )
    )
    assert ["buy"] == [flow.name for flow in made.flows]
    assert [True] == [f"was not read: {said}" in problem.message for problem in made.problems]
