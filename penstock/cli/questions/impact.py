"""``penstock impact STEP``: what a change of a step may affect, over edges and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock._util.atomic_files import is_file
from penstock.check.evidence import Evidence, load
from penstock.check.questions.impact import draw_impact, find_impact
from penstock.check.questions.step_tests import find_tests
from penstock.cli.common_options import read_config
from penstock.cli.questions.answers import add_question, join_words, open_application, print_json, print_mermaid
from penstock.cli.terminal import CLEAN, apply_style, pluralize, table
from penstock.config import evidence_file
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from penstock.check.questions.application import Application, Node
    from penstock.check.questions.impact import AffectedStep, Impact


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_question(commands, "impact", run, "list what a change of a step may affect")
    parser.add_argument("step", metavar="STEP", help="the step's name, FLOW.STEP, or SERVICE/FLOW.STEP")


def run(parsed: argparse.Namespace) -> int:
    """Print the answer."""
    application = open_application(parsed)
    impact = find_impact(application, application.find_steps(parsed.step))
    tests = _find_tests(parsed, application, impact)
    if parsed.format == "json":
        print_json({"version": 1, **_describe(application, impact, tests)})
    elif parsed.format == "mermaid":
        print_mermaid(draw_impact(application, impact, parsed.step))
    else:
        _print_impact(application, impact, tests)
    return CLEAN


def _find_tests(parsed: argparse.Namespace, application: Application, impact: Impact) -> dict[Node, frozenset[str]]:
    """Return the tests that run each step, as far as there is evidence that names them."""
    file = evidence_file(read_config(parsed))
    evidence = load(file) if is_file(file) else Evidence()
    nodes = (step.node for step in impact.steps)
    return {node: find_tests(evidence, application.by_name[node.flow].name, node.step) for node in nodes}


def _describe(application: Application, impact: Impact, tests: Mapping[Node, frozenset[str]]) -> dict[str, object]:
    return {
        "steps": [_describe_step(application, step, tests[step.node]) for step in impact.steps],
        "resources": list(impact.resources),
        "flows": list(impact.flows),
        "tests": sorted(frozenset().union(*tests.values())),
    }


def _describe_step(application: Application, affected: AffectedStep, tests: frozenset[str]) -> dict[str, object]:
    flow, step = application.by_name[affected.node.flow], application.step(affected.node)
    return {
        "flow": flow.name,
        "service": flow.service,
        "step": step.name,
        "from": str(affected.source) if affected.source else "",
        "channel": affected.channel,
        "writes": [use.resource for use in affected.uses if use.verb == "writes"],
        "reads": [use.resource for use in affected.uses if use.verb == "reads"],
        "file": step.file,
        "line": step.line,
        "tests": sorted(tests),
    }


def _print_impact(application: Application, impact: Impact, tests: Mapping[Node, frozenset[str]]) -> None:
    changed = [step for step in impact.steps if step.source is None]
    after = [step for step in impact.steps if step.source is not None]
    print(apply_style(join_words([str(step.node) for step in changed], ""), "1"))
    counts = f"{pluralize(len(after), 'step')} after it, in {pluralize(len(impact.flows), 'flow')}"
    print(f"{counts}; these steps write: {join_words(impact.resources, 'nothing')}")
    if number := len(frozenset().union(*tests.values())):
        names = " ".join(sorted(str(node) for node in tests if tests[node]))
        print(f"{pluralize(number, 'test')} for these steps: pytest $(penstock tests {escape_line(names)})")
    if after:
        print()
        for line in table([_row(application, step) for step in after]):
            print(line)


def _row(application: Application, affected: AffectedStep) -> tuple[str, ...]:
    way = f"after {affected.source}" if not affected.channel else f"through {affected.channel}, from {affected.source}"
    return escape_line(str(affected.node)), escape_line(way), escape_line(application.step(affected.node).where)
