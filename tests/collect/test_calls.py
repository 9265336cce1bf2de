"""Collected flows can tell what the code says of their steps."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from penstock.collect import collect
from penstock.config import load

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


def test_calls(project):
    """Who asks gets the calls, with the project's own file names."""
    [flow] = collect(settings(project), calls=True).flows
    [call] = flow.calls
    assert ("start", "pay", "call", "shop/flows.py", 11) == (call.source, call.target, call.kind, call.file, call.line)


def test_not_asked_for(project):
    """Who does not ask gets none."""
    [flow] = collect(settings(project)).flows
    assert () == flow.calls


def test_without_before_with(project):
    """Flows that were collected without calls do not serve who asks for them."""
    project.settle()
    collect(settings(project))
    assert collect(settings(project), calls=True).flows[0].calls
    assert 2 == project.imports


def test_with_before_without(project):
    """Who does not ask for calls gets none, though somebody has asked before: what is kept decides nothing."""
    project.settle()
    both = [collect(settings(project), calls=calls) for calls in (True, False, True, False)]
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
    assert [("start", "pay")] == list(kinds(collect(settings(project), calls=True).flows[0]))
    project.write("shop/helper.py", "def go(order):\n    return order\n")
    assert [] == list(kinds(collect(settings(project), calls=True).flows[0]))


@pytest.mark.parametrize(("example", "modules"), [("parts", "parts.*"), ("shop", "shop.*"), ("shop", "online.*")])
def test_examples(tmp_path, example, modules):
    """Every arrow that the examples declare is one that their code knows."""
    shutil.copytree(EXAMPLES / example, tmp_path / example, ignore=shutil.ignore_patterns(".penstock"))
    made = collect(load(tmp_path / example, {"modules": [modules], "path": ["."]}), calls=True)
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
    [flow] = collect(load(tmp_path / "app", {"modules": ["flows"], "path": ["."]}), calls=True).flows
    unknown = [(edge.source, edge.target) for edge in flow.edges if (edge.source, edge.target) not in kinds(flow)]
    assert [] == unknown
